"""Where the pixels of a frame were seen in the frame before it, if nothing but the camera moved."""

from __future__ import annotations

import torch

from .ego_motion import Motion


def seen_from_before(
    depth: torch.Tensor, intrinsics: torch.Tensor, motion: Motion, intrinsics_before: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where the frame before sees a frame's pixels after the camera's motion, (H, W, 2) in its pixels, and their depth there (H, W).

    `depth` (H, W) float32 along z, intrinsics (3, 3) normalised of the frame and of the one before. The same as `pixels_of` the moved
    points of `rays_through` every pixel; a ray of a grid is the sum of what its column and what its row give.
    """
    height, width = depth.shape
    k, k_before, rotation = (values.to(depth) for values in (intrinsics, intrinsics_before, motion.rotation))
    columns, rows = (
        (torch.arange(count, device=depth.device, dtype=depth.dtype) + 0.5) / count for count in (width, height)
    )
    across, down = (columns - k[0, 2]) / k[0, 0], (rows - k[1, 2]) / k[1, 1]
    way = motion.translation.to(depth)
    x, y, z = (
        (depth * (axis[0] * across + (axis[1] * down + axis[2])[:, None])).add_(step)
        for axis, step in zip(rotation, way)
    )
    nearness = z.clamp_min(1e-6).reciprocal_()
    places = depth.new_empty(height, width, 2)
    for axis, (along, count) in enumerate(((x, width), (y, height))):
        along.mul_(nearness).mul_(k_before[axis, axis] * count)
        torch.add(along, k_before[axis, 2] * count - 0.5, out=places[..., axis])
    return places, z
