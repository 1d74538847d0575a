"""Cameras that look at a place: it is in the middle, up is up, and straight down is no exception."""

import pytest
import torch

from sam3d_geometry.views.camera_poses import looking_at, turned_about


@pytest.mark.parametrize("position", [(1.0, -2.0, -3.0), (0.0, -4.0, 0.0), (0.0, 4.0, 0.0), (-2.0, 0.0, 5.0)])
def test_the_target_is_straight_ahead(position):
    target = torch.tensor([0.0, 0.0, 0.0])
    pose = looking_at(torch.tensor(position), target)
    seen = torch.linalg.inv(pose)[:3, :3] @ (target.double() - pose[:3, 3])
    torch.testing.assert_close(seen[:2], torch.zeros(2, dtype=torch.float64), atol=1e-9, rtol=0)
    assert seen[2] > 0
    assert torch.linalg.det(pose[:3, :3]) == pytest.approx(1.0)
    assert float(pose[1, 0]) == pytest.approx(0.0, abs=1e-9)  # no roll: its right is level


def test_a_camera_on_its_target_is_refused():
    with pytest.raises(ValueError, match="cannot look at the place where it stands"):
        looking_at(torch.ones(3), torch.ones(3))


def test_a_turn_keeps_its_axis():
    axis = torch.tensor([1.0, 2.0, -0.5], dtype=torch.float64)
    turn = turned_about(axis, 40.0)
    torch.testing.assert_close(turn @ axis, axis)
    assert torch.rad2deg(torch.acos((turn.trace() - 1) / 2)) == pytest.approx(40.0)
