"""Holes of a reprojected photo filled from the surface behind: the background goes on into them as its mirror image.

A point moves along a line of the new picture as its inverse depth grows (the epipolar line), so what a foreground uncovers
lies between it and its background on that line, on the side away from the move. Each pixel of a hole goes back along its
line to the first pixel seen, and shows what lies as far beyond: the background's own texture, which stays in its place
while the hole grows. Where no line leads out (beyond the photo's border) the nearest colours spread, coarse to fine (Gortler
et al., The Lumigraph, 1996).
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from ..resize import DEPTH_EDGE
from .patches import around
from .reprojection import View

LONGEST = 0.25  # of the picture's width: the longest way along a line
GROWTH = 1.4  # of the steps along a line until something is seen
PIXELS_AT_ONCE = 1 << 15
SKIP = 1.0  # pixels at the hole's border that are left out, for they are mixed with the foreground
COARSE = 4  # the spreading works on a picture this many times smaller


def _first_seen(seen: torch.Tensor, x: torch.Tensor, y: torch.Tensor, dx: torch.Tensor, dy: torch.Tensor):
    """Distance (M,) from x, y along the unit steps dx, dy to the first pixel that is seen; inf where none is near."""
    height, width = seen.shape
    flat = seen.reshape(-1)

    def look(distance, which):
        at_x, at_y = (x[which] + dx[which] * distance).round(), (y[which] + dy[which] * distance).round()
        inside = (at_x >= 0) & (at_x < width) & (at_y >= 0) & (at_y < height)
        at = at_y.clamp(0, height - 1).long() * width + at_x.clamp(0, width - 1).long()
        return inside & flat[at], inside

    found = torch.full_like(x, math.inf)
    below, above = torch.zeros_like(x), torch.zeros_like(x)
    waiting = torch.arange(len(x), device=x.device)
    distance = previous = 0.0
    while distance < LONGEST * width and len(waiting):
        distance = max(distance + 1, distance * GROWTH)
        hit, inside = look(distance, waiting)
        met = waiting[hit]
        below[met], above[met] = previous, distance
        found[met] = distance
        # a straight line that has left the picture does not come back
        waiting, previous = waiting[~hit & inside], distance
    met = torch.nonzero(torch.isfinite(found))[:, 0]
    while len(met) and float((above - below)[met].max()) > 1:
        middle = (below[met] + above[met]) * 0.5
        hit, _ = look(middle, met)
        above[met], below[met] = torch.where(hit, middle, above[met]), torch.where(hit, below[met], middle)
    found[met] = above[met]
    return found


def _spread(image: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Colours (H, W, 3) under weight (H, W) spread to where it is 0, on a picture COARSE times smaller: (1, 3, h, w)."""
    planes = torch.cat([image.movedim(-1, 0) * weight, weight[None]])[None]
    planes = F.avg_pool2d(planes, COARSE, ceil_mode=True, count_include_pad=False)
    levels = [planes]
    while max(levels[-1].shape[2:]) > 1:
        levels.append(F.avg_pool2d(levels[-1], 2, ceil_mode=True, count_include_pad=False))
    coarse = levels[-1][:, :3] / levels[-1][:, 3:].clamp_min(1e-6)
    for level in reversed(levels[:-1]):
        coarse = F.interpolate(coarse, level.shape[2:], mode="bilinear", align_corners=False)
        share = level[:, 3:]
        own = level[:, :3] / share.clamp_min(1e-6)
        coarse = torch.lerp(coarse, own, (share * 4).clamp_max(1))
    return coarse


def _fringe_beside_holes(view: View, fringe: torch.Tensor, margin: int) -> torch.Tensor:
    """(H, W) bool: pixels seen that belong to `fringe` (H, W) of the photo and lie within `margin` pixels of a hole."""
    near = view.seen < 1
    for _ in range(margin):
        near = around(near, torch.logical_or)
    beside = torch.nonzero((near & (view.seen > 0)).view(-1))[:, 0]
    found = torch.zeros(view.seen.numel(), dtype=torch.bool, device=view.seen.device)
    found[beside] = fringe.reshape(-1)[view.pixel.reshape(-1)[beside]]
    return found.view_as(view.seen)


def _without_slivers(share: torch.Tensor) -> torch.Tensor:
    """Share seen (H, W), 0 where pixels belong to no square of three by three seen ones: strays in the middle of a hole."""
    seen = share >= 0.5
    inner = around(~seen, torch.logical_or).logical_not_()
    # the border of the picture cuts squares off
    inner[[0, -1]] |= seen[[0, -1]]
    inner[:, [0, -1]] |= seen[:, [0, -1]]
    solid = around(inner, torch.logical_or)
    soft_edge = (share < 1) & around(solid, torch.logical_or)
    return share.masked_fill(~(solid | soft_edge), 0)


def _away(x: torch.Tensor, y: torch.Tensor, b: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit steps dx, dy from pixels (M,) away from where nearer things went; 0 where nothing went anywhere."""
    dx, dy = x * b[2] - b[0], y * b[2] - b[1]
    length = torch.hypot(dx, dy)
    scale = torch.where(length > 1e-9 * max(1.0, abs(b[0]), abs(b[1])), 1 / length.clamp_min(1e-30), 0)
    return dx.mul_(scale), dy.mul_(scale)


def _inwards(x: torch.Tensor, y: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit steps dx, dy from pixels (M,) straight away from the nearest border of the picture."""
    from_right, from_bottom = size[1] - 1 - x, size[0] - 1 - y
    across = torch.minimum(x, from_right) <= torch.minimum(y, from_bottom)
    dx = torch.where(x <= from_right, 1.0, -1.0).to(x)
    dy = torch.where(y <= from_bottom, 1.0, -1.0).to(x)
    return dx * across, dy * ~across


def fill_holes(view: View, shift: torch.Tensor, fringe: torch.Tensor, margin: int) -> torch.Tensor:
    """Image (H, W, 3) of a view without holes; `shift` (3,) is the b of `pixel_homography`, the way of inverse depth.

    Beside holes the pixels of `fringe` (H, W bool, of the photo) are painted over as well, up to `margin` pixels deep. A view
    that sees nothing at all stays black.
    """
    height, width = view.seen.shape
    share = view.seen
    if margin > 0:
        share = share.masked_fill(_fringe_beside_holes(view, fringe, margin + 1), 0)
    share = _without_slivers(share)
    holes = torch.nonzero(share.reshape(-1) < 1)[:, 0]
    if len(holes) == 0:
        return view.image
    seen = share >= 1
    planes = view.image.movedim(-1, 0).reshape(3, -1)
    filled, share, spread = planes.clone(), share.reshape(-1), None
    for some in holes.split(PIXELS_AT_ONCE):
        row = torch.div(some, width, rounding_mode="floor")
        x, y = (some - row * width).float(), row.float()
        dx, dy = _away(x, y, shift.tolist())
        distance = _first_seen(seen, x, y, dx, dy)
        lost = torch.nonzero(torch.isinf(distance))[:, 0]
        if len(lost):
            dx[lost], dy[lost] = _inwards(x[lost], y[lost], (height, width))
            distance[lost] = _first_seen(seen, *(t[lost] for t in (x, y, dx, dy)))
        led = torch.isfinite(distance)
        colours = _mirrored(planes, view.inverse_depth, seen, x, y, dx, dy, torch.where(led, distance, 0))
        lost = torch.nonzero(~led)[:, 0]
        if len(lost):
            spread = _spread(view.image, seen.float()) if spread is None else spread
            grid = torch.stack([(x[lost] * 2 + 1) / width - 1, (y[lost] * 2 + 1) / height - 1], -1)[None, None]
            colours[:, lost] = F.grid_sample(spread, grid, padding_mode="border", align_corners=False)[0, :, 0]
        filled[:, some] = torch.lerp(colours, planes[:, some], share[some])
    return filled.view(3, height, width).movedim(0, -1)


def _mirrored(planes, inverse_depth, seen, x, y, dx, dy, distance) -> torch.Tensor:
    """Colours (3, M) as far beyond the hole's border as the pixel lies before it, or nearer where that is another surface."""
    height, width = seen.shape
    depths, is_seen = inverse_depth.reshape(-1), seen.reshape(-1)

    def pixel_at(far):
        at_x, at_y = (x + dx * far).round(), (y + dy * far).round()
        inside = (at_x >= 0) & (at_x < width) & (at_y >= 0) & (at_y < height)
        at = at_y.clamp(0, height - 1).long() * width + at_x.clamp(0, width - 1).long()
        return at, inside & is_seen[at]

    border, _ = pixel_at(distance)
    limit = depths[border] * (1 + 2 * DEPTH_EDGE)
    source, open_ = border, torch.ones_like(x, dtype=torch.bool)
    for share in (1.0, 0.5, 0.25, 0.0):
        at, there = pixel_at(distance * (1 + share) + SKIP)
        take = open_ & there & (depths[at] <= limit)
        source = torch.where(take, at, source)
        open_ &= ~take
    return planes[:, source]
