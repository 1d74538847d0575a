"""ComfyUI core's LOAD3D_CAMERA of a camera: right-handed, Y up, looking along its own -Z, fov vertical."""

from __future__ import annotations

import torch

from ..sam3d_geometry.files.camera_sets import quaternion_wxyz
from ..sam3d_geometry.geometry.axes import convert_points, target_from_source


def load3d_camera(
    world_from_camera: torch.Tensor,
    *,
    target_distance: float,
    fov_y_degrees: float,
    aspect: float,
    near: float,
    far: float,
) -> dict:
    """LOAD3D_CAMERA of a pose (4, 4) in OpenCV axes that looks at a place straight ahead; `aspect` is width / height.

    position, target, zoom and cameraType are read by every core; the rest since its splat nodes.
    """
    pose = world_from_camera.double().cpu()
    flip = target_from_source("opengl", "opencv")
    w, x, y, z = quaternion_wxyz((flip @ pose[:3, :3] @ flip).numpy()).tolist()
    ahead = pose[:3, 3] + target_distance * pose[:3, 2]
    position, target = (dict(zip("xyz", convert_points(place, "opengl").tolist())) for place in (pose[:3, 3], ahead))
    return {
        "position": position,
        "target": target,
        "zoom": 1,
        "cameraType": "perspective",
        "quaternion": {"x": x, "y": y, "z": z, "w": w},
        "fov": fov_y_degrees,
        "aspect": aspect,
        "near": near,
        "far": far,
    }
