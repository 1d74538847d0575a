"""A view: its depth in the world's unit, and what does not go together is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import closed_form
import pytest
import torch

from sam3d_geometry.views.view import View

SIZE = (24, 32)


@pytest.fixture
def wall() -> View:
    depth, _ = closed_form.plane(*SIZE, 0.0, distance=2.0)
    pointmap = closed_form.pointmap(depth)
    return View("wall.jpg", torch.zeros(*SIZE, 3), pointmap, None, pointmap.intrinsics[0].double())


def test_depth_is_scaled_and_bent_from_corner_to_corner(wall):
    torch.testing.assert_close(replace(wall, log_scale=math.log(3.0)).depth, torch.full(SIZE, 6.0, dtype=torch.float64))
    bend = torch.zeros(4, 5, dtype=torch.float64)
    bend[0, 0] = math.log(2.0)
    bent = replace(wall, bend=bend).depth
    assert bent[0, 0] == pytest.approx(4.0, rel=1e-6)
    assert bent[-1, -1] == pytest.approx(2.0, rel=1e-6)


def test_pixels_without_geometry_stay_0(wall):
    holed = replace(wall, pointmap=wall.pointmap.masked(torch.arange(SIZE[1]).ge(5).expand(1, *SIZE)), log_scale=1.0)
    assert (holed.depth[:, :5] == 0).all()
    assert (holed.depth[:, 5:] > 0).all()


def test_a_pose_goes_with_a_placed_view_only(wall):
    with pytest.raises(ValueError, match=r"wall\.jpg is placed; a pose"):
        replace(wall, state="placed")
    with pytest.raises(ValueError, match=r"wall\.jpg is not placed"):
        replace(wall, world_from_camera=torch.eye(4, dtype=torch.float64))


def test_a_mask_of_another_size_is_refused(wall):
    with pytest.raises(ValueError, match=r"mask of \(3, 4\)"):
        replace(wall, mask=torch.ones(3, 4, dtype=torch.bool))
