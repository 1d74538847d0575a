"""Lengths in a pointmap, and the scale that makes a known one come out right."""

from __future__ import annotations

from dataclasses import replace

import torch

from .pointmap import Pointmap
from .transform import scale_pointmap

Pixel = tuple[float, float]


def point_at(pointmap: Pointmap, pixel: Pixel, radius: int = 1) -> torch.Tensor:
    """The points (B, 3) in camera axes under a pixel (x, y) of the photo, one per frame, on the CPU.

    The depth is the median over the valid ones of (2 * radius + 1) squared pointmap pixels around it, and the point lies on
    the ray through the pixel's centre. ValueError where the pixel is outside the photo or no geometry is there.
    """
    (x, y), (source_height, source_width), (height, width) = pixel, pointmap.source_size, pointmap.size
    if not (0 <= x < source_width and 0 <= y < source_height):
        raise ValueError(
            f"The point {x:g}, {y:g} lies outside of the photo of {source_width} x {source_height} pixels; count from 0 at its "
            "upper left corner."
        )
    u, v = (x + 0.5) / source_width, (y + 0.5) / source_height
    row, column = min(height - 1, int(v * height)), min(width - 1, int(u * width))
    rows = slice(max(0, row - radius), row + radius + 1)
    columns = slice(max(0, column - radius), column + radius + 1)
    # a few values, and not every device has a median that leaves out the holes
    depth = pointmap.depth[:, rows, columns].flatten(1).cpu()
    valid = pointmap.mask[:, rows, columns].flatten(1).cpu()
    empty = torch.nonzero(~valid.any(1)).flatten().tolist()
    if empty:
        where = "" if len(pointmap) == 1 else f" in frame {empty[0]}"
        raise ValueError(
            f"There is no geometry at {x:g}, {y:g}{where} (sky or masked out); pick a point on a surface or a larger radius."
        )
    middle = torch.where(valid, depth, torch.nan).nanmedian(1).values
    k = pointmap.intrinsics.cpu()
    ray = torch.stack([(u - k[:, 0, 2]) / k[:, 0, 0], (v - k[:, 1, 2]) / k[:, 1, 1], torch.ones_like(middle)], -1)
    return ray * middle[:, None]


def length_between(pointmap: Pointmap, first: Pixel, second: Pixel, radius: int = 1) -> torch.Tensor:
    """The straight distance (B,) between the surfaces under two pixels (x, y) of the photo, in the pointmap's unit."""
    distance = (point_at(pointmap, first, radius) - point_at(pointmap, second, radius)).norm(dim=-1)
    if not bool((distance > 0).all()):
        raise ValueError(
            f"Both points, {first[0]:g}, {first[1]:g} and {second[0]:g}, {second[1]:g}, are the same; pick two that lie apart."
        )
    return distance


def metric_pointmap(pointmap: Pointmap, measured: float | torch.Tensor, metres: float) -> tuple[Pointmap, torch.Tensor]:
    """The pointmap in metres, given that what measures `measured` (one number or (B,)) in it is `metres` long; the scale too.

    One measurement gives the whole batch one scale; one per frame gives each frame its own.
    """
    measured = torch.as_tensor(measured, dtype=torch.float32, device=pointmap.device).reshape(-1)
    if not 0 < metres < float("inf") or not bool((torch.isfinite(measured) & (measured > 0)).all()):
        raise ValueError(
            f"The known length came as {metres:g} m and measures {measured.tolist()} in the pointmap; both must be greater than 0."
        )
    scale = metres / measured
    return replace(scale_pointmap(pointmap, scale), metric=True), scale
