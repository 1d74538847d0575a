"""A photo with depth seen from another camera: its patches, depth-tested, with an exact inverse.

A patch moves by a homography, so the place in the photo that a pixel of the new picture shows is the solution of two linear
equations; the z-buffer of patch centres only says which patches to ask.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ...geometry.surfaces import DEPTH_EDGE
from .patches import SLACK, Patches, around

BEHIND = 1e-2  # a patch whose depth falls below this share of its old one is behind or at the new camera
NOBODY = (0xBF800000 - (1 << 32)) << 32  # the bits of -1.0 above patch 0: behind all others
STRIP_VALUES = 1 << 16  # values a strip holds, so that its dozen temporaries stay in the cache
SUBSAMPLES = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # rotated grid in an edge pixel
NEIGHBOURS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))  # rows down, columns right


@dataclass(frozen=True)
class View:
    """What a new camera sees of a photo.

    image          (H, W, 3) colours; 0 where nothing of the photo is seen
    seen           (H, W) share of the pixel that shows a part of the photo, 0 to 1
    inverse_depth  (H, W) 1 / depth along z from the new camera; 0 in the sky and where nothing is seen
    pixel          (H, W) number of the photo's pixel that is seen, row by row; of no meaning where nothing is
    """

    image: torch.Tensor
    seen: torch.Tensor
    inverse_depth: torch.Tensor
    pixel: torch.Tensor


def pixel_homography(
    intrinsics: torch.Tensor, new_intrinsics: torch.Tensor, new_from_old: torch.Tensor, height: int, width: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """A (3, 3) and b (3,), float64: pixel (x, y) of inverse depth w goes to the pixel A (x, y, 1) + w b, homogeneous.

    Intrinsics (3, 3) are normalised, `new_from_old` (4, 4) takes points of the photo's camera to the new one's axes; pixel
    coordinates are 0 at the centre of the first pixel.
    """
    to_pixels = torch.tensor([[width, 0, -0.5], [0, height, -0.5], [0, 0, 1]], dtype=torch.float64)
    old, new = (to_pixels @ k.detach().cpu().double() for k in (intrinsics, new_intrinsics))
    pose = new_from_old.detach().cpu().double()
    return new @ pose[:3, :3] @ torch.linalg.inv(old), new @ pose[:3, 3]


def _meeting(depth: torch.Tensor) -> torch.Tensor:
    """(H, W) bool: pixels whose new inverse depth differs from a neighbour's to the side or above as surfaces do."""
    meeting = torch.zeros_like(depth, dtype=torch.bool)
    for dim in (0, 1):
        length = depth.shape[dim] - 1
        first, second = depth.narrow(dim, 0, length), depth.narrow(dim, 1, length)
        apart = (first - second).abs_() > torch.maximum(first, second).clamp_(min=0).mul_(DEPTH_EDGE)
        meeting.narrow(dim, 0, length).logical_or_(apart)
        meeting.narrow(dim, 1, length).logical_or_(apart)
    return meeting


def _put(planes: torch.Tensor, where: torch.Tensor, colours: torch.Tensor) -> None:
    """Sets the pixels `where` (M,) of planes (3, H * W) to colours (3, M), many times faster than indexing."""
    for plane, values in zip(planes, colours):
        plane.scatter_(0, where, values)


def _offset(w, sx, sy, hx, hy, hz, px, py, a, b) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Offset dx, dy from the centres of patches at which px, py see their planes, and the new inverse depth there.

    The centres lie at hx / hz, hy / hz; -1 for a patch seen from its back or behind the camera.
    """
    zx, zy = (sx * b[2]).add_(a[2][0]), (sy * b[2]).add_(a[2][1])
    xx, xy = (sx * b[0]).add_(a[0][0]).addcmul_(px, zx, value=-1), (sy * b[0]).add_(a[0][1]).addcmul_(px, zy, value=-1)
    yx, yy = (sx * b[1]).add_(a[1][0]).addcmul_(py, zx, value=-1), (sy * b[1]).add_(a[1][1]).addcmul_(py, zy, value=-1)
    rx, ry = (px * hz).sub_(hx), (py * hz).sub_(hy)
    area = (xx * yy).addcmul_(xy, yx, value=-1)
    hidden = (area <= 0) | (hz <= BEHIND)
    dx, dy = yy.mul_(rx).addcmul_(xy, ry, value=-1).div_(area), xx.mul_(ry).addcmul_(yx, rx, value=-1).div_(area)
    depth = torch.addcmul(w, sx, dx).addcmul_(sy, dy).div_(zx.mul_(dx).addcmul_(zy, dy).add_(hz))
    return dx, dy, depth.masked_fill_(hidden, -1)


def reproject(
    patches: Patches, new_from_old: torch.Tensor, new_intrinsics: torch.Tensor, antialias: bool = True
) -> View:
    """What the camera with normalised intrinsics (3, 3) sees of a photo; `new_from_old` (4, 4) takes points to its axes.

    The camera of the photo itself gives back the photo, bit for bit. `antialias` looks at the pixels where two surfaces
    meet at four points instead of one.
    """
    still = torch.equal(new_from_old.cpu().double(), torch.eye(4, dtype=torch.float64))
    if still and torch.equal(patches.intrinsics, new_intrinsics.to(patches.intrinsics)):
        w = patches.inverse_depth
        numbers = torch.arange(w.numel(), device=w.device).view_as(w)
        return View(patches.image.clone(), torch.ones_like(w), w.clone(), numbers)
    a, b = pixel_homography(patches.intrinsics, new_intrinsics, new_from_old, patches.height, patches.width)
    return _Rendering(patches, a.tolist(), b.tolist()).view(antialias)


class _Rendering:
    """One view in the making. Pixels of the new picture and patches are numbered row by row."""

    def __init__(self, patches: Patches, a: list[list[float]], b: list[float]):
        self.patches, self.a, self.b = patches, a, b
        self.height, self.width = patches.height, patches.width
        self.device = patches.inverse_depth.device
        rows = max(1, STRIP_VALUES // self.width) if self.device.type == "cpu" else self.height
        self._strips = [slice(top, min(top + rows, self.height)) for top in range(0, self.height, rows)]
        self._column = torch.arange(self.width, device=self.device, dtype=torch.float32)
        self._row = torch.arange(self.height, device=self.device, dtype=torch.float32)[:, None]
        self._number = torch.arange(self.height * self.width, device=self.device)

    def view(self, antialias: bool) -> View:
        planes = self._take(self._front())
        self._resolve(planes)
        coverage = (self.depth >= 0).to(planes.dtype)
        if antialias:
            self._antialias(planes, coverage)
        image, size = planes.view(3, self.height, self.width).movedim(0, -1), (self.height, self.width)
        return View(image, coverage.view(size), self.depth.clamp_min_(0).view(size), self.patch.view(size))

    def _front(self) -> torch.Tensor:
        """For each pixel the key of the nearest patch whose centre falls into it; sets `places` to what each patch shows there.

        A key is the bits of the new inverse depth, which are in the order of the depths, above the number of the patch.
        """
        p, count = self.patches, self.height * self.width
        (a00, a01, a02), (a10, a11, a12), (a20, a21, a22) = self.a
        b0, b1, b2 = self.b
        # Apple's GPU cannot take the greatest of 64 bits, and shares its memory with the processor
        device = "cpu" if self.device.type == "mps" else self.device
        front = torch.full((count + 1,), NOBODY, device=device)
        self.places = torch.empty(self.height, self.width, 2, device=self.device)
        column, per_x, per_y = self._column, 2 / self.width, 2 / self.height
        grid_column, grid_row = column * per_x + (per_x / 2 - 1), self._row * per_y + (per_y / 2 - 1)
        for strip in self._strips:
            w, sx, sy, row = p.inverse_depth[strip], p.slope_x[strip], p.slope_y[strip], self._row[strip]
            hx = (w * b0).add_(row * a01 + a02).add_(column * a00)
            hy = (w * b1).add_(row * a11 + a12).add_(column * a10)
            hz = (w * b2).add_(row * a21 + a22).add_(column * a20)
            scale = hz.clamp(min=BEHIND).reciprocal_()
            px, py = (hx * scale).round_(), torch.mul(hy, scale, out=scale).round_()
            dx, dy, depth = _offset(w, sx, sy, hx, hy, hz, px, py, self.a, self.b)
            inside = torch.maximum(dx.abs(), dy.abs()) <= p.reach[strip]
            inside &= (depth >= 0) & (px >= 0) & (px < self.width) & (py >= 0) & (py < self.height)
            target = torch.where(inside, py, self.height).long().mul_(self.width)
            target.add_(torch.where(inside, px, 0).long())
            keys = depth.view(torch.int32).long().bitwise_left_shift_(32)
            keys += self._number[strip.start * self.width : strip.stop * self.width].view_as(keys)
            front.scatter_reduce_(0, target.view(-1).to(device), keys.view(-1).to(device), "amax")
            torch.add(grid_column, dx, alpha=per_x, out=self.places[strip, :, 0])
            torch.add(grid_row[strip], dy, alpha=per_y, out=self.places[strip, :, 1])
        # pixels that no patch holds carry the number of the first
        self.places[0, 0].nan_to_num_(0).clamp_(-1, 1)
        return front[:count].to(self.device)

    def _take(self, front: torch.Tensor) -> torch.Tensor:
        """Sets new inverse depth (-1 if unknown) and patch of every pixel (H * W,) and gives the colours (3, H * W)."""
        count = len(front)
        self.depth, self.patch = torch.empty(count, device=self.device), front
        planes = torch.empty(3, count, device=self.device)
        mixed = []
        for strip in self._strips:
            part = slice(strip.start * self.width, strip.stop * self.width)
            depth = (front[part] >> 32).int().view(torch.float32)
            patch = front[part].bitwise_and_(0xFFFFFFFF)
            self.depth[part] = depth
            seen = depth >= 0
            torch.mul(self._bicubic(self._places(patch)), seen, out=planes[:, part])
            mixed.append(torch.nonzero(self.patches.mixed.view(-1).index_select(0, patch) & seen)[:, 0] + part.start)
        for some in torch.cat(mixed).split(STRIP_VALUES):
            patch = self.patch.index_select(0, some)
            _put(planes, some, self._one_sided(*self._xy(patch), patch))
        return planes

    def _places(self, patch: torch.Tensor) -> torch.Tensor:
        """What the patches (M,) show at the pixel into which their centre falls: (M, 2) as grid_sample takes it."""
        return torch.view_as_real(torch.view_as_complex(self.places).view(-1).index_select(0, patch))

    def _xy(self, patch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`_places` as x and y (M,) in pixels."""
        x, y = self._places(patch).unbind(-1)
        return ((x + 1) * (self.width / 2)).sub_(0.5), ((y + 1) * (self.height / 2)).sub_(0.5)

    def _solve(self, patch: torch.Tensor, px: torch.Tensor, py: torch.Tensor):
        """Where in the photo the planes of `patch` are seen at the points px, py of the new picture.

        Gives the offset dx, dy from the patch's centre ix, iy, the inverse depth there, and that from the new camera.
        """
        (a00, a01, a02), (a10, a11, a12), (a20, a21, a22) = self.a
        p = self.patches
        w, sx, sy = (t.view(-1).index_select(0, patch) for t in (p.inverse_depth, p.slope_x, p.slope_y))
        row = torch.div(patch, self.width, rounding_mode="floor")
        iy, ix = row.to(w.dtype), (patch - row * self.width).to(w.dtype)
        hx = (w * self.b[0]).add_(ix, alpha=a00).add_(iy, alpha=a01).add_(a02)
        hy = (w * self.b[1]).add_(ix, alpha=a10).add_(iy, alpha=a11).add_(a12)
        hz = (w * self.b[2]).add_(ix, alpha=a20).add_(iy, alpha=a21).add_(a22)
        dx, dy, depth = _offset(w, sx, sy, hx, hy, hz, px, py, self.a, self.b)
        return dx, dy, w.addcmul_(sx, dx).addcmul_(sy, dy), depth, ix, iy

    def _ask(self, patch: torch.Tensor, px: torch.Tensor, py: torch.Tensor) -> list[torch.Tensor]:
        """x, y, w, new depth and patch that holds the points, walking on from `patch` (M,); depth -1 where none does."""
        dx, dy, w, depth, x, y = self._solve(patch, px, py)
        left = torch.maximum(dx.abs(), dy.abs()) > 0.5 + SLACK
        x.add_(dx), y.add_(dy)
        inside = (x >= -0.5) & (x <= self.width - 0.5) & (y >= -0.5) & (y <= self.height - 0.5)
        walk = torch.nonzero(left & inside & (depth >= 0))[:, 0]
        found = [x, y, w, depth.masked_fill_(left | ~inside, -1), patch]
        if len(walk) == 0:
            return found
        row = y.index_select(0, walk).round_().clamp_(0, self.height - 1)
        column = x.index_select(0, walk).round_().clamp_(0, self.width - 1)
        second = row.long().mul_(self.width).add_(column.long())
        dx, dy, w2, depth, x, y = self._solve(second, px.index_select(0, walk), py.index_select(0, walk))
        reach = torch.maximum(dx.abs(), dy.abs())
        # on one surface both planes tell the same depth: what is left between them is a hairline, not a gap
        w1 = w.index_select(0, walk)
        joined = ((w1 - w2).abs() <= DEPTH_EDGE * torch.maximum(w1, w2)) & (reach <= 1.5)
        depth.masked_fill_(~(joined | (reach <= 0.5 + SLACK)), -1)
        for values, new in zip(found, (x.add_(dx), y.add_(dy), w2, depth, second)):
            values.scatter_(0, walk, new)
        return found

    def _resolve(self, planes: torch.Tensor) -> None:
        """Asks the patches around the pixels that no patch holds, or that a nearer one may hold, and keeps the nearest."""
        size = (self.height, self.width)
        ahead = around(self.depth.view(size), torch.maximum).view(-1)
        doubtful = torch.nonzero((ahead > self.depth * (1 + DEPTH_EDGE)) & (ahead >= 0))[:, 0]
        # all ask the patches as they were found first, so that no strip sees what another one settled
        settled = [(where, self._ask_around(where)) for where in doubtful.split(STRIP_VALUES // 2)]
        for where, (x, y, depth, patch) in settled:
            self.depth.scatter_(0, where, depth)
            self.patch.scatter_(0, where, patch)
            _put(planes, where, self._colours(x, y, patch).mul_(depth >= 0))

    def _ask_around(self, where: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """x, y, new depth and patch of the nearest of the patches around pixels (M,) that holds them; depth -1 if none."""
        row = torch.div(where, self.width, rounding_mode="floor")
        column = where - row * self.width
        px, py = column.float(), row.float()
        depth, patch = self.depth.index_select(0, where), self.patch.index_select(0, where)
        best = [*self._xy(patch), depth.clone(), depth, patch]

        def ask(patch, chosen):
            answer = self._ask(patch, px.index_select(0, chosen), py.index_select(0, chosen))
            better = torch.nonzero(answer[3] > best[3].index_select(0, chosen))[:, 0]
            into = chosen.index_select(0, better)
            for values, new in zip(best, answer):
                values.scatter_(0, into, new.index_select(0, better))

        around = []
        nearest, nearest_patch = torch.full_like(px, -1), torch.zeros_like(where)
        for down, right in NEIGHBOURS:
            at = (row + down).clamp_(0, self.height - 1) * self.width + (column + right).clamp_(0, self.width - 1)
            depth, patch = self.depth.index_select(0, at), self.patch.index_select(0, at)
            around.append((depth, patch))
            nearer = depth > nearest
            nearest, nearest_patch = torch.where(nearer, depth, nearest), torch.where(nearer, patch, nearest_patch)
        ask(nearest_patch, torch.arange(len(where), device=self.device))
        for depth, patch in around:
            unknown = torch.nonzero((best[3] < 0) & (depth >= 0))[:, 0]
            if len(unknown):
                ask(patch.index_select(0, unknown), unknown)
        return best[0], best[1], best[3], best[4]

    def _colours(self, x: torch.Tensor, y: torch.Tensor, patch: torch.Tensor) -> torch.Tensor:
        """Colours (3, M) of the photo at x, y on the surface of `patch`."""
        grid = torch.stack([(x * 2 + 1) / self.width - 1, (y * 2 + 1) / self.height - 1], -1)
        colours = self._bicubic(grid)
        mixed = torch.nonzero(self.patches.mixed.view(-1).index_select(0, patch))[:, 0]
        _put(colours, mixed, self._one_sided(*(t.index_select(0, mixed) for t in (x, y, patch))))
        return colours

    def _bicubic(self, grid: torch.Tensor) -> torch.Tensor:
        """Colours (3, M) of the photo at places (M, 2) of grid_sample."""
        planes = self.patches.planes
        found = F.grid_sample(planes, grid[None, None], mode="bicubic", padding_mode="border", align_corners=False)
        return found[0, :, 0].clamp_(0, 1)

    def _one_sided(self, x: torch.Tensor, y: torch.Tensor, patch: torch.Tensor) -> torch.Tensor:
        """Colours (3, M) at x, y between those of the four pixels around that lie on the surface of `patch`."""
        planes, depths = self.patches.planes.view(3, -1), self.patches.inverse_depth.view(-1)
        w = depths.index_select(0, patch)
        left, top = x.floor(), y.floor()
        total, weights = [plane.index_select(0, patch) * 1e-4 for plane in planes], x.new_full(x.shape, 1e-4)
        for down in (0, 1):
            for right in (0, 1):
                at_y, at_x = top + down, left + right
                tap = at_y.clamp(0, self.height - 1).long() * self.width + at_x.clamp(0, self.width - 1).long()
                there = depths.index_select(0, tap)
                same = (there - w).abs() <= DEPTH_EDGE * torch.maximum(there, w)
                weight = (1 - (x - at_x).abs()) * (1 - (y - at_y).abs()) * same
                for part, plane in zip(total, planes):
                    part.addcmul_(plane.index_select(0, tap), weight)
                weights += weight
        return torch.stack(total).div_(weights)

    def _antialias(self, planes: torch.Tensor, coverage: torch.Tensor) -> None:
        """Replaces colours (3, H * W) where surfaces meet by the mean of four points of the pixel."""
        for where in torch.nonzero(_meeting(self.depth.view(self.height, self.width)).view(-1))[:, 0].split(
            STRIP_VALUES // 4
        ):
            colours, share = self._mean_of_points(where)
            _put(planes, where, colours)
            coverage.scatter_(0, where, share)

    def _mean_of_points(self, where: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean colours (3, M) of what is seen at the four points of pixels, and the share of them that sees anything."""
        row = torch.div(where, self.width, rounding_mode="floor")
        column = where - row * self.width
        depth, patch = self.depth, self.patch
        near = depth.index_select(0, where)
        far = torch.where(near >= 0, near, math.inf)
        near_patch = far_patch = patch.index_select(0, where)
        for down, right in NEIGHBOURS[1:]:
            at = (row + down).clamp_(0, self.height - 1) * self.width + (column + right).clamp_(0, self.width - 1)
            there, whose = depth.index_select(0, at), patch.index_select(0, at)
            nearer, farther = there > near, (there >= 0) & (there < far)
            near, near_patch = torch.where(nearer, there, near), torch.where(nearer, whose, near_patch)
            far, far_patch = torch.where(farther, there, far), torch.where(farther, whose, far_patch)
        points = len(SUBSAMPLES)
        px = torch.cat([column + right for right, _ in SUBSAMPLES])
        py = torch.cat([row + down for _, down in SUBSAMPLES])
        best = self._ask(near_patch.repeat(points), px, py)
        behind = torch.nonzero(best[3] < 0)[:, 0]
        answer = self._ask(*(t.index_select(0, behind) for t in (far_patch.repeat(points), px, py)))
        for values, new in zip(best, answer):
            values.scatter_(0, behind, new)
        # each point counts for the surface that it sees, whose colour is that of the pixel's middle: no blur within a surface
        best[0] -= px - column.repeat(points)
        best[1] -= py - row.repeat(points)
        hit = torch.nonzero(best[3] >= 0)[:, 0]
        colours = px.new_zeros(3, len(px))
        _put(colours, hit, self._colours(*(best[i].index_select(0, hit) for i in (0, 1, 4))))
        hits = (best[3] >= 0).view(points, -1).sum(0)
        return colours.view(3, points, -1).sum(1) / hits.clamp_min(1), hits / points
