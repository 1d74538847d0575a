"""Plain ways to make a new view, which a good one has to beat: the nearest photo warped, and all points splatted."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from sam3d_geometry.geometry.camera import project, unproject
from sam3d_geometry.views.novel_cameras import NovelCamera
from sam3d_geometry.views.posed_depth import moved, posed_depths
from sam3d_geometry.views.view import View


def splatted(views: Sequence[View], camera: NovelCamera, size: tuple[int, int]) -> torch.Tensor:
    """The points of the views, each one pixel, the nearest on top -> (H, W, 3)."""
    height, width = size
    nearest, image = torch.full((height * width,), torch.inf), torch.zeros(height * width, 3)
    pose = torch.linalg.inv(camera.world_from_camera)
    parts = []
    for frame, view in zip(posed_depths(views), views, strict=True):
        colours = F.interpolate(view.photo.movedim(-1, 0)[None], frame.depth.shape, mode="area")[0].movedim(0, -1)
        inside = moved(frame.world_points()[frame.valid], pose)
        parts.append((inside, colours[frame.valid]))
    points, colours = (torch.cat(part) for part in zip(*parts))
    column, row = (
        (project(points[None], camera.intrinsics.float()[None])[0] * torch.tensor([width, height]))
        .floor()
        .long()
        .unbind(1)
    )
    there = (points[:, 2] > 0) & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    pixel, z, colours = (row * width + column)[there], points[there, 2], colours[there]
    nearest.scatter_reduce_(0, pixel, z, "amin")
    front = z <= nearest[pixel]
    image[pixel[front]] = colours[front]
    return image.view(height, width, 3)


def warped_back(nearest: View, depth: torch.Tensor, camera: NovelCamera) -> torch.Tensor:
    """The nearest photo looked up where a depth (H, W) of the new picture says -> (H, W, 3)."""
    points = moved(unproject(depth[None], camera.intrinsics.float()[None])[0], camera.world_from_camera)
    hit = depth > 0
    inside = moved(points[hit], torch.linalg.inv(nearest.world_from_camera))
    places = project(inside[None], nearest.intrinsics.float()[None])[0]
    grid = (places * 2 - 1)[None, None]
    values = F.grid_sample(nearest.photo.movedim(-1, 0)[None], grid, "bilinear", "zeros", align_corners=False)
    image = torch.zeros(*hit.shape, 3)
    image[hit] = values[0, :, 0].T
    return image
