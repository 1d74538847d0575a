"""The camera that shows a shape whole in ComfyUI's previews, in the axes that each of them puts a shape into."""

from __future__ import annotations

import math
from importlib import metadata

import torch

from ..sam3d_geometry.shapes.mesh import Mesh
from ..sam3d_geometry.shapes.point_cloud import PointCloud
from ..sam3d_geometry.shapes.preview_view import FIELD_DEGREES, PreviewFit, preview_view

# from this release on Preview 3D shows a model in its own unit and place; before, it scaled every model to size 5
SHOWS_MODELS_AS_THEY_ARE = (1, 44)


def preview_3d_fit() -> PreviewFit:
    """What Preview 3D of the installed front end does to a model."""
    try:
        version = metadata.version("comfyui_frontend_package")
    except metadata.PackageNotFoundError:
        return "as it is"
    numbers = [int(part) if part.isdecimal() else 0 for part in version.split(".")[:2]]
    return "size 5 on the floor" if tuple(numbers) < SHOWS_MODELS_AS_THEY_ARE else "as it is"


def points_of(shape: Mesh | PointCloud) -> torch.Tensor:
    """Vertices of a mesh or points of a cloud, (N, 3) in OpenCV camera axes."""
    return shape.points if isinstance(shape, PointCloud) else shape.vertices


def preview_camera(points: torch.Tensor, fit: PreviewFit) -> dict:
    """LOAD3D_CAMERA that has points (N, 3) in OpenCV camera axes in its frame, from beside the photo's camera."""
    view = preview_view(points, fit)
    position, target = ({axis: float(v) for axis, v in zip("xyz", p)} for p in (view.position, view.target))
    away = view.position - view.target
    turn = math.atan2(float(away[0]), float(away[2]))
    rise = math.atan2(float(away[1]), math.hypot(float(away[0]), float(away[2])))
    half_turn, half_rise = turn / 2, -rise / 2  # about y, then about the camera's own x
    return {
        "position": position,
        "target": target,
        "zoom": 1,
        "cameraType": "perspective",
        "quaternion": {
            "x": math.cos(half_turn) * math.sin(half_rise),
            "y": math.sin(half_turn) * math.cos(half_rise),
            "z": -math.sin(half_turn) * math.sin(half_rise),
            "w": math.cos(half_turn) * math.cos(half_rise),
        },
        "fov": FIELD_DEGREES,
        "aspect": 1.0,
        "near": float(away.norm()) / 100,
        "far": float(away.norm()) * 100,
    }
