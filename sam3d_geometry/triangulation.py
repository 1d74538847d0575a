"""Triangulation of a depth map's pixel grid, cut where the surface is not one.

Whether two neighbouring pixels lie on one surface is judged on inverse depth w = 1 / z, which is linear in the pixel position
on a plane at any tilt: a step of w from one pixel to the next belongs to a surface where the steps before it, or those
after it, are the same. What counts is therefore the step that neither side explains, and planes are never cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .camera import view_plane_axes
from .islands import small_islands
from .resize import DEPTH_EDGE

GRAZING_DEGREES = 85.0  # beyond this angle between the ray and the surface normal a step must be straight to be believed
BENT_SHARE = 0.2  # share of a grazing step that may stay unexplained
REACH = 48  # straightness is judged over this part of the long edge: depth edges are blurred over a few pixels

ROWS_OF_VALUES = 1 << 17  # quads that are written at once, so that their corners stay in the cache
FLAT = 1e-5  # share of inverse depth below which a bend is rounding
_A, _B, _C, _D = (0, 0), (0, 1), (1, 1), (1, 0)  # row and column of a quad's corners, clockwise from the top left
LONE_CORNERS = torch.tensor([[[_D, _C, _B], [_A, _D, _C]], [[_A, _C, _B], [_A, _D, _B]]])  # [has top][has left]


@dataclass(frozen=True)
class Triangulation:
    """Triangles over the pixels of one depth map.

    faces  (M, 3) int32, numbers into `pixels`, counter-clockwise as the camera sees them
    pixels (N,) int64, the flat numbers of the pixels that are vertices, in reading order
    """

    faces: torch.Tensor
    pixels: torch.Tensor


def _unexplained(
    w: torch.Tensor, first: torch.Tensor, place: torch.Tensor, stride: int, length: int, reach: int
) -> torch.Tensor:
    """Step of w from flat pixel `first` to the one `stride` on, less what the steps before or after it explain.

    `place` is the pixel's position along the axis, which has `length` pixels. Positive where it is unexplained.
    """
    step = w[first + stride] - w[first]

    def apart(ahead: bool, distance: int) -> torch.Tensor:
        near = first + stride * (distance if ahead else -distance)
        inside = (place + 1 + distance < length) if ahead else (place >= distance)
        near = torch.where(inside, near, first)
        w_near, w_far = w[near], w[near + stride]
        other = w_far - w_near
        known = inside & (w_near > 0) & (w_far > 0)
        return torch.where(known, (step - other).abs(), math.inf)

    sides = [torch.maximum(apart(ahead, 1), apart(ahead, reach)) for ahead in (False, True)]
    # where there is nothing to compare with, the whole step is unexplained
    return torch.minimum(torch.minimum(*sides), step.abs())


def _links(
    w: torch.Tensor, valid: torch.Tensor, dim: int, slopes: torch.Tensor, depth_edge: float, tangent: float
) -> torch.Tensor:
    """Bool: whether a pixel and the next along `dim` lie on one surface; `slopes` are x / z or y / z along `dim`."""
    height, width = w.shape
    length = w.shape[dim]
    first, second = w.narrow(dim, 0, length - 1), w.narrow(dim, 1, length - 1)
    linked = valid.narrow(dim, 0, length - 1) & valid.narrow(dim, 1, length - 1)
    if length < 2:
        return linked
    spacing = float(slopes[1] - slopes[0])
    outermost = float(slopes.abs().max())
    # the least relative step that either test can object to
    least = min(depth_edge, max(tangent - outermost, 0) / (1 + outermost**2) * spacing)
    ratio = (2 + least) / (2 - least)
    scaled = w * ratio
    steep = torch.gt(first, scaled.narrow(dim, 1, length - 1))
    steep |= torch.gt(second, scaled.narrow(dim, 0, length - 1))
    steep &= linked
    row, column = steep.nonzero(as_tuple=True)
    if not len(row):
        return linked
    stride, place = (width, row) if dim == 0 else (1, column)
    flat, at = w.view(-1), row * width + column
    reach = max(2, round(max(height, width) / REACH))
    unexplained = _unexplained(flat, at, place, stride, length, reach)
    w_first, w_second = flat[at], flat[at + stride]
    step = w_second - w_first
    jump = unexplained > depth_edge * torch.maximum(w_first, w_second)
    middle = (slopes[place] + slopes[place + 1]) / 2
    # d ln z per radian plus the tilt of the ray itself is the tangent of the angle between ray and surface normal
    incidence = (middle - step / (w_first + w_second) * (2 / spacing) * (1 + middle.square())).abs()
    grazing = (incidence > tangent) & (unexplained > BENT_SHARE * step.abs())
    linked[row, column] = ~(jump | grazing)
    return linked


def _quads(across: torch.Tensor, down: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Links (H, W - 1) and (H - 1, W) -> quads (H - 1, W - 1) that are whole, and those that hold one triangle."""
    top, bottom, left, right = across[:-1], across[1:], down[:, :-1], down[:, 1:]
    whole = top & bottom
    sides = left & right
    some = (top | bottom) & (left | right)
    whole &= sides
    return whole, some ^ whole


def _used_links(
    whole: torch.Tensor, row: torch.Tensor, column: torch.Tensor, use_top: torch.Tensor, use_left: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Links that are edges of triangles: of the whole quads (H - 1, W - 1) and of those with one triangle."""
    height, width = whole.shape[0] + 1, whole.shape[1] + 1
    across, down = whole.new_zeros(height, width - 1), whole.new_zeros(height - 1, width)
    across[:-1] = whole
    across[1:] |= whole
    down[:, :-1] = whole
    down[:, 1:] |= whole
    across[torch.where(use_top, row, row + 1), column] = True
    down[row, torch.where(use_left, column, column + 1)] = True
    return across, down


def _touched(across: torch.Tensor, down: torch.Tensor) -> torch.Tensor:
    """(H, W) bool: pixels at either end of a link."""
    touched = across.new_zeros(across.shape[0], down.shape[1])
    touched[:, :-1] = across
    touched[:, 1:] |= across
    touched[:-1] |= down
    touched[1:] |= down
    return touched


def triangulate(
    depth: torch.Tensor,
    mask: torch.Tensor,
    intrinsics: torch.Tensor,
    depth_edge: float = DEPTH_EDGE,
    grazing_degrees: float = GRAZING_DEGREES,
    smallest_island: int = 0,
) -> Triangulation:
    """Depth (H, W), mask (H, W) and normalised intrinsics (3, 3) of one frame, on the CPU -> its triangles.

    Pixels are joined unless depth jumps between them by more than `depth_edge` (relative) beyond what the slope on one of
    the two sides explains, or the surface is seen at more than `grazing_degrees` from its normal and is not straight.
    Quads are split along the diagonal on which inverse depth is straighter. Islands of fewer than `smallest_island`
    triangles are left out.
    """
    height, width = depth.shape
    valid = mask & (depth > 0)
    w = torch.where(valid, depth.reciprocal(), 0)
    tangent = math.tan(math.radians(grazing_degrees)) if grazing_degrees < 90 else math.inf
    a, b = view_plane_axes(intrinsics[None].to(depth), height, width)
    across = _links(w, valid, 1, a.reshape(-1), depth_edge, tangent)
    down = _links(w, valid, 0, b.reshape(-1), depth_edge, tangent)
    whole, lone = _quads(across, down)
    row, column = lone.nonzero(as_tuple=True)
    use_top, use_left = across[row, column], down[row, column]
    across, down = _used_links(whole, row, column, use_top, use_left)
    if smallest_island > 1:
        weights = whole.new_zeros(height, width, dtype=torch.uint8)
        weights[:-1, :-1] = whole
        weights *= 2
        # a lone triangle is charged to the pixel at which its two links meet
        corner = (row + ~use_top, column + ~use_left)
        weights.index_put_(corner, torch.ones((), dtype=torch.uint8), accumulate=True)
        small = small_islands(across, down, weights, smallest_island)
        if small is not None:
            whole &= ~small[:-1, :-1]
            kept = ~small[corner]
            row, column, use_top, use_left = (values[kept] for values in (row, column, use_top, use_left))
            across &= ~small[:, 1:]
            down &= ~small[1:]
    return _number(w, whole, _touched(across, down), row, column, use_top, use_left)


def _straighter_diagonal(w: torch.Tensor) -> torch.Tensor:
    """Bool (H - 1, W - 1): whether w (H, W) runs straighter along the diagonal from a quad's top left than along the other.

    So an edge of the mesh lies on a crease rather than across it. On a plane, where both are straight, always True.
    """
    straight = torch.ones(w.shape[0] - 1, w.shape[1] - 1, dtype=torch.bool)
    rows = max(1, ROWS_OF_VALUES // w.shape[1])
    for top in range(1, w.shape[0] - 2, rows):
        band = w[top - 1 : min(top + rows, w.shape[0] - 2) + 2]
        middle = band[1:-1, 1:-1] * 2
        falling = (band[:-2, :-2] - middle).add_(band[2:, 2:]).abs_()
        rising = (band[:-2, 2:] - middle).add_(band[2:, :-2]).abs_()
        bend = (falling[:-1, :-1] + falling[1:, 1:]).sub_(rising[:-1, 1:]).sub_(rising[1:, :-1])
        straight[top : top + len(bend), 1:-1] = bend <= middle[:-1, :-1].mul_(FLAT)
    return straight


def _number(
    w: torch.Tensor,
    whole: torch.Tensor,
    used: torch.Tensor,
    row: torch.Tensor,
    column: torch.Tensor,
    use_top: torch.Tensor,
    use_left: torch.Tensor,
) -> Triangulation:
    """Numbers the used pixels (H, W) and writes the triangles of whole quads (H - 1, W - 1) and of the lone ones."""
    height, width = used.shape
    if bool(used.all()):
        number = torch.arange(height * width, dtype=torch.int32)
        pixels = torch.arange(height * width)
    else:
        number = used.view(-1).cumsum(0, dtype=torch.int32).sub_(1)
        pixels = used.view(-1).nonzero()[:, 0]
    # with corners a top left, b top right, c bottom right, d bottom left
    straight = _straighter_diagonal(w)
    number = number.view(height, width)
    everywhere = bool(whole.all())
    count = whole.numel() if everywhere else int(whole.sum())
    faces = torch.empty(2 * count + len(row), 3, dtype=torch.int32)
    pairs = faces[: 2 * count].view(count, 6)
    rows, end = max(1, ROWS_OF_VALUES // width), 0
    for top in range(0, height - 1, rows):
        stop = min(top + rows, height - 1)
        upper, lower = number[top:stop], number[top + 1 : stop + 1]
        corners = [upper[:, :-1], upper[:, 1:], lower[:, 1:], lower[:, :-1]]
        along = straight[top:stop]
        if everywhere:
            corners, along = [corner.reshape(-1) for corner in corners], along.reshape(-1)
        else:
            chosen = whole[top:stop].reshape(-1).nonzero()[:, 0]
            corners = [corner.reshape(-1)[chosen] for corner in corners]
            along = along.reshape(-1)[chosen]
        a, b, c, d = corners
        part = pairs[end : end + len(a)]
        end += len(a)
        # (a, d, c), (a, c, b) along a-c, else (a, d, b), (d, c, b)
        part[:, 0], part[:, 1], part[:, 4], part[:, 5] = a, d, c, b
        part[:, 2], part[:, 3] = torch.where(along, c, b), torch.where(along, a, d)
    corners = LONE_CORNERS.to(torch.int64)[use_top.long(), use_left.long()]  # (K, 3, 2)
    faces[2 * count :] = number[row[:, None] + corners[..., 0], column[:, None] + corners[..., 1]]
    return Triangulation(faces, pixels)
