"""Depth edges that an estimator has blurred: which pixels lie on the ramp between two surfaces, and how wide the ramps are.

All maps are inverse depth (B, H, W), 0 where there is none: sky is a surface that is infinitely far. On a plane inverse depth is
linear in the pixel position, so what a step has in excess of those a little before and after it is 0 there.
"""

from __future__ import annotations

import torch

from ..geometry.surfaces import DEPTH_EDGE, average_linked, ends_of, excess, inverse_jumps, linked_difference
from ..geometry.widening import widened

RAMP_STEP = 0.02  # relative excess from one pixel to the next that a ramp has: a few times the noise of an estimator
RAMP_LENGTH = 4  # pixels of a ramp; wider ones are looked for in a map of half, or a quarter, of the size
RAMP_CONTRAST = 0.06  # relative excess over that length below which steps are noise or relief
RIDGE = 3  # pixels on both sides of the top of something thin within which it has ended, and over which a ramp bends
EDGE_STRIDES = (1, 2, 4)
WIDE_CONTRAST = 0.12  # of the edges that tell how wide ramps are
SKY_CONTRAST = 1e3  # beyond it one side is the sky
SHARP_SHARE = 0.55  # of the rise of all edges that ramps no longer than RAMP_LENGTH have where a size does for them


def joined(inverse: torch.Tensor, edge: float = DEPTH_EDGE) -> tuple[torch.Tensor, torch.Tensor]:
    """As `surfaces.surface_links`, down (B, H-1, W) and along (B, H, W-1), but two pixels of the sky are joined too."""
    links = []
    for dim in (1, 2):
        length = inverse.shape[dim] - 1
        same = inverse_jumps(inverse, dim) <= edge
        links.append(same | (torch.maximum(inverse.narrow(dim, 0, length), inverse.narrow(dim, 1, length)) <= 0))
    return links[0], links[1]


def _long_jumps(inverse: torch.Tensor, dim: int, length: int) -> torch.Tensor:
    """Relative jump over `length` pixels along `dim` in excess of the slope, inf into the sky: `length` less along it."""
    count = inverse.shape[dim] - length
    first, second = inverse.narrow(dim, 0, count), inverse.narrow(dim, length, count)
    jump = excess(second - first, dim, length).abs()
    nearest = torch.minimum(first, second).clamp_min(torch.finfo(inverse.dtype).tiny)
    return torch.where(jump > 0, jump / nearest, 0)


def _contrasts(inverse: torch.Tensor, length: int, contrast: float) -> torch.Tensor:
    """Bool (B, H, W): pixels within a stretch of `length` steps whose ends are apart by more than `contrast`."""
    found = torch.zeros_like(inverse, dtype=torch.bool)
    for dim in (1, 2):
        if inverse.shape[dim] <= length:
            continue
        apart = _long_jumps(inverse, dim, length) > contrast
        for start in range(length + 1):
            found.narrow(dim, start, apart.shape[dim]).logical_or_(apart)
    return found


def on_ramps(inverse: torch.Tensor) -> torch.Tensor:
    """Bool (B, H, W): pixels of blurred edges, and those on both sides of sharp ones; none on a plane or at a crease."""
    contrasts = _contrasts(inverse, RAMP_LENGTH, RAMP_CONTRAST)
    return ends_of(joined(inverse, RAMP_STEP)) & widened(contrasts, 1)


def on_ridges(inverse: torch.Tensor) -> torch.Tensor:
    """Bool (B, H, W): the middle of what is thinner than its blur, such as a pole or a gap: there is no other pixel of its surface."""
    found = torch.zeros_like(inverse, dtype=torch.bool)
    for dim in (1, 2):
        count = inverse.shape[dim] - 2 * RIDGE
        if count < 1:
            continue
        far_before, before, here, after, far_after = (
            inverse.narrow(dim, RIDGE + step, count) for step in (-RIDGE, -1, 0, 1, RIDGE)
        )
        top, low = torch.maximum(far_before, far_after), torch.minimum(far_before, far_after)
        steep = _steepness(inverse, 3 - dim).narrow(dim, RIDGE, count)
        is_top = (here >= torch.maximum(before, after)) & (here - top > torch.maximum(DEPTH_EDGE * top, steep))
        is_low = (here <= torch.minimum(before, after)) & (low - here > torch.maximum(DEPTH_EDGE * here, steep))
        found.narrow(dim, RIDGE, count).logical_or_(is_top | is_low)
    return found


def _steepness(inverse: torch.Tensor, dim: int) -> torch.Tensor:
    """Difference of the pixels before and after each one along `dim` (B, H, W): on the side of a ramp it is all that varies."""
    length = inverse.shape[dim]
    at = torch.arange(length, device=inverse.device)
    after, before = (at + 1).clamp_max(length - 1), (at - 1).clamp_min(0)
    return (inverse.index_select(dim, after) - inverse.index_select(dim, before)).abs()


def falling_into_sky(inverse: torch.Tensor) -> torch.Tensor:
    """Bool (B, H, W): pixels beside the sky where a surface falls away faster than a plane, as a ramp that the mask cuts off does."""
    found = torch.zeros_like(inverse, dtype=torch.bool)
    for dim in (1, 2):
        count = inverse.shape[dim] - 2 * RIDGE
        if count < 1:
            continue
        first, middle, last = (inverse.narrow(dim, start, count) for start in (0, RIDGE, 2 * RIDGE))
        for ends, end, beyond in ((first, 0, last), (last, 2 * RIDGE, first)):
            fallen = (ends > 0) & (beyond > 0) & (2 * middle - beyond > (1 + RAMP_CONTRAST) * ends)
            found.narrow(dim, end, count).logical_or_(fallen)
    return found & widened(inverse <= 0, 2 * RAMP_LENGTH)


def slopes(
    inverse: torch.Tensor,
    links: tuple[torch.Tensor, torch.Tensor],
    on_surface: torch.Tensor,
    pure: torch.Tensor,
    radius: int,
) -> torch.Tensor:
    """Change of inverse depth per pixel down the rows and along the columns (B, H, W, 2), averaged over the surface around.

    Only steps between `pure` pixels count; the others that are `on_surface` (both (B, H, W) bool) get what those within about
    `radius` have. `links` are those of `joined`.
    """
    steps, around = [], []
    for dim, link in zip((1, 2), links):
        length = link.shape[dim]
        for where, found in ((pure, steps), (on_surface, around)):
            found.append(link & where.narrow(dim, 0, length) & where.narrow(dim, 1, length))
    change = [linked_difference(inverse[..., None], step, dim) for dim, step in zip((1, 2), steps)]
    counted = pure[..., None].to(inverse.dtype)
    sums = average_linked(torch.cat([*change, torch.ones_like(counted)], -1) * counted, (around[0], around[1]), radius)
    return sums[..., :2] / sums[..., 2:].clamp_min(torch.finfo(inverse.dtype).tiny)


def _rise(inverse: torch.Tensor, length: int) -> list[float]:
    """How much all edges of each frame (B, H, W) rise within `length` pixels, summed along them, in shares of the nearer depth's inverse."""
    totals = [0.0] * len(inverse)
    for dim in (1, 2):
        if inverse.shape[dim] > length:
            jumps = _long_jumps(inverse, dim, length)
            counted = (jumps > WIDE_CONTRAST) & (jumps < SKY_CONTRAST)
            risen = torch.where(counted, jumps / (1 + jumps), 0)
            # each frame summed as if alone: no other one's rounding decides
            totals = [total + float(frame.sum()) / length for total, frame in zip(totals, risen)]
    return totals


def ramp_strides(inverse: torch.Tensor) -> list[int]:
    """By how much each map of (B, H, W) is to be shrunk so that most of its ramps are no longer than RAMP_LENGTH: 1, 2 or 4.

    A stretch that is longer than the ramps sees all of their rise, from as many places as it is long; a shorter one does
    not. Edges of the sky say nothing of the others: a mask is always sharp.
    """
    whole = _rise(inverse, RAMP_LENGTH * EDGE_STRIDES[-1])
    strides = [EDGE_STRIDES[-1]] * len(inverse)
    left = list(range(len(inverse)))
    for stride in EDGE_STRIDES[:-1]:
        risen = _rise(inverse if len(left) == len(inverse) else inverse[left], RAMP_LENGTH * stride) if left else []
        enough = {i for i, rise in zip(left, risen) if rise >= SHARP_SHARE * whole[i]}
        strides = [stride if i in enough else found for i, found in enumerate(strides)]
        left = [i for i in left if i not in enough]
    return strides
