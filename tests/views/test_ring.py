"""A guessed ring: equal steps about the object, marked as guessed; on a ball it is nearly the truth."""

from dataclasses import replace

import pytest
import torch
from round_views import DISTANCE, ball_views

from sam3d_geometry.geometry.turns import degrees_between
from sam3d_geometry.views.ring import GUESSED_STEPS, guessed_ring


def test_the_ring_of_a_ball_is_where_its_cameras_were():
    truth = [view.world_from_camera for view in ball_views(6)]
    posed = guessed_ring(ball_views(6), -360.0)
    centres = torch.stack([view.world_from_camera[:3, 3] for view in posed.views])
    middle = centres.mean(0)
    torch.testing.assert_close(
        (centres - middle).norm(dim=1), torch.full((6,), DISTANCE, dtype=torch.float64), rtol=0.03, atol=0
    )
    for view, pose in zip(posed.views, truth):
        own = truth[0][:3, :3].T @ pose[:3, :3]
        assert degrees_between(view.world_from_camera[:3, :3].numpy(), own.numpy()) < 0.01
    assert {(view.state, view.reason) for view in posed.views} == {("guessed", GUESSED_STEPS)}


def test_scales_bring_the_object_to_one_distance():
    views = ball_views(3)
    scaled = [
        replace(v, pointmap=replace(v.pointmap, points=v.pointmap.points * s)) for v, s in zip(views, (1.0, 2.0, 0.5))
    ]
    depths = [float(view.depth[view.depth > 0].median()) for view in guessed_ring(scaled).views]
    assert depths == pytest.approx([depths[0]] * 3, rel=1e-6)


def test_an_open_sweep_ends_at_its_angle_and_a_camera_to_the_right_is_positive():
    posed = guessed_ring(ball_views(3), 90.0, elevation_degrees=20.0)
    first, last = posed.views[0].world_from_camera, posed.views[2].world_from_camera
    assert degrees_between(first[:3, :3].numpy(), last[:3, :3].numpy()) == pytest.approx(90.0, abs=2)
    assert last[0, 3] > 1
    assert len(guessed_ring(ball_views(1)).views) == 1
    with pytest.raises(ValueError, match="at least one"):
        guessed_ring([])
