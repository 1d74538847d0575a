"""Up in the world of views: by cameras held level about a thing, whatever the first one's tilt."""

from dataclasses import replace

import pytest
import torch
from round_views import ball_views

from sam3d_geometry.views.posed import Group, PosedViews
from sam3d_geometry.views.upright import BY_CAMERAS, BY_RING, up_of, upright


def tilted(views, turn):
    move = torch.eye(4, dtype=torch.float64)
    move[:3, :3] = turn
    return [replace(view, world_from_camera=move @ view.world_from_camera) for view in views]


@pytest.fixture
def turn():
    generator = torch.Generator().manual_seed(5)
    q, _ = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64))
    return q * torch.linalg.det(q)


def test_a_tilted_ring_is_set_upright_and_nothing_moves_in_it(turn):
    views = tilted(ball_views(5), turn)
    found = up_of(views)
    assert found.found == BY_RING
    torch.testing.assert_close(
        found.direction, turn @ torch.tensor([0.0, -1, 0], dtype=torch.float64), atol=1e-6, rtol=0
    )
    group = replace(Group.without_points((0, 1, 2, 3, 4)), points=torch.randn(4, 3).double().numpy())
    posed = upright(PosedViews(tuple(views), (group,)))
    assert BY_RING in posed.source
    for before, after in zip(views, posed.views):
        assert float(after.world_from_camera[1, 0]) == pytest.approx(0, abs=1e-6)  # its right is level
        old, new = (
            torch.linalg.inv(v[0].world_from_camera) @ v[1].world_from_camera
            for v in ((views[0], before), (posed.views[0], after))
        )
        torch.testing.assert_close(old, new)
    assert posed.groups[0].points[:, 1].std() > 0


def test_two_cameras_are_taken_as_they_were_held(turn):
    views = tilted(ball_views(6)[:2], turn)
    found = up_of(views)
    assert found.found == BY_CAMERAS
    assert float(found.direction @ (turn @ torch.tensor([0.0, -1, 0], dtype=torch.float64))) > 0.99


def test_views_without_a_place_are_refused():
    with pytest.raises(ValueError, match="None of the views is placed"):
        up_of([])
