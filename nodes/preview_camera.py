"""The camera that shows a shape whole in ComfyUI's previews, in the axes that each of them puts a shape into."""

from __future__ import annotations

from importlib import metadata

import torch

from ..sam3d_geometry.geometry.axes import convert_points
from ..sam3d_geometry.shapes.mesh import Mesh
from ..sam3d_geometry.shapes.point_cloud import PointCloud
from ..sam3d_geometry.shapes.preview_view import FIELD_DEGREES, PreviewFit, preview_view
from ..sam3d_geometry.views.camera_poses import looking_at
from .load3d import load3d_camera

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
    distance = float((view.position - view.target).norm())
    position, target = (convert_points(place.double(), "opencv", "opengl") for place in (view.position, view.target))
    return load3d_camera(
        looking_at(position, target),
        target_distance=distance,
        fov_y_degrees=FIELD_DEGREES,
        aspect=1.0,
        near=distance / 100,
        far=distance * 100,
    )
