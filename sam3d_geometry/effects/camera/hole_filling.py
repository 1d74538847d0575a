"""Holes of a reprojected photo filled from the surface behind: the background goes on into them as its mirror image.

A point moves along a line of the new picture as its inverse depth grows (the epipolar line), so what a foreground uncovers
lies between it and its background on that line, on the side away from the move. Each pixel of a hole goes back along its
line to the first pixel seen, and shows what lies as far beyond: the background's own texture, which stays in its place
while the hole grows. Where no line leads out (beyond the photo's border) the nearest colours spread, coarse to fine (Gortler
et al., The Lumigraph, 1996).
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ...geometry.sampling import sample_bilinear
from ...geometry.surfaces import DEPTH_EDGE
from .neighbourhood import around
from .reprojection import NewView

LONGEST_WAY = 0.25  # of the picture's width: the longest way along a line
PIXELS_AT_ONCE = 1 << 15  # so that the temporaries of a walk stay in the cache
SKIP = 1.0  # pixels at the hole's border that are left out, for they are mixed with the foreground
COARSE = 4  # the spreading works on a picture this many times smaller


def _xy_of_numbers(number: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """x and y of pixels (M,) given by number."""
    row = torch.div(number, width, rounding_mode="floor")
    return (number - row * width).float(), row.float()


def _pixel_at(x: torch.Tensor, y: torch.Tensor, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of the pixels nearest to x, y (M,), which may be overwritten, and whether these lie inside the picture."""
    height, width = size
    column, row = x.round_().clamp(0, width - 1), y.round_().clamp(0, height - 1)
    return row.long().mul_(width).add_(column.long()), (x == column) & (y == row)


def _lead(border: torch.Tensor, holes: torch.Tensor, steps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Sets `border` of those of `holes` (M,) that unit steps dx, dy (2, M) lead to a pixel seen; gives which are left, (N,).

    `border` (H * W,) holds the number of the pixel seen at which the line of each pixel ends, its own where it is seen, -1
    where unknown. A way of 2 n pixels is one of n, whose end knows the next n: the ways double until all have an end.
    """
    _, width = size
    waiting = list(zip(*(t.split(PIXELS_AT_ONCE) for t in (*_xy_of_numbers(holes, width), *steps, holes))))
    distance = 1
    while distance < LONGEST_WAY * width and waiting:
        walking, waiting = waiting, []
        for x, y, dx, dy, number in walking:
            at, inside = _pixel_at(torch.add(x, dx, alpha=distance), torch.add(y, dy, alpha=distance), size)
            end = border.index_select(0, at).masked_fill_(~inside, -1)
            border.scatter_(0, number, end)
            # a straight line that has left the picture does not come back
            on = torch.nonzero(inside & (end < 0))[:, 0]
            if len(on):
                waiting.append([t.index_select(0, on) for t in (x, y, dx, dy, number)])
        distance *= 2
    return torch.nonzero(border.index_select(0, holes) < 0)[:, 0]


def _spread_colours(image: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Colours (H, W, 3) under weight (H, W) spread to where it is 0, on a picture COARSE times smaller: (1, 3, h, w)."""
    first = COARSE // 2 if min(weight.shape) > COARSE // 2 else 0
    image, weight = image[first::COARSE, first::COARSE], weight[first::COARSE, first::COARSE]
    planes = torch.cat([image.movedim(-1, 0) * weight, weight[None]])[None]
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


def _fringe_beside_holes(view: NewView, fringe: torch.Tensor, margin: int) -> torch.Tensor:
    """(H, W) bool: pixels seen that belong to `fringe` (H, W) of the photo and lie within `margin` pixels of a hole."""
    near = around(view.seen < 1, torch.logical_or, margin)
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


def fill_holes(view: NewView, shift: list[float], fringe: torch.Tensor, margin: int) -> torch.Tensor:
    """The image (H, W, 3) of a view, painted in place so that it has no holes; `shift` (3,) is the b of `pixel_homography`, the way of inverse depth.

    Beside holes the pixels of `fringe` (H, W bool, of the photo) are painted over as well, up to `margin` pixels deep. A view
    that sees nothing at all stays black.
    """
    height, width = view.seen.shape
    size = height, width
    share = view.seen
    if margin > 0:
        share = share.masked_fill(_fringe_beside_holes(view, fringe, margin + 1), 0)
    share = _without_slivers(share)
    seen = (share >= 1).view(-1)
    holes = torch.nonzero(~seen)[:, 0]
    if len(holes) == 0:
        return view.image
    planes, share, inverse_depth = view.image.movedim(-1, 0).reshape(3, -1), share.view(-1), view.inverse_depth.view(-1)
    border = torch.arange(len(seen), device=seen.device).masked_fill_(~seen, -1)
    steps = torch.stack(_away(*_xy_of_numbers(holes, width), shift))
    lost = _lead(border, holes, steps, size)
    if len(lost):
        turned = holes.index_select(0, lost)
        inwards = torch.stack(_inwards(*_xy_of_numbers(turned, width), size))
        steps.scatter_(1, lost.expand(2, -1), inwards)
        lost = turned.index_select(0, _lead(border, turned, inwards, size))
        border.scatter_(0, lost, lost)
    for some, dx, dy in zip(*(t.split(PIXELS_AT_ONCE) for t in (holes, *steps))):
        source = _mirror_sources(inverse_depth, seen, border.index_select(0, some), some, steps=(dx, dy), size=size)
        own = share.index_select(0, some)
        for plane in planes:
            plane.scatter_(0, some, torch.lerp(plane.index_select(0, source), plane.index_select(0, some), own))
    if len(lost):
        x, y = _xy_of_numbers(lost, width)
        grid = torch.stack([(x * 2 + 1) / width - 1, (y * 2 + 1) / height - 1], -1)
        spread = _spread_colours(view.image, seen.view(size).float())
        colours = sample_bilinear(spread[0], grid)
        own = share.index_select(0, lost)
        for plane, colour in zip(planes, colours):
            plane.scatter_(0, lost, torch.lerp(colour, plane.index_select(0, lost), own))
    return planes.view(3, height, width).movedim(0, -1)


def _mirror_sources(
    inverse_depth: torch.Tensor,
    seen: torch.Tensor,
    border: torch.Tensor,
    holes: torch.Tensor,
    *,
    steps: tuple[torch.Tensor, torch.Tensor],
    size: tuple[int, int],
) -> torch.Tensor:
    """Numbers (M,) of the pixels as far beyond the hole's border as each of `holes` (M,) lies in front of it.

    They are nearer to the border where that is another surface than at the pixel `border` (M,). `inverse_depth` and `seen`
    (H * W,) are those of the picture of `size` (H, W), `steps` the unit steps dx and dy (M,) from a hole to its border.
    """
    dx, dy = steps
    x, y = _xy_of_numbers(holes, size[1])
    border_x, border_y = _xy_of_numbers(border, size[1])
    distance = border_x.sub_(x).mul_(dx).addcmul_(border_y.sub_(y), dy).clamp_min_(0)
    limit = inverse_depth.index_select(0, border) * (1 + 2 * DEPTH_EDGE)
    source, waiting = border.clone(), torch.arange(len(holes), device=holes.device)
    for share in (1.0, 0.5, 0.25, 0.0):
        far = distance * (1 + share) + SKIP
        at, inside = _pixel_at(torch.addcmul(x, dx, far), torch.addcmul(y, dy, far), size)
        take = inside & seen.index_select(0, at) & (inverse_depth.index_select(0, at) <= limit)
        source.scatter_(0, waiting.masked_select(take), at.masked_select(take))
        left = torch.nonzero(~take)[:, 0]
        if len(left) == 0:
            break
        waiting, x, y, dx, dy, distance, limit = (
            t.index_select(0, left) for t in (waiting, x, y, dx, dy, distance, limit)
        )
    return source
