"""Small flat pieces of a frame's surfaces, each with one exact normal: what noise of single pixels cannot disturb.

On a plane inverse depth is linear in the view plane coordinates, w = p a + q b + r with (a, b) = (x / z, y / z), so a least
squares fit over a block of pixels gives the plane (p, q, r) . P = 1 itself, at any tilt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .pointmap import Pointmap

SEARCHED_SIDE = 512  # pixels looked at along the longer side: finer ones add time and no knowledge of whole surfaces
# blocks along the longer side: small things at first, larger blocks where the depth is noisy
FINEST_BLOCKS, COARSEST_BLOCKS = 64, 16
LEAST_BLOCK_SIDE = 3  # pixels of a block that a plane and its residual can be told from
GOOD_NORMAL = 0.04  # radians by which noise may turn a block's normal before larger blocks are taken
LEAST_FILLED = 0.7  # of a block's pixels that must be valid
SMOOTH = 1.5e-3  # relative residual of inverse depth that float32 and a network's smoothness leave on a plane
DEVIATIONS = 5.0  # by which a residual may exceed the usual one before its block holds an edge or a bend
ONE_DIRECTION = 0.97  # mean of unit normals in a block whose length tells that they agree
# times its pixels that a surface seen at a low angle may count: beyond it noise grows faster than area
MOST_GRAZING = 3.0


@dataclass(frozen=True)
class PlanePatches:
    """Flat pieces of one or more frames.

    normals  (N, 3) float64 unit vectors facing the camera, OpenCV axes
    points   (N, 3) float64 the middle of each, in units of its frame's median depth
    weight   (N,) share of the seen surface, 1 in all over all blocks that hold geometry, flat or not
    frame    (N,) which frame each belongs to
    """

    normals: torch.Tensor
    points: torch.Tensor
    weight: torch.Tensor
    frame: torch.Tensor


def _pixels_of_blocks(values: torch.Tensor, side: int) -> torch.Tensor:
    """(H, W, C) -> (N, side * side, C), the picture's right and lower remainder left out."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    cut = values[: rows * side, : columns * side].reshape(rows, side, columns, side, -1)
    return cut.transpose(1, 2).reshape(rows * columns, side * side, -1)


def _fit(points: torch.Tensor, valid: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Points (N, K, 3) and valid (N, K) -> planes (N, 3) with plane . P = 1, relative residual and error of the normal (N,).

    Least squares of inverse depth about each block's middle; the error is that of the normal in radians by the residual.
    """
    count = valid.sum(1).clamp_min(1)
    inverse = torch.where(valid, 1 / points[..., 2].clamp_min(1e-30), 0)
    taps = torch.stack([points[..., 0] * inverse, points[..., 1] * inverse, inverse], -1).double()
    mean = taps.sum(1) / count[:, None]
    taps = torch.where(valid[..., None], taps - mean[:, None], 0)
    moments = taps.mT @ taps / count[:, None, None]
    aa, ab, bb = moments[:, 0, 0], moments[:, 0, 1], moments[:, 1, 1]
    determinant = (aa * bb - ab * ab).clamp_min(1e-30)
    p = (bb * moments[:, 0, 2] - ab * moments[:, 1, 2]) / determinant
    q = (aa * moments[:, 1, 2] - ab * moments[:, 0, 2]) / determinant
    planes = torch.stack([p, q, mean[:, 2] - p * mean[:, 0] - q * mean[:, 1]], -1)
    left = (moments[:, 2, 2] - p * moments[:, 0, 2] - q * moments[:, 1, 2]).clamp_min(0)
    residual = left.sqrt() / mean[:, 2].clamp_min(1e-30)
    spread = torch.minimum(aa, bb).clamp_min(1e-30)
    error = left.sqrt() / (count * spread).sqrt() / planes.norm(dim=-1).clamp_min(1e-30)
    return planes, mean, residual, error


def _patches_of_frame(frame: Pointmap, source: str) -> PlanePatches:
    """The patches of a pointmap of one frame."""
    stride = -(-max(frame.size) // SEARCHED_SIDE)
    points, mask = frame.points[0, ::stride, ::stride].cpu(), frame.mask[0, ::stride, ::stride].cpu()
    directions = None
    if source != "geometry" and frame.normals is not None:
        directions = frame.normals[0, ::stride, ::stride].cpu()
    scale = points[..., 2][mask].median() if bool(mask.any()) else points.new_ones(())
    points = points / scale.clamp_min(1e-30)
    finest = max(LEAST_BLOCK_SIDE, max(mask.shape) // FINEST_BLOCKS)
    side, coarsest = min(finest, *mask.shape), min(max(finest, max(mask.shape) // COARSEST_BLOCKS), *mask.shape)
    usual = None
    while True:
        valid = _pixels_of_blocks(mask[..., None], side)[..., 0]
        planes, mean, residual, error = _fit(_pixels_of_blocks(points, side), valid)
        filled = valid.float().mean(1) >= LEAST_FILLED
        noise = float(error[filled].quantile(0.4)) if bool(filled.any()) else 0.0
        if usual is None:  # larger blocks of the same noise have the same residual, unless they hold more than it
            usual = float(residual[filled].quantile(0.4)) if bool(filled.any()) else 0.0
        if noise <= GOOD_NORMAL or side >= coarsest or directions is not None:
            break
        side = min(2 * side, coarsest)
    normals = -torch.nn.functional.normalize(planes, dim=-1)
    flat = residual < max(SMOOTH, (1 + DEVIATIONS / math.sqrt(2) / side) * usual)
    if directions is not None:
        inside = _pixels_of_blocks(directions, side).double() * valid[..., None]
        agreed = inside.sum(1) / valid.sum(1).clamp_min(1)[:, None]
        flat, normals = agreed.norm(dim=-1) > ONE_DIRECTION, torch.nn.functional.normalize(agreed, dim=-1)
    ray = torch.cat([mean[:, :2], torch.ones_like(mean[:, :1])], -1)
    length = ray.norm(dim=-1)
    facing = -(normals * ray).sum(-1) / length
    grazing = torch.where(flat, facing.clamp_min(1 / MOST_GRAZING), 1)
    weight = valid.float().mean(1) / length**3 / grazing
    weight = weight / weight[filled].sum().clamp_min(1e-30)
    keep = filled & flat & (facing > 0)
    middle = ray / mean[:, 2:].clamp_min(1e-30)
    return PlanePatches(normals[keep], middle[keep], weight[keep], torch.zeros(int(keep.sum()), dtype=torch.long))


def plane_patches(pointmap: Pointmap, source: str = "auto") -> PlanePatches:
    """The flat pieces of all frames, weights being shares of what all of them see.

    Their normals are the network's where the pointmap has some and `source` is not "geometry", else those of the points.
    """
    parts = [_patches_of_frame(pointmap[i], source) for i in range(len(pointmap))]
    return PlanePatches(
        torch.cat([part.normals for part in parts]),
        torch.cat([part.points for part in parts]),
        torch.cat([part.weight for part in parts]) / len(parts),
        torch.cat([part.frame + i for i, part in enumerate(parts)]),
    )
