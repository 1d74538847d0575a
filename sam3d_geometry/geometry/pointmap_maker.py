"""From depth, whatever it holds, to a clean pointmap: the one place where pointmaps are made of depth that came from elsewhere."""

from __future__ import annotations

import torch

from .camera import unproject
from .pointmap import Pointmap

# distances that float32 can still square twice, as normals and areas need it; renderers write 1e10 where nothing was hit
NEAREST_DEPTH, FARTHEST_DEPTH = 1e-9, 1e9


def is_distance(depth: torch.Tensor) -> torch.Tensor:
    """Bool, of the same shape: where depth can be one of a surface, so not nan, infinite, 0, negative, or absurdly small or large."""
    return (depth > NEAREST_DEPTH) & (depth < FARTHEST_DEPTH)


def pointmap_of_depth(
    depth: torch.Tensor,
    mask: torch.Tensor | None,
    intrinsics: torch.Tensor,
    image: torch.Tensor,
    *,
    normals: torch.Tensor | None = None,
    metric: bool = False,
    source_size: tuple[int, int],
    fov_spread: torch.Tensor | None = None,
) -> Pointmap:
    """Depth (B, H, W) along z and a mask (B, H, W), None for everything, -> a pointmap whose every point lies on its pixel's ray.

    What is no distance (`is_distance`) becomes invalid, and points and normals (B, H, W, 3) are 0 there; normals that are nan or
    infinite are 0. The other parts are as `Pointmap` has them.
    """
    sound = is_distance(depth)
    mask = sound if mask is None else mask & sound
    if normals is not None:
        normals = normals.nan_to_num(0, 0, 0).mul_(mask[..., None])
    return Pointmap(
        unproject(torch.where(mask, depth, 0), intrinsics),
        mask,
        intrinsics,
        image,
        normals=normals,
        metric=metric,
        source_size=source_size,
        fov_spread=fov_spread,
    )
