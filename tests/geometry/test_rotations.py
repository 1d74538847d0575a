"""Rotations and directions turn the way that people mean: right, up, clockwise."""

import math

import pytest
import torch

from sam3d_geometry.geometry.rotations import direction_from_angles, rotation_from_degrees

FORWARD, RIGHT, UP = (torch.tensor(axis, dtype=torch.float64) for axis in ([0, 0, 1], [1, 0, 0], [0, -1, 0]))


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, -20, 10), (-170, 80, 120), (90, 90, 90)], ids=str)
def test_a_rotation_keeps_lengths_and_handedness(angles):
    rotation = rotation_from_degrees(*angles)
    assert torch.allclose(rotation @ rotation.T, torch.eye(3, dtype=torch.float64), atol=1e-12)
    assert torch.linalg.det(rotation).item() == pytest.approx(1)


def test_yaw_looks_right_pitch_up_and_roll_leans_clockwise():
    assert torch.allclose(rotation_from_degrees(90, 0, 0) @ FORWARD, RIGHT, atol=1e-12)
    assert torch.allclose(rotation_from_degrees(0, 90, 0) @ FORWARD, UP, atol=1e-12)
    assert torch.allclose(rotation_from_degrees(0, 0, 90) @ UP, RIGHT, atol=1e-12)
    # the camera turns in the order yaw, pitch, roll: what it looks along knows no roll
    assert torch.allclose(rotation_from_degrees(25, 15, 70) @ FORWARD, rotation_from_degrees(25, 15, 0) @ FORWARD)


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (35, 20), (-120, 60), (180, -45), (10, 90)])
def test_a_direction_is_where_a_camera_of_that_yaw_and_pitch_looks(azimuth, elevation):
    direction = torch.tensor(direction_from_angles(azimuth, elevation), dtype=torch.float64)
    assert torch.allclose(direction, rotation_from_degrees(azimuth, elevation, 0) @ FORWARD, atol=1e-12)
    assert math.degrees(math.asin(-direction[1])) == pytest.approx(elevation)
