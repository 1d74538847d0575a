"""The region of one surface around a picked point, grown in 3D: pixels that are joined without a jump of depth."""

from __future__ import annotations

import math
from typing import Any

import torch

from ..geometry.normals import smooth_normals, surface_normals
from ..geometry.picking import pick
from ..geometry.pointmap import Pointmap
from ..geometry.surfaces import surface_links
from .enlarge import enlarge_contour


def _reached(allowed: torch.Tensor, down: torch.Tensor, along: torch.Tensor, row: int, column: int) -> torch.Tensor:
    """Allowed pixels (H, W) that are joined to (row, column) over links (H-1, W) and (H, W-1)."""
    from scipy.ndimage import label

    height, width = allowed.shape
    # pixels at even places and links between them at odd ones, so that a cut link parts its pixels
    grid = torch.zeros(2 * height - 1, 2 * width - 1, dtype=torch.bool)
    grid[::2, ::2] = allowed
    grid[1::2, ::2] = down & allowed[1:] & allowed[:-1]
    grid[::2, 1::2] = along & allowed[:, 1:] & allowed[:, :-1]
    found: Any = label(grid.numpy())  # whose type depends on its arguments
    labels = torch.from_numpy(found[0])
    return labels[::2, ::2] == labels[2 * row, 2 * column]


def region_from_point(
    pointmap: Pointmap,
    x: float,
    y: float,
    jump_percent: float = 5.0,
    radius: float = math.inf,
    angle_degrees: float = 180.0,
    smoothing: int = 4,
) -> torch.Tensor:
    """Bool region (B, H, W) at the pointmap's size around the surface seen at (x, y), shares of the picture
    (see `picking.pick`).

    It ends where depth jumps by more than `jump_percent` beyond what the slope explains, at `radius` (in the pointmap's unit)
    from the point, and where normals, averaged over `smoothing` pixels, differ by more than `angle_degrees` from the
    point's. A frame without geometry there gives an empty region.
    """
    if not radius > 0:
        raise ValueError(f"The radius of the region came as {radius:g}; a distance greater than 0 is needed.")
    picked = pick(pointmap, (x, y))
    seed = (torch.arange(len(pointmap), device=pointmap.device), *picked.pixels.T)
    allowed = pointmap.mask.clone()
    if radius < math.inf:
        point = pointmap.points[seed][:, None, None]
        allowed &= (pointmap.points - point).norm(dim=-1) <= radius
    if angle_degrees < 180:
        normals = surface_normals(pointmap)
        normals = smooth_normals(normals, pointmap.depth, pointmap.mask, smoothing)
        cosine = (normals * normals[seed][:, None, None]).sum(-1)
        allowed &= cosine >= math.cos(math.radians(angle_degrees)) - 1e-6
    down, along = surface_links(pointmap.depth, pointmap.mask, jump_percent / 100)
    regions = [
        _reached(*frame, *pixel) if seen else torch.zeros_like(frame[0])
        for frame, pixel, seen in zip(
            zip(allowed.cpu(), down.cpu(), along.cpu()), picked.pixels.tolist(), picked.seen.tolist()
        )
    ]
    return torch.stack(regions).to(pointmap.device)


def region_at_photo(pointmap: Pointmap, x: float, y: float, **limits: Any) -> torch.Tensor:
    """`region_from_point` as a mask (B, H, W) in [0, 1] at the photo's size, its contour smooth."""
    return enlarge_contour(region_from_point(pointmap, x, y, **limits), pointmap.source_size)
