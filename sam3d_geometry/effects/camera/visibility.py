"""Which patch of a photo each pixel of a new picture shows, and at which place: depth-tested, with an exact inverse.

A patch moves by a homography, so the place in the photo that a pixel of the new picture shows is the solution of two linear
equations; the z-buffer of patch centres only says which patches to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from ...geometry.strips import STRIP_PIXELS
from ...geometry.surfaces import DEPTH_EDGE
from .homography import BEHIND, Homography, PlaneAt
from .neighbourhood import NEIGHBOURS, around
from .patches import SLACK, Patches

BEHIND_ALL = (0xBF800000 - (1 << 32)) << 32  # the bits of -1.0 above patch 0: behind all others


class Sight(NamedTuple):
    """What M lines of sight meet in a photo, all tensors (M,).

    x, y   place in the photo, in pixels
    w      inverse depth there, from the photo's camera
    new_w  inverse depth there, from the new camera; -1 where the line meets nothing
    patch  the patch that is met
    """

    x: torch.Tensor
    y: torch.Tensor
    w: torch.Tensor
    new_w: torch.Tensor
    patch: torch.Tensor

    def replace(self, index: torch.Tensor, other: Sight) -> None:
        """Puts the lines of `other` (K,) in place of those at `index` (K,)."""
        for values, new in zip(self, other):
            values.scatter_(0, index, new)

    def take(self, index: torch.Tensor) -> Sight:
        """The lines at `index` (K,)."""
        return Sight(*(values.index_select(0, index) for values in self))


@dataclass(frozen=True)
class Visible:
    """What a new camera sees. Pixels of the new picture and patches are numbered row by row.

    new_w    (H * W,) inverse depth from the new camera, for each pixel; -1 where nothing is seen
    patch    (H * W,) the patch that each pixel shows
    places   (H, W, 2) for each patch the place in the photo seen in the middle of the pixel into which the patch's centre
             falls, as grid_sample takes it
    settled  pixels (M,) that show their patch elsewhere than at its `places`, in parts, with the places
    """

    new_w: torch.Tensor
    patch: torch.Tensor
    places: torch.Tensor
    settled: list[tuple[torch.Tensor, Sight]]

    def places_of(self, patch: torch.Tensor) -> torch.Tensor:
        """`places` of `patch` (M,): (M, 2)."""
        # indexing pairs as complex numbers is many times faster
        return torch.view_as_real(torch.view_as_complex(self.places).view(-1).index_select(0, patch))

    def xy_of(self, patch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`places` of `patch` (M,) as x and y (M,) in pixels of the photo."""
        height, width = self.places.shape[:2]
        x, y = self.places_of(patch).unbind(-1)
        return ((x + 1) * (width / 2)).sub_(0.5), ((y + 1) * (height / 2)).sub_(0.5)


def row_and_column(pixels: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Row and column (M,) of pixels (M,) given by number."""
    row = torch.div(pixels, width, rounding_mode="floor")
    return row, pixels - row * width


class LinesOfSight:
    """Asks the patches of a photo what the lines of sight of a new camera meet."""

    def __init__(self, patches: Patches, homography: Homography):
        self.patches, self.homography = patches, homography
        self.height, self.width = patches.height, patches.width

    def _on_planes(self, patch: torch.Tensor, px: torch.Tensor, py: torch.Tensor) -> tuple[Sight, torch.Tensor]:
        """What the planes of `patch` (M,) show at px, py, however far outside the patch, and how far that is in pixels."""
        p = self.patches
        w, slope_x, slope_y = (t.view(-1).index_select(0, patch) for t in (p.inverse_depth, p.slope_x, p.slope_y))
        row, column = row_and_column(patch, self.width)
        x, y = column.to(w.dtype), row.to(w.dtype)
        plane = PlaneAt(w, slope_x, slope_y, *self.homography.project(x, y, w))
        dx, dy, new_w = plane.meet(px, py, self.homography)
        outside = torch.maximum(dx.abs(), dy.abs())
        return Sight(x.add_(dx), y.add_(dy), w.addcmul_(slope_x, dx).addcmul_(slope_y, dy), new_w, patch), outside

    def ask(self, patch: torch.Tensor, px: torch.Tensor, py: torch.Tensor) -> Sight:
        """What is met at the points px, py (M,) of the new picture on `patch` (M,), or on the patch its plane leads to.

        Where the plane shows a place that another patch holds, that one is asked instead; nothing is met where neither
        holds the place.
        """
        sight, outside = self._on_planes(patch, px, py)
        left = outside > 0.5 + SLACK
        inside = (sight.x >= -0.5) & (sight.x <= self.width - 0.5)
        inside &= (sight.y >= -0.5) & (sight.y <= self.height - 0.5)
        walk = torch.nonzero(left & inside & (sight.new_w >= 0))[:, 0]
        sight.new_w.masked_fill_(left | ~inside, -1)
        if len(walk) == 0:
            return sight
        row = sight.y.index_select(0, walk).round_().clamp_(0, self.height - 1)
        column = sight.x.index_select(0, walk).round_().clamp_(0, self.width - 1)
        second = row.long().mul_(self.width).add_(column.long())
        found, outside = self._on_planes(second, px.index_select(0, walk), py.index_select(0, walk))
        # on one surface both planes tell the same depth: what is left between them is a hairline, not a gap
        w = sight.w.index_select(0, walk)
        joined = ((w - found.w).abs() <= DEPTH_EDGE * torch.maximum(w, found.w)) & (outside <= 1.5)
        found.new_w.masked_fill_(~(joined | (outside <= 0.5 + SLACK)), -1)
        # the first answer names the caller's own tensor of patches
        sight = sight._replace(patch=patch.clone())
        sight.replace(walk, found)
        return sight

    def neighbours(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        """Numbers (M,) of the eight pixels around each of `pixels` (M,), themselves beyond the border of the picture."""
        row, column = row_and_column(pixels, self.width)
        return [
            (row + down).clamp_(0, self.height - 1) * self.width + (column + right).clamp_(0, self.width - 1)
            for down, right in NEIGHBOURS
        ]


def visible(lines: LinesOfSight) -> Visible:
    """What each pixel of the new picture shows."""
    keys, places = _nearest_centres(lines)
    new_w = torch.empty(len(keys), device=keys.device)
    for strip in lines.patches.strips:
        part = slice(strip.start * lines.width, strip.stop * lines.width)
        new_w[part] = (keys[part] >> 32).int().view(torch.float32)
        keys[part].bitwise_and_(0xFFFFFFFF)
    first = Visible(new_w, keys, places, [])
    ahead = around(new_w.view(lines.height, lines.width), torch.maximum).view(-1)
    doubtful = torch.nonzero((ahead > new_w * (1 + DEPTH_EDGE)) & (ahead >= 0))[:, 0]
    # all ask the patches as they were found first, so that no strip sees what another one settled
    settled = [(where, _asked_around(lines, first, where)) for where in doubtful.split(STRIP_PIXELS // 2)]
    for where, sight in settled:
        new_w.scatter_(0, where, sight.new_w)
        keys.scatter_(0, where, sight.patch)
    return Visible(new_w, keys, places, settled)


def _nearest_centres(lines: LinesOfSight) -> tuple[torch.Tensor, torch.Tensor]:
    """For each pixel (H * W,) the key of the nearest patch whose centre falls into it, and the `places` of `Visible`.

    A key is the bits of the new inverse depth, which are in the order of the depths, above the number of the patch.
    """
    p, height, width = lines.patches, lines.height, lines.width
    on_device = p.inverse_depth.device
    # Apple's GPU cannot take the greatest of 64 bits, and shares its memory with the processor
    device = "cpu" if on_device.type == "mps" else on_device
    front = torch.full((height * width + 1,), BEHIND_ALL, device=device)
    places = torch.empty(height, width, 2, device=on_device)
    column = torch.arange(width, device=on_device, dtype=torch.float32)
    rows = torch.arange(height, device=on_device, dtype=torch.float32)[:, None]
    number = torch.arange(height * width, device=on_device)
    per_x, per_y = 2 / width, 2 / height
    grid_column, grid_row = column * per_x + (per_x / 2 - 1), rows * per_y + (per_y / 2 - 1)
    for strip in p.strips:
        w = p.inverse_depth[strip]
        hx, hy, hz = lines.homography.project(column, rows[strip], w)
        scale = hz.clamp(min=BEHIND).reciprocal_()
        px, py = (hx * scale).round_(), torch.mul(hy, scale, out=scale).round_()
        plane = PlaneAt(w, p.slope_x[strip], p.slope_y[strip], hx, hy, hz)
        dx, dy, new_w = plane.meet(px, py, lines.homography)
        inside = torch.maximum(dx.abs(), dy.abs()) <= p.reach[strip]
        inside &= (new_w >= 0) & (px >= 0) & (px < width) & (py >= 0) & (py < height)
        target = torch.where(inside, py, height).long().mul_(width)
        target.add_(torch.where(inside, px, 0).long())
        keys = new_w.view(torch.int32).long().bitwise_left_shift_(32)
        keys += number[strip.start * width : strip.stop * width].view_as(keys)
        front.scatter_reduce_(0, target.view(-1).to(device), keys.view(-1).to(device), "amax")
        torch.add(grid_column, dx, alpha=per_x, out=places[strip, :, 0])
        torch.add(grid_row[strip], dy, alpha=per_y, out=places[strip, :, 1])
    # pixels that no patch holds carry the number of the first
    places[0, 0].nan_to_num_(0).clamp_(-1, 1)
    return front[:-1].to(on_device), places


def _asked_around(lines: LinesOfSight, first: Visible, where: torch.Tensor) -> Sight:
    """What is met in the middle of the pixels `where` (M,): the nearest of the patches that they and those around show."""
    row, column = row_and_column(where, lines.width)
    px, py = column.float(), row.float()
    new_w, patch = first.new_w.index_select(0, where), first.patch.index_select(0, where)
    best = Sight(*first.xy_of(patch), new_w.clone(), new_w.clone(), patch.clone())

    def ask(patch: torch.Tensor, chosen: torch.Tensor) -> None:
        found = lines.ask(patch, px.index_select(0, chosen), py.index_select(0, chosen))
        better = torch.nonzero(found.new_w > best.new_w.index_select(0, chosen))[:, 0]
        best.replace(chosen.index_select(0, better), found.take(better))

    candidates = [(new_w, patch)] + [
        (first.new_w.index_select(0, at), first.patch.index_select(0, at)) for at in lines.neighbours(where)
    ]
    nearest, nearest_patch = torch.full_like(px, -1), torch.zeros_like(where)
    for new_w, patch in candidates:
        nearer = new_w > nearest
        nearest, nearest_patch = torch.where(nearer, new_w, nearest), torch.where(nearer, patch, nearest_patch)
    ask(nearest_patch, torch.arange(len(where), device=where.device))
    for new_w, patch in candidates:
        unknown = torch.nonzero((best.new_w < 0) & (new_w >= 0))[:, 0]
        if len(unknown):
            ask(patch.index_select(0, unknown), unknown)
    return best
