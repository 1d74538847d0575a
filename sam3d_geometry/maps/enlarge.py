"""Enlarging what was computed at the pointmap's size to the photo's: without grid steps, and without thin seams."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch.nn import functional as F

from ..geometry.number_format import not_in_half
from ..geometry.pointmap import Pointmap
from ..geometry.resize import Size, pointmap_at_size
from ..geometry.strips import strips
from ..geometry.surfaces import depth_edges, extended, inverse_depth

CONTOUR_BLUR = 1.2  # pixels of the pointmap; the least that takes the stairs out of a drawn contour

DEPTH_NOISE = 0.01  # relative difference of depth up to which a coarse pixel counts as the fine one's own surface
NEVER_ALONE = 1e-3  # least bilinear weight, so that a pixel on its own surface counts though another is nearer


def gaussian_blur(values: torch.Tensor, sigma: float) -> torch.Tensor:
    """Map (B, H, W) or (B, H, W, C) blurred by a Gaussian of `sigma` pixels; beyond the border it goes on straight.

    A plane stays what it is, up to the border.
    """
    if sigma <= 0:
        return values
    reach = max(1, math.ceil(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, device=values.device, dtype=values.dtype)
    weights = torch.exp(-0.5 * (offsets / sigma) ** 2)
    weights = (weights / weights.sum()).tolist()
    planes = values[:, None] if values.dim() == 3 else values.movedim(-1, 1)
    for dim in (2, 3):
        length = planes.shape[dim]
        padded = extended(planes, dim, reach)
        blurred = padded.narrow(dim, 0, length) * weights[0]
        for i, weight in enumerate(weights[1:], 1):
            blurred.add_(padded.narrow(dim, i, length), alpha=weight)
        planes = blurred
    return planes[:, 0] if values.dim() == 3 else planes.movedim(1, -1)


def enlarge(values: torch.Tensor, size: Size) -> torch.Tensor:
    """Map (B, H, W) -> (B, *size), bilinear; its edges become soft as in any enlarged picture, and no value leaves the range.

    For what is looked at: `GeometryResize` would leave the edges of a mask or drawing with the grid's stairs.
    """
    if tuple(values.shape[1:]) == tuple(size):
        return values
    large = F.interpolate(values[:, None].float(), size, mode="bilinear", align_corners=False)[:, 0]
    # the weights of four pixels add up to 1 only to rounding, and a mask must not exceed it
    return large.clamp_(values.min(), values.max())


def enlarge_contour(region: torch.Tensor, size: Size) -> torch.Tensor:
    """Bool region (B, H, W) -> coverage (B, *size) in [0, 1] with a smooth, sharp contour instead of the grid's stairs."""
    scale = max(size[0] / region.shape[1], size[1] / region.shape[2])
    if scale <= 1:
        return enlarge(region.float(), size)
    soft = gaussian_blur(region.float(), CONTOUR_BLUR)
    large = F.interpolate(soft[:, None], size, mode="bicubic", align_corners=False)[:, 0]
    # a blurred step rises by 1 / (sigma sqrt(2 pi)) a pixel; on the large grid it is to rise over about two pixels
    steepness = CONTOUR_BLUR * math.sqrt(2 * math.pi) * scale / 2
    return ((large - 0.5) * steepness + 0.5).clamp(0, 1)


def mask_at_photo(pointmap: Pointmap, membership: Callable[[Pointmap], torch.Tensor]) -> torch.Tensor:
    """A soft mask (B, H, W) at the photo's size from what `membership` says of a pointmap's points, (B, h, w) in [0, 1].

    Inside surfaces it is asked about the enlarged geometry, so that contours there are exact; at their edges the mask
    itself is enlarged, so that a silhouette has no stairs and no value between two surfaces makes a seam.
    """
    size = pointmap.source_size
    coarse = membership(pointmap)
    if pointmap.size == tuple(size):
        return coarse
    # the picture is of no use here: one pixel stands for it
    blank = pointmap.image.new_zeros(1, 1, 1, 3).expand(1, *size, 3)
    inside = membership(pointmap_at_size(replace(pointmap, normals=None), blank))
    edge = enlarge(depth_edges(pointmap.depth, pointmap.mask).float(), size) > 0
    return torch.where(edge, enlarge(coarse, size), inside)


@not_in_half
def enlarge_guided(values: torch.Tensor, coarse_depth: torch.Tensor, depth: torch.Tensor) -> torch.Tensor:
    """Map (B, h, w) of a coarse depth -> the size of `depth` (B, H, W), from those of the four pixels around that are near
    in depth (joint bilateral upsampling, Kopf et al. 2007).

    For maps of which the fine depth is known. `GeometryResize`, which knows the coarse one only, takes the surface of the
    nearest coarse pixel: shadows found at half a picture's size and enlarged by it are a third further from the truth.
    """
    size = tuple(depth.shape[1:])
    if tuple(values.shape[1:]) == size:
        return values
    rows, row_weight = _two_around(size[0], coarse_depth.shape[1], depth.device)
    columns, column_weight = _two_around(size[1], coarse_depth.shape[2], depth.device)
    coarse = inverse_depth(coarse_depth, coarse_depth > 0)
    # along the rows once, so that a strip picks whole rows of them
    taps = [tuple(small.index_select(2, at) for small in (values, coarse)) for at in columns]
    large = torch.empty_like(depth)
    for strip in strips(size[0], size[1], depth.device):
        fine = inverse_depth(depth[:, strip], depth[:, strip] > 0)
        nearness = fine.clamp_min(1e-12).reciprocal_()
        total, weights = torch.zeros_like(fine), torch.zeros_like(fine)
        for at, share in zip(rows, row_weight):
            for (value, tap), column_share in zip(taps, column_weight):
                apart = (tap.index_select(1, at[strip]) - fine).mul_(nearness)
                weight = share[strip][:, None] * column_share + NEVER_ALONE
                weight = weight / apart.square_().add_(DEPTH_NOISE**2)
                total.addcmul_(value.index_select(1, at[strip]), weight)
                weights.add_(weight)
        torch.div(total, weights, out=large[:, strip])
    return large


def _two_around(length: int, coarse: int, device: torch.device) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The two coarse places around each of `length` fine ones, and the bilinear weight of each: two lists of (length,)."""
    at = ((torch.arange(length, device=device) + 0.5) * (coarse / length) - 0.5).clamp(0, coarse - 1)
    lower = at.floor().long()
    share = at - lower
    return [lower, (lower + 1).clamp_max(coarse - 1)], [1 - share, share]
