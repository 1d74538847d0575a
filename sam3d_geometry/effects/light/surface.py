"""The surface that light falls on: a pointmap at the picture's size with normals, and the same at a lower resolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from ...geometry.camera import unproject
from ...geometry.normals import normals_from_pointmap
from ...geometry.pointmap import Pointmap
from ...geometry.resize import pointmap_at_image, size_for_long_edge


def surface_at_image(pointmap: Pointmap, image: torch.Tensor | None = None, normal_smoothing: int = 0) -> Pointmap:
    """The pointmap at the picture's size (see `resize.pointmap_at_image`) with normals, smoothed at its own resolution."""
    normals, _ = normals_from_pointmap(replace(pointmap, source_size=pointmap.size), smoothing=normal_smoothing)
    return pointmap_at_image(replace(pointmap, normals=normals), image)


def normals_of(surface: Pointmap) -> torch.Tensor:
    """The surface's normals (B, H, W, 3); ValueError where it came without."""
    if surface.normals is None:
        raise ValueError("The surface came without normals; light needs them: take it from surface_at_image.")
    return surface.normals


def _nearest(size: int, of: int, device: torch.device) -> torch.Tensor:
    """Index (size,) of the pixel among `of` that is nearest to the centre of each of `size` larger ones."""
    return ((torch.arange(size, device=device) + 0.5) * (of / size)).long().clamp_max(of - 1)


def pick_frame(surface: Pointmap, long_edge: int) -> tuple[Pointmap, Callable[[torch.Tensor], torch.Tensor]]:
    """One frame at a lower resolution by its nearest pixels, 0 for its own, and what picks the same from other maps."""
    size = surface.size if long_edge <= 0 else size_for_long_edge(surface.size, long_edge)
    if size == surface.size:
        return surface, lambda values: values
    rows, columns = (_nearest(n, m, surface.device) for n, m in zip(size, surface.size))

    def pick(values: torch.Tensor) -> torch.Tensor:
        return values[:, rows][:, :, columns]

    # a picked depth stands at another place than its own pixel, so its point is put on the new pixel's ray
    points = unproject(pick(surface.depth), surface.intrinsics)
    normals = None if surface.normals is None else pick(surface.normals)
    return replace(surface, points=points, mask=pick(surface.mask), image=pick(surface.image), normals=normals), pick
