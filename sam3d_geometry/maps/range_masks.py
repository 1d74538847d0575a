"""Masks by distance from the camera and by height above the ground, with a feather in units."""

from __future__ import annotations

import math

import torch

from ..geometry.ground import heights
from ..geometry.pointmap import Pointmap
from .enlarge import mask_at_photo

BY_Z, BY_RAY = RANGE_MEASURES = ("z", "ray")


def _slope(values: torch.Tensor) -> torch.Tensor:
    """Change per pixel (B, H, W), on the flatter side of each pixel, so that a depth edge does not count."""
    slopes = []
    for dim in (1, 2):
        steps = values.diff(dim=dim).abs()
        if steps.shape[dim] == 0:
            continue
        first, last = steps.narrow(dim, 0, 1), steps.narrow(dim, steps.shape[dim] - 1, 1)
        slopes.append(torch.minimum(torch.cat([first, steps], dim), torch.cat([steps, last], dim)))
    return torch.stack(slopes).amax(0) if slopes else torch.zeros_like(values)


def within_range(
    values: torch.Tensor, mask: torch.Tensor, low: float, high: float, feather: float, outside: float = 0.0
) -> torch.Tensor:
    """Values (B, H, W) -> (B, H, W) in [0, 1]: 1 between `low` and `high`, ramps `feather` wide centred on both.

    The ramp is at least a pixel wide, so that a contour is smooth. -inf and inf leave an end open; where `mask` is False it
    gives `outside`.
    """
    if not low < high:
        raise ValueError(f"The range came as {low:g} to {high:g}; the second must be greater than the first.")
    if not feather >= 0:
        raise ValueError(f"The feather came as {feather:g}; a width of at least 0 is needed.")
    width = _slope(values).clamp_min(max(feather, 1e-9))
    member = torch.ones_like(values)
    if low > -math.inf:
        member = member * ((values - low) / width + 0.5).clamp(0, 1)
    if high < math.inf:
        member = member * ((high - values) / width + 0.5).clamp(0, 1)
    return torch.where(mask, member, outside)


def depth_mask(
    pointmap: Pointmap, near: float, far: float, feather: float = 0.0, measure: str = BY_Z, sky: bool = False
) -> torch.Tensor:
    """Soft mask (B, H, W) at the photo's size of what lies between `near` and `far`, in the pointmap's unit.

    `measure`: "z" along the view axis or "ray" straight from the camera; near 0 and far inf leave the end open; `sky`
    says whether pixels without geometry belong to it.
    """
    if measure not in RANGE_MEASURES:
        raise ValueError(f"Input measure came as {measure!r}; choose one of {', '.join(RANGE_MEASURES)}.")

    def membership(frames: Pointmap) -> torch.Tensor:
        values = frames.depth if measure == BY_Z else frames.points.norm(dim=-1)
        return within_range(values, frames.mask, near if near > 0 else -math.inf, far, feather, float(sky))

    return mask_at_photo(pointmap, membership)


def height_mask(
    pointmap: Pointmap,
    world_from_camera: torch.Tensor,
    camera_height: float,
    bottom: float,
    top: float,
    feather: float = 0.0,
) -> torch.Tensor:
    """Soft mask (B, H, W) at the photo's size of what lies `bottom` to `top` above the ground, in the pointmap's unit.

    The ground lies `camera_height` below the camera (see `ground.find_ground`), level in the world of `world_from_camera`.
    """

    def membership(frames: Pointmap) -> torch.Tensor:
        above_ground = heights(frames, world_from_camera) + camera_height
        return within_range(above_ground, frames.mask, bottom, top, feather)

    return mask_at_photo(pointmap, membership)
