"""Posed depth: what a view measured, where it was measured from, and how far each pixel is to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..geometry.camera import project, unproject, view_plane_axes
from ..geometry.normals import surface_normals
from ..geometry.pointmap_maker import pointmap_of_depth
from ..geometry.resize import resize_mask
from ..geometry.surfaces import ends_of, surface_links
from ..geometry.widening import widened
from .view import View

LEAST_DEPTH_COSINE = 0.15  # between a surface and the ray: flatter ones say nothing about depth
EDGE_REACH = 2  # pixels beside a jump of depth whose depth may be a mixture
RIM_WEIGHT = 0.3  # of pixels beside one without depth


@dataclass(frozen=True)
class PosedDepth:
    """The depth of one placed view in the world's unit, with weights.

    name               the view's
    depth              (h, w) float32 along z, 0 where there is none
    weight             (h, w) float32 from 0 to 1: squared cosine to the ray, 0 beside edges and outside the object
    obliqueness        (h, w) float32: what a difference of depth is multiplied by to be a distance from the surface's plane
    silhouette         (h, w) bool of the object, or None where the view has no mask
    everything         (h, w) float32 depth also outside the object, 0 where there is none: what may stand before the object
    intrinsics         (3, 3) float32 normalised
    world_from_camera  (4, 4) float64 rigid, OpenCV axes
    """

    name: str
    depth: torch.Tensor
    weight: torch.Tensor
    obliqueness: torch.Tensor
    silhouette: torch.Tensor | None
    everything: torch.Tensor
    intrinsics: torch.Tensor
    world_from_camera: torch.Tensor

    @property
    def camera_from_world(self) -> torch.Tensor:
        """(4, 4) float64."""
        return torch.linalg.inv(self.world_from_camera)

    @property
    def centre(self) -> torch.Tensor:
        """(3,) float64: where the camera stands."""
        return self.world_from_camera[:3, 3]

    @property
    def valid(self) -> torch.Tensor:
        """(h, w) bool."""
        return self.depth > 0

    def world_points(self) -> torch.Tensor:
        """(h, w, 3) float32, the camera's place where invalid."""
        points = unproject(self.depth[None], self.intrinsics[None])[0]
        return moved(points, self.world_from_camera)

    def seen_at(self, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """World points (N, 3) -> their depth (N,) to this camera, flat pixel number (N,), whether they are in the picture."""
        inside_camera = moved(points, self.camera_from_world)
        height, width = self.depth.shape
        z = inside_camera[:, 2]
        uv = project(inside_camera[None], self.intrinsics[None])[0]
        column, row = (uv[:, 0] * width).floor(), (uv[:, 1] * height).floor()
        inside = (z > 0) & (column >= 0) & (column < width) & (row >= 0) & (row < height)
        pixel = torch.where(inside, row * width + column, 0).long()
        return z, pixel, inside


def moved(points: torch.Tensor, pose: torch.Tensor) -> torch.Tensor:
    """Points (..., 3) float32 through a rigid pose (4, 4) float64."""
    pose = pose.to(points)
    return points @ pose[:3, :3].T + pose[:3, 3]


def posed_depth(view: View) -> PosedDepth:
    """A placed view -> its posed depth, at the pointmap's size.

    ValueError for a view that is not placed or has no depth inside its mask.
    """
    if view.world_from_camera is None:
        raise ValueError(f"View {view.name} is not placed ({view.reason}); only placed views can be fused.")
    depth = view.depth.float()
    silhouette = None if view.mask is None else resize_mask(view.mask[None], (depth.shape[0], depth.shape[1]))[0]
    intrinsics = view.intrinsics.float()
    mask = depth > 0
    inside = mask if silhouette is None else mask & silhouette
    if not bool(inside.any()):
        raise ValueError(f"View {view.name} has no depth inside its mask; give it another mask or another pointmap.")
    normals = _normals(depth, mask, intrinsics)
    x, y = view_plane_axes(intrinsics[None], *depth.shape)
    along = (normals[..., 0] * x[0] + normals[..., 1] * y[0] + normals[..., 2]).abs()
    cosine = along / (1 + x[0] ** 2 + y[0] ** 2).sqrt()
    weight = torch.where(inside & (cosine > LEAST_DEPTH_COSINE), cosine**2, 0) * _away_from_edges(depth, mask)
    return PosedDepth(
        name=view.name,
        depth=torch.where(inside, depth, 0),
        weight=weight,
        obliqueness=along,
        silhouette=silhouette,
        everything=depth,
        intrinsics=intrinsics,
        world_from_camera=view.world_from_camera.double(),
    )


def _away_from_edges(depth: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(h, w) 1 inside surfaces, 0 beside a jump of depth, RIM_WEIGHT beside pixels without depth."""
    down, along = surface_links(depth[None], mask[None])
    # what borders on pixels without depth is a rim and no jump
    jump = ends_of((down | ~(mask[:-1] & mask[1:]), along | ~(mask[:, :-1] & mask[:, 1:])))
    rim = torch.where(widened(~mask[None], 1), RIM_WEIGHT, 1.0)
    return torch.where(widened(jump, EDGE_REACH - 1), 0, rim)[0]


def _normals(depth: torch.Tensor, mask: torch.Tensor, intrinsics: torch.Tensor) -> torch.Tensor:
    """Unit normals (h, w, 3) of a depth map."""
    image, size = torch.zeros(1, *depth.shape, 3), (depth.shape[0], depth.shape[1])
    bare = pointmap_of_depth(depth[None], mask[None], intrinsics[None], image, source_size=size)
    return surface_normals(bare)[0]


def posed_depths(views: Sequence[View]) -> list[PosedDepth]:
    """The placed views of the largest group that have depth; ValueError where there is none."""
    placed = [view for view in views if view.world_from_camera is not None]
    if not placed:
        reasons = "; ".join(f"{view.name}: {view.reason or 'no reason given'}" for view in views[:4])
        raise ValueError(f"None of the {len(views)} views is placed ({reasons}); pose them first.")
    groups = [view.group for view in placed]
    largest = max(set(groups), key=lambda group: (groups.count(group), -(group or 0)))
    members = [view for view in placed if view.group == largest]
    told = [view for view in members if _has_depth(view)]
    return [posed_depth(view) for view in told or members]


def _has_depth(view: View) -> bool:
    """Whether a view has depth inside its mask; one that has none is left out where others have."""
    mask = view.pointmap.mask[0]
    return bool((mask if view.mask is None else mask & resize_mask(view.mask[None], view.pointmap.size)[0]).any())
