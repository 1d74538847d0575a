"""Triangulation of a depth map's pixel grid, cut where the surface is not one.

Whether two neighbouring pixels lie on one surface is judged on inverse depth w = 1 / z, which is linear in the pixel position
on a plane at any tilt: a step of w from one pixel to the next belongs to a surface where the steps before it, or those
after it, are the same. What counts is therefore the step that neither side explains, and planes are never cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy
import torch

from ..geometry.camera import view_plane_axes
from ..geometry.number_format import not_in_half
from ..geometry.surfaces import DEPTH_EDGE
from .islands import small_islands

# beyond this angle between the ray and the surface normal a step must be straight to be believed
GRAZING_DEGREES = 85.0
BENT_SHARE = 0.2  # share of a grazing step that may stay unexplained
STRAIGHT_REACH = 48  # straightness is judged over this part of the long edge: depth edges are blurred over a few pixels

ROWS_OF_VALUES = 1 << 17  # quads that are written at once, so that their corners stay in the cache
BEND_ROUNDING = 1e-5  # share of inverse depth below which a bend is rounding
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


def _true_places(values: torch.Tensor) -> torch.Tensor:
    """Flat numbers of the elements that are True; NumPy finds them several times as fast as torch on the CPU."""
    return torch.from_numpy(numpy.flatnonzero(values.numpy()))


@dataclass(frozen=True)
class _Lone:
    """Quads with one triangle, all (K,): row and column, and whether the link at its top and the one at its left are in it."""

    row: torch.Tensor
    column: torch.Tensor
    has_top: torch.Tensor
    has_left: torch.Tensor

    def __getitem__(self, chosen: torch.Tensor) -> _Lone:
        return _Lone(self.row[chosen], self.column[chosen], self.has_top[chosen], self.has_left[chosen])

    def corner(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Row and column (K,) of the pixel at which the triangle's two links meet."""
        return self.row + ~self.has_top, self.column + ~self.has_left


@dataclass(frozen=True)
class _Steps:
    """Steps of w from the flat pixels `first` to those `stride` on; `place` is their position along an axis of `length`."""

    w: torch.Tensor
    first: torch.Tensor
    place: torch.Tensor
    stride: int
    length: int

    def __getitem__(self, chosen: torch.Tensor) -> _Steps:
        return replace(self, first=self.first.index_select(0, chosen), place=self.place.index_select(0, chosen))

    def unlike(self, *distances: int) -> torch.Tensor:
        """How much each step differs at most from those so many pixels ahead (behind when negative); inf where one is missing."""
        step = self._after(self.first) - self.w.index_select(0, self.first)
        most = torch.zeros_like(step)
        for distance in distances:
            inside = (self.place >= -distance) & (self.place + 1 + distance < self.length)
            near = torch.where(inside, self.first + self.stride * distance, self.first)
            w_near, w_far = self.w.index_select(0, near), self._after(near)
            known = inside & (w_near > 0) & (w_far > 0)
            most = torch.maximum(most, torch.where(known, (step - (w_far - w_near)).abs_(), math.inf))
        return most

    def _after(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.w.index_select(0, pixels + self.stride)


def _same_surface_links(
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
    places = _true_places(steep)
    row = torch.div(places, steep.shape[1], rounding_mode="floor")
    column = places - row * steep.shape[1]
    steps = _Steps(w.view(-1), row * width + column, (row, column)[dim], (width, 1)[dim], length)
    reach = max(2, round(max(height, width) / STRAIGHT_REACH))
    w_first, w_second = steps.w.index_select(0, steps.first), steps.w.index_select(0, steps.first + steps.stride)
    size, limit = (w_second - w_first).abs(), depth_edge * torch.maximum(w_first, w_second)
    # most steps go on as those before them, so only the others are compared with those after them
    before = steps.unlike(-1, -reach)
    doubtful = _true_places(before > torch.minimum(limit, BENT_SHARE * size))
    steps = steps[doubtful]
    row, column, size, limit = (values[doubtful] for values in (row, column, size, limit))
    w_first, w_second = w_first[doubtful], w_second[doubtful]
    # where there is nothing to compare with, the whole step is unexplained
    unexplained = torch.minimum(torch.minimum(before[doubtful], steps.unlike(1, reach)), size)
    middle = (slopes[steps.place] + slopes[steps.place + 1]) / 2
    # d ln z per radian plus the tilt of the ray itself is the tangent of the angle between ray and surface normal
    incline = (w_second - w_first) / (w_first + w_second) * (2 / spacing)
    incidence = (middle - incline * (1 + middle.square())).abs()
    linked[row, column] = ~((unexplained > limit) | ((incidence > tangent) & (unexplained > BENT_SHARE * size)))
    return linked


def _quads_of_links(across: torch.Tensor, down: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Links (H, W - 1) and (H - 1, W) -> quads (H - 1, W - 1) that are whole, and those that hold one triangle."""
    top, bottom, left, right = across[:-1], across[1:], down[:, :-1], down[:, 1:]
    whole = top & bottom
    sides = left & right
    some = (top | bottom) & (left | right)
    whole &= sides
    return whole, some ^ whole


def _used_links(whole: torch.Tensor, lone: _Lone) -> tuple[torch.Tensor, torch.Tensor]:
    """Links that are edges of triangles: of the whole quads (H - 1, W - 1) and of those with one triangle."""
    height, width = whole.shape[0] + 1, whole.shape[1] + 1
    across, down = whole.new_zeros(height, width - 1), whole.new_zeros(height - 1, width)
    across[:-1] = whole
    across[1:] |= whole
    down[:, :-1] = whole
    down[:, 1:] |= whole
    corner_row, corner_column = lone.corner()
    across[corner_row, lone.column] = True
    down[lone.row, corner_column] = True
    return across, down


def _touched(across: torch.Tensor, down: torch.Tensor) -> torch.Tensor:
    """(H, W) bool: pixels at either end of a link."""
    touched = across.new_zeros(across.shape[0], down.shape[1])
    touched[:, :-1] = across
    touched[:, 1:] |= across
    touched[:-1] |= down
    touched[1:] |= down
    return touched


@not_in_half
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
    w = torch.where(valid, depth.reciprocal(), 0).contiguous()  # pixels are numbered row by row
    tangent = math.tan(math.radians(grazing_degrees)) if grazing_degrees < 90 else math.inf
    a, b = view_plane_axes(intrinsics[None].to(depth), height, width)
    across = _same_surface_links(w, valid, 1, a.reshape(-1), depth_edge, tangent)
    down = _same_surface_links(w, valid, 0, b.reshape(-1), depth_edge, tangent)
    whole, single = _quads_of_links(across, down)
    places = _true_places(single)
    row = torch.div(places, width - 1, rounding_mode="floor") if width > 1 else places
    column = places - row * (width - 1)
    lone = _Lone(row, column, across[row, column], down[row, column])
    across, down = _used_links(whole, lone)
    if smallest_island > 1:
        weights = whole.new_zeros(height, width, dtype=torch.uint8)
        weights[:-1, :-1] = whole
        weights *= 2
        # a lone triangle is charged to the pixel at which its two links meet
        corner = lone.corner()
        weights.index_put_(corner, torch.ones((), dtype=torch.uint8), accumulate=True)
        small = small_islands(across, down, weights, smallest_island)
        if small is not None:
            whole &= ~small[:-1, :-1]
            lone = lone[~small[corner]]
            across &= ~small[:, 1:]
            down &= ~small[1:]
    return _numbered(w, whole, _touched(across, down), lone)


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
        straight[top : top + len(bend), 1:-1] = bend <= middle[:-1, :-1].mul_(BEND_ROUNDING)
    return straight


def _numbered(w: torch.Tensor, whole: torch.Tensor, used: torch.Tensor, lone: _Lone) -> Triangulation:
    """Numbers the used pixels (H, W) and writes the triangles of whole quads (H - 1, W - 1) and of the lone ones."""
    height, width = used.shape
    if bool(used.all()):
        number = torch.arange(height * width, dtype=torch.int32)
        pixels = torch.arange(height * width)
    else:
        number = used.reshape(-1).cumsum(0, dtype=torch.int32).sub_(1)
        pixels = _true_places(used)
    # with corners a top left, b top right, c bottom right, d bottom left
    straight = _straighter_diagonal(w)
    number = number.view(height, width)
    everywhere = bool(whole.all())
    count = whole.numel() if everywhere else int(whole.sum())
    faces = torch.empty(2 * count + len(lone.row), 3, dtype=torch.int32)
    pairs = faces[: 2 * count].view(count, 6)
    rows, end = max(1, ROWS_OF_VALUES // width), 0
    for top in range(0, height - 1, rows):
        stop = min(top + rows, height - 1)
        upper, lower = number[top:stop], number[top + 1 : stop + 1]
        corners = [upper[:, :-1], lower[:, :-1]]
        along = straight[top:stop]
        if everywhere:
            corners, along = [corner.reshape(-1) for corner in corners], along.reshape(-1)
        else:
            chosen = _true_places(whole[top:stop])
            corners = [corner.reshape(-1).index_select(0, chosen) for corner in corners]
            along = along.reshape(-1).index_select(0, chosen)
        a, d = corners
        b, c = a + 1, d + 1  # the next pixel of a row is also the next vertex
        part = pairs[end : end + len(a)]
        end += len(a)
        # (a, d, c), (a, c, b) along a-c, else (a, d, b), (d, c, b)
        part[:, 0], part[:, 1], part[:, 4], part[:, 5] = a, d, c, b
        part[:, 2], part[:, 3] = torch.where(along, c, b), torch.where(along, a, d)
    corners = LONE_CORNERS.to(torch.int64)[lone.has_top.long(), lone.has_left.long()]  # (K, 3, 2)
    faces[2 * count :] = number[lone.row[:, None] + corners[..., 0], lone.column[:, None] + corners[..., 1]]
    return Triangulation(faces, pixels)
