"""Flicker is what depth changes where only the camera moves, and a zoom does not hide it."""

import pytest
import torch

from sam3d_geometry.clips.ego_motion import Match, Motion
from sam3d_geometry.clips.flicker import frame_flicker
from sam3d_geometry.clips.flow import pixel_positions

SIZE = (40, 60)


def lens(focal):
    return torch.tensor([[focal, 0, 0.5], [0, focal * SIZE[1] / SIZE[0], 0.5], [0, 0, 1]])


@pytest.mark.parametrize("zoom", [1.0, 1.3], ids=["fixed lens", "zoom"])
def test_a_jump_of_scale_is_seen_from_centre_to_edge(zoom):
    """A wall before a camera at rest, whose far parts jump by a tenth; what shows is where a lens `zoom` times as long sees it."""
    positions = pixel_positions(*SIZE)
    centre = torch.tensor([SIZE[1] - 1, SIZE[0] - 1]) / 2
    flow = (positions - centre) / zoom - (positions - centre)
    outer = (positions - centre).abs().amax(-1) > 10
    depth = torch.where(outer, 2.2, 2.0)
    found = Match(flow, torch.ones(SIZE, dtype=torch.bool))
    measured = frame_flicker(depth, torch.full(SIZE, 2.0), lens(0.8 * zoom), found, Motion.none(), lens(0.8))
    assert measured == pytest.approx(outer.float().mean().item() * 0.2 / 2.2, rel=0.02)
