"""Which way surfaces face: floor, walls, ceiling in a levelled world, and what faces the camera, as soft masks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..geometry.normals import smooth_normals, surface_normals
from ..geometry.pointmap import Pointmap
from .enlarge import enlarge


@dataclass(frozen=True)
class Orientation:
    """Soft masks (B, H, W) in [0, 1] of surfaces by the direction that they face; 0 where there is no geometry."""

    floor: torch.Tensor
    walls: torch.Tensor
    ceiling: torch.Tensor
    facing: torch.Tensor


def _soft_below(angle_degrees: torch.Tensor, tolerance: float, feather: float) -> torch.Tensor:
    """1 for angles well below the tolerance, 0 well above, a smooth step of `feather` degrees about it."""
    t = ((tolerance - angle_degrees) / max(feather, 1e-3) + 0.5).clamp(0, 1)
    return t * t * (3 - 2 * t)


def orientation_masks(
    pointmap: Pointmap,
    world_from_camera: torch.Tensor,
    tolerance_degrees: float = 30.0,
    feather_degrees: float = 10.0,
    smoothing: int = 4,
) -> Orientation:
    """Masks at the pointmap's size of surfaces that face up, sideways, down (in the world) and towards the camera.

    `world_from_camera` (B, 3, 3) levels the camera (see `gravity.level_world`); `tolerance_degrees` is how far from the
    exact direction a surface may face, `feather_degrees` the width of the soft border around it.
    """
    if not 0 < tolerance_degrees <= 90 or feather_degrees < 0:
        raise ValueError(
            f"The tolerance came as {tolerance_degrees:g} and the feather as {feather_degrees:g} degrees; a tolerance "
            "above 0 up to 90 and a feather of at least 0 are needed."
        )
    normals = surface_normals(pointmap)
    normals = smooth_normals(normals, pointmap.depth, pointmap.mask, smoothing)
    down = world_from_camera.to(normals)[:, 1]
    sine = -(normals * down[:, None, None]).sum(-1).clamp(-1, 1)
    elevation = torch.rad2deg(torch.asin(sine))
    towards = -(normals * F.normalize(pointmap.points, dim=-1)).sum(-1).clamp(-1, 1)
    angles = (90 - elevation, elevation.abs(), 90 + elevation, torch.rad2deg(torch.acos(towards)))
    return Orientation(*(_soft_below(angle, tolerance_degrees, feather_degrees) * pointmap.mask for angle in angles))


def orientation_at_photo(
    pointmap: Pointmap,
    world_from_camera: torch.Tensor,
    tolerance_degrees: float = 30.0,
    feather_degrees: float = 10.0,
    smoothing: int = 4,
) -> Orientation:
    """`orientation_masks` enlarged to the photo's size."""
    found = orientation_masks(pointmap, world_from_camera, tolerance_degrees, feather_degrees, smoothing)
    size = pointmap.source_size
    return Orientation(*(enlarge(m, size) for m in (found.floor, found.walls, found.ceiling, found.facing)))
