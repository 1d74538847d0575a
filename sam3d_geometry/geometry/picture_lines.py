"""Straight edges of the picture, as planes through the eye: what runs upright in the world has its plane hold the vertical.

A block of pixels in which the brightness changes across one direction holds a piece of an edge (structure tensor). A piece
whose neighbours continue it is part of a long line. Its plane through the eye has the unit normal m with m . v = 0 for the
line's direction v in space, wherever the line lies: so all upright edges agree on v = up.
"""

from __future__ import annotations

import math

import torch

from .camera import view_plane_axes
from .pointmap import Pointmap

BLOCKS = 64  # along the longer side of the picture
SMALLEST_LINE_BLOCK = 6
LINE_PICTURE_SIDE = 512
LEAST_BRIGHTNESS_STEP = 0.015  # root mean square step of brightness from pixel to pixel within a block
STRAIGHT_COHERENCE = 0.85  # coherence of the structure tensor of a block that holds one edge, 1 for a perfect one
SAME_LINE = math.radians(4)  # by which a neighbour's direction, and the way to it, may differ from the edge's
MOST_LINES = 160
EDGE_TOLERANCE = math.radians(1.5)
UPRIGHT_SHARE = 0.25  # share of a picture's long edges that are upright
MOST_SAY = 5.0  # as many edges as count as independent of each other: texture repeats itself


def _edges(gray: torch.Tensor, side: int) -> tuple[torch.Tensor, ...]:
    """Brightness (H, W) -> of each block: centre of its edge (x, y) in pixels, direction of it, coherence, contrast."""
    gray = torch.nn.functional.avg_pool2d(gray[None, None], 3, 1, 1, count_include_pad=False)[0, 0]
    dx = torch.nn.functional.pad(gray[:, 2:] - gray[:, :-2], (1, 1)) / 2
    dy = torch.nn.functional.pad(gray[2:] - gray[:-2], (0, 0, 1, 1)) / 2
    height, width = gray.shape
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    energy = dx * dx + dy * dy
    maps = torch.stack([dx * dx, dx * dy, dy * dy, energy * x, energy * y])[None]
    xx, xy, yy, ex, ey = torch.nn.functional.avg_pool2d(maps, side)[0]
    total = xx + yy
    across = 0.5 * torch.atan2(2 * xy, xx - yy)
    coherence = ((xx - yy) ** 2 + 4 * xy * xy).sqrt() / total.clamp_min(1e-12)
    return ex / total.clamp_min(1e-12), ey / total.clamp_min(1e-12), across + math.pi / 2, coherence, total.sqrt()


def _continued(x: torch.Tensor, y: torch.Tensor, along: torch.Tensor, good: torch.Tensor) -> torch.Tensor:
    """Number (h, w) of the eight neighbouring blocks whose edge continues a block's own."""
    count = torch.zeros_like(x)
    padded = torch.nn.functional.pad(torch.stack([x, y, along, good.float()]), (1, 1, 1, 1))
    rows, columns = x.shape
    for down in range(3):
        for right in range(3):
            if (down, right) == (1, 1):
                continue
            other = padded[:, down : down + rows, right : right + columns]
            turned = torch.sin(other[2] - along).abs()
            way = torch.atan2(other[1] - y, other[0] - x)
            aside = torch.sin(way - along).abs()
            count += (other[3] > 0) & (turned < math.sin(SAME_LINE)) & (aside < math.sin(SAME_LINE))
    return count * good


def _lines_of_frame(frame: Pointmap) -> torch.Tensor:
    """Unit normals (M, 3) float64 of the planes through the eye and the long edges of one frame."""
    stride = -(-max(frame.size) // LINE_PICTURE_SIDE)
    height, width = frame.size
    gray = frame.image[0, ::stride, ::stride].cpu().mean(-1)
    side = max(SMALLEST_LINE_BLOCK, max(gray.shape) // BLOCKS)
    if min(gray.shape) < 3 * side:
        return torch.zeros(0, 3, dtype=torch.float64)
    x, y, along, coherence, contrast = _edges(gray, side)
    good = (coherence > STRAIGHT_COHERENCE) & (contrast > LEAST_BRIGHTNESS_STEP)
    long = _continued(x, y, along, good) >= 2
    x, y, along = x[long].double(), y[long].double(), along[long].double()
    if not len(x):
        return torch.zeros(0, 3, dtype=torch.float64)
    a, b = (axis.cpu().double().flatten() for axis in view_plane_axes(frame.intrinsics, height, width))
    per_x, per_y = float(a[-1] - a[0]) / max(1, width - 1) * stride, float(b[-1] - b[0]) / max(1, height - 1) * stride
    at = torch.stack([a[0] + per_x * (x - 0.5), b[0] + per_y * (y - 0.5), torch.ones_like(x)], -1)
    way = torch.stack([per_x * torch.cos(along), per_y * torch.sin(along), torch.zeros_like(x)], -1)
    return torch.nn.functional.normalize(torch.linalg.cross(at, way), dim=-1)


def line_planes(pointmap: Pointmap) -> tuple[torch.Tensor, torch.Tensor]:
    """Planes through the eye and the long edges of the pictures: unit normals (M, 3) float64 and weights (M,), 1 in all."""
    planes = torch.cat([_lines_of_frame(pointmap[i]) for i in range(len(pointmap))])
    planes = planes[:: max(1, math.ceil(len(planes) / MOST_LINES))]
    return planes, planes.new_full((len(planes),), 1 / max(1, len(planes)))


def log_lines(up: torch.Tensor, planes: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Log likelihood (N,) of the lines, were each of the directions (N, 3) up: some lines are upright, the rest anyhow."""
    if not len(planes):
        return up.new_zeros(len(up))
    sine = (up.float() @ planes.float().T).abs()
    upright = torch.exp(-(0.5 * (sine / EDGE_TOLERANCE) ** 2).clamp_max(50)) / (
        EDGE_TOLERANCE * math.sqrt(2 * math.pi) * 2 * math.pi
    )
    likelihood = torch.log(1 - UPRIGHT_SHARE + UPRIGHT_SHARE * upright * 4 * math.pi).double() @ weights
    return likelihood * min(MOST_SAY, len(planes) / 8)
