"""A floor faces straight up in the world, however the camera was held."""

import math

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.gravity import level_world, world_from_camera, world_from_pitch_roll


def floor_seen_at(pitch, roll, height=120, width=160):
    """Depth of a level floor 1.5 below a camera that looks `pitch` degrees up and is rolled clockwise."""
    camera_from_world = world_from_pitch_roll(pitch, roll)[0].double().T
    up = camera_from_world @ torch.tensor([0.0, -1.0, 0.0], dtype=torch.float64)
    depth = -1.5 / (closed_form.rays(height, width) @ up)
    return torch.where((depth > 0) & (depth < 50), depth, 0)


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (-30, 0), (-20, 15), (10, -25), (-40, 5)])
def test_a_floor_gives_the_cameras_pitch_and_roll(pitch, roll):
    pointmap = closed_form.pointmap(floor_seen_at(pitch, roll))
    rotation = level_world(pointmap)
    expected = world_from_pitch_roll(pitch, roll)
    floor = torch.tensor([0.0, -1.0, 0.0])
    assert closed_form.angles(rotation.transpose(1, 2) @ floor, expected.transpose(1, 2) @ floor).max() < 0.5


def test_the_rotation_is_proper_and_keeps_the_heading():
    rotation = level_world(closed_form.pointmap(floor_seen_at(-20, 15)))[0]
    assert torch.allclose(rotation @ rotation.T, torch.eye(3), atol=1e-5)
    assert torch.linalg.det(rotation) == pytest.approx(1, abs=1e-5)
    forward = rotation @ torch.tensor([0.0, 0.0, 1.0])
    assert forward[0].abs() < 1e-5 and forward[2] > 0


def test_without_support_the_camera_is_level():
    normals = torch.zeros(2, 20, 30, 3)
    normals[..., 2] = -1
    rotation, share = world_from_camera(normals, torch.ones(2, 20, 30, dtype=torch.bool))
    assert torch.allclose(rotation, torch.eye(3).expand(2, 3, 3)) and not share.any()


def test_one_rotation_serves_the_batch_or_each_frame_has_its_own():
    pointmap = closed_form.pointmap(torch.cat([floor_seen_at(-20, 0), floor_seen_at(-30, 0)]))
    shared, own = level_world(pointmap), level_world(pointmap, shared=False)
    assert torch.equal(shared[0], shared[1]) and not torch.allclose(own[0], own[1], atol=0.05)
    assert math.degrees(math.asin(own[1, 1, 2].abs())) == pytest.approx(30, abs=0.5)


def test_looking_up_lifts_the_view_axis():
    forward = world_from_pitch_roll(30, 0)[0] @ torch.tensor([0.0, 0.0, 1.0])
    assert forward[1] == pytest.approx(-0.5, abs=1e-6)  # y is down
