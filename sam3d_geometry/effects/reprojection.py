"""A photo with depth seen from another camera: one planar patch per pixel, depth-tested, with an exact inverse.

Every pixel of the photo stands for a square patch of the plane through its point: its inverse depth w goes on linearly over
half a pixel to all sides, with slopes taken from its own side of a depth edge. A plane keeps its patches joined from any
camera, two surfaces are never joined, so nothing stretches across an edge. A patch moves by a homography, so the place in
the photo that a pixel of the new picture shows is the solution of two linear equations; the z-buffer of patch centres only
says which patches to ask. Sky (no geometry) has w = 0: it turns with the camera and does not shift.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..resize import DEPTH_EDGE

BEHIND = 1e-2  # a patch whose depth falls below this share of its old one is behind or at the new camera
SLACK = 0.02  # pixels by which a patch may be left, against hairlines where a surface bends
SMOOTH_REACH = 1.0  # pixels over which a patch away from edges answers for its neighbours
STRIP_VALUES = 1 << 16  # values a strip holds, so that its dozen temporaries stay in the cache
SUBSAMPLES = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # rotated grid in an edge pixel
NEIGHBOURS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))  # rows down, columns right


@dataclass(frozen=True)
class View:
    """What a new camera sees of a photo.

    image          (H, W, 3) colours; 0 where nothing of the photo is seen
    seen           (H, W) share of the pixel that shows a part of the photo, 0 to 1
    inverse_depth  (H, W) 1 / depth along z from the new camera; 0 in the sky and where nothing is seen
    """

    image: torch.Tensor
    seen: torch.Tensor
    inverse_depth: torch.Tensor


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


def _slopes(w: torch.Tensor, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Slope per pixel of inverse depth (H, W) along `dim`, central, or that of the flatter side where it bends like an edge;
    and where that is."""
    if w.shape[dim] == 1:
        return torch.zeros_like(w), torch.zeros_like(w, dtype=torch.bool)
    steps = w.diff(dim=dim)
    last = steps.shape[dim] - 1
    before = torch.cat([steps.narrow(dim, 0, 1), steps], dim)
    after = torch.cat([steps, steps.narrow(dim, last, 1)], dim)
    bent = (after - before).abs_() > w * DEPTH_EDGE
    flatter = torch.where(before.abs() < after.abs(), before, after)
    return torch.where(bent, flatter, before.add_(after).mul_(0.5)), bent


def _around(values: torch.Tensor, combine: Callable[..., torch.Tensor]) -> torch.Tensor:
    """(H, W) of every pixel and its eight neighbours combined by torch.maximum or torch.logical_or."""
    for dim in (1, 0):
        length = values.shape[dim] - 1
        if length < 1:
            continue
        first, second = values.narrow(dim, 0, length), values.narrow(dim, 1, length)
        pairs = combine(first, second)
        values = values.clone()
        into = values.narrow(dim, 0, length)
        combine(into, pairs, out=into)
        into = values.narrow(dim, 1, length)
        combine(into, pairs, out=into)
    return values


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


def _front_by_key(depths: torch.Tensor, targets: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Greatest inverse depth (count,) that came to each target, -1 where none did, and the number of the one it is of."""
    # the bits of floats from 0 on are in the order of the floats
    keys = depths.view(torch.int32).long().bitwise_left_shift_(32)
    keys |= torch.arange(len(depths), device=depths.device)
    nobody = int(torch.tensor(-1.0).view(torch.int32)) << 32
    front = torch.full((count + 1,), nobody, device=depths.device).scatter_reduce_(0, targets, keys, "amax")[:count]
    return (front >> 32).int().view(torch.float32), front & 0xFFFFFFFF


def _front_in_two_steps(depths: torch.Tensor, targets: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """As `_front_by_key`, for devices that cannot take the greatest of 64 bits."""
    front = torch.full((count + 1,), -1.0, device=depths.device).scatter_reduce_(0, targets, depths, "amax")
    winner = torch.nonzero(depths == front[targets])[:, 0]
    whose = torch.zeros(count + 1, dtype=torch.int32, device=depths.device)
    whose.scatter_reduce_(0, targets[winner], winner.int(), "amax")
    return front[:count], whose[:count].long()


class Patches:
    """A photo cut into one planar patch per pixel, ready to be seen from other cameras."""

    def __init__(self, image: torch.Tensor, inverse_depth: torch.Tensor, intrinsics: torch.Tensor):
        """Image (H, W, 3), inverse depth (H, W), 0 in the sky, and normalised intrinsics (3, 3) of one frame."""
        self.image, self.inverse_depth, self.intrinsics = image, inverse_depth, intrinsics
        self.height, self.width = inverse_depth.shape
        self.planes = image.movedim(-1, 0)[None].contiguous()
        self.slope_x, bent_x = _slopes(inverse_depth, 1)
        self.slope_y, bent_y = _slopes(inverse_depth, 0)
        # colours within a pixel of an edge must not be interpolated across it, nor a patch go on beyond its own half pixel
        self.mixed = _around(bent_x | bent_y, torch.logical_or)
        self.reach = torch.where(self.mixed, 0.5 + SLACK, SMOOTH_REACH)
        for side in (self.reach[0], self.reach[-1], self.reach[:, 0], self.reach[:, -1]):
            side.fill_(0.5 + SLACK)

    def seen_from(self, new_from_old: torch.Tensor, new_intrinsics: torch.Tensor, antialias: bool = True) -> View:
        """The view of the camera with normalised intrinsics (3, 3); `new_from_old` (4, 4) takes points to its axes.

        The camera of the photo itself gives back the photo, bit for bit. `antialias` looks at the pixels where two surfaces
        meet at four points instead of one.
        """
        still = torch.equal(new_from_old.cpu().double(), torch.eye(4, dtype=torch.float64))
        if still and torch.equal(self.intrinsics, new_intrinsics.to(self.intrinsics)):
            return View(self.image.clone(), torch.ones_like(self.inverse_depth), self.inverse_depth.clone())
        a, b = pixel_homography(self.intrinsics, new_intrinsics, new_from_old, self.height, self.width)
        return _Rendering(self, a.tolist(), b.tolist()).view(antialias)


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

    def view(self, antialias: bool) -> View:
        self._place_all()
        self._resolve()
        seen = self.depth >= 0
        planes = self._colours_of_all()
        coverage = seen.to(planes.dtype)
        planes.view(3, -1)[:, torch.nonzero(~seen.view(-1))[:, 0]] = 0
        if antialias:
            self._antialias(planes.view(3, -1), coverage.view(-1))
        return View(planes.movedim(0, -1), coverage, self.depth.clamp_min(0))

    def _place_all(self) -> None:
        """Sets x, y in the photo, new inverse depth (-1 if unknown) and patch of the pixels that a patch's centre falls into."""
        p, count = self.patches, self.height * self.width
        (a00, a01, a02), (a10, a11, a12), (a20, a21, a22) = self.a
        b0, b1, b2 = self.b
        targets = torch.empty(self.height, self.width, dtype=torch.int64, device=self.device)
        depths, xs, ys = (torch.empty(self.height, self.width, device=self.device) for _ in range(3))
        column = self._column
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
            # beyond 2 ** 24 pixels float32 cannot number them
            target = py * self.width + px if count < 1 << 24 else py.long() * self.width + px.long()
            targets[strip] = target.masked_fill_(~inside, count)
            depths[strip] = depth
            torch.add(dx, column, out=xs[strip])
            torch.add(dy, row, out=ys[strip])
        front = _front_in_two_steps if self.device.type == "mps" else _front_by_key
        depth, patch = front(depths.view(-1), targets.view(-1), count)
        self.x, self.y = (t.view(-1)[patch].view(self.height, self.width) for t in (xs, ys))
        self.depth, self.patch = depth.view(self.height, self.width), patch.view(self.height, self.width)

    def _solve(self, patch: torch.Tensor, px: torch.Tensor, py: torch.Tensor):
        """Where in the photo the planes of `patch` are seen at the points px, py of the new picture.

        Gives the offset dx, dy from the patch's centre ix, iy, the inverse depth there, and that from the new camera.
        """
        (a00, a01, a02), (a10, a11, a12), (a20, a21, a22) = self.a
        p = self.patches
        w, sx, sy = (t.view(-1)[patch] for t in (p.inverse_depth, p.slope_x, p.slope_y))
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
        row, column = y[walk].round().clamp_(0, self.height - 1), x[walk].round().clamp_(0, self.width - 1)
        second = row.long() * self.width + column.long()
        dx, dy, w2, depth, x, y = self._solve(second, px[walk], py[walk])
        reach = torch.maximum(dx.abs(), dy.abs())
        # on one surface both planes tell the same depth: what is left between them is a hairline, not a gap
        joined = ((w[walk] - w2).abs() <= DEPTH_EDGE * torch.maximum(w[walk], w2)) & (reach <= 1.5)
        depth.masked_fill_(~(joined | (reach <= 0.5 + SLACK)), -1)
        for values, new in zip(found, (x.add_(dx), y.add_(dy), w2, depth, second)):
            values[walk] = new
        return found

    def _resolve(self) -> None:
        """Asks the patches around the doubtful pixels, the nearest first, and keeps the nearest that holds the pixel."""
        ahead = _around(self.depth, torch.maximum)
        where = torch.nonzero(((ahead > self.depth * (1 + DEPTH_EDGE)) & (ahead >= 0)).view(-1))[:, 0]
        if len(where) == 0:
            return
        row = torch.div(where, self.width, rounding_mode="floor")
        column = where - row * self.width
        px, py = column.float(), row.float()
        fields = [t.view(-1) for t in (self.x, self.y, self.depth, self.patch)]
        best = [t[where] for t in fields]
        best.insert(2, best[2])  # the inverse depth from the old camera, which _ask also tells, is not kept

        def ask(patch, chosen):
            answer = self._ask(patch, px[chosen], py[chosen])
            better = torch.nonzero(answer[3] > best[3][chosen])[:, 0]
            for values, new in zip(best, answer):
                values[chosen[better]] = new[better]

        around = []
        nearest, nearest_patch = torch.full_like(px, -1), torch.zeros_like(where)
        for down, right in NEIGHBOURS:
            at = (row + down).clamp_(0, self.height - 1) * self.width + (column + right).clamp_(0, self.width - 1)
            depth, patch = fields[2][at], fields[3][at]
            around.append((depth, patch))
            nearer = depth > nearest
            nearest, nearest_patch = torch.where(nearer, depth, nearest), torch.where(nearer, patch, nearest_patch)
        ask(nearest_patch, torch.arange(len(where), device=self.device))
        for depth, patch in around:
            unknown = torch.nonzero((best[3] < 0) & (depth >= 0))[:, 0]
            ask(patch[unknown], unknown)
        del best[2]
        for values, new in zip(fields, best):
            values[where] = new

    def _colours_of_all(self) -> torch.Tensor:
        """Colours (3, H, W) at every pixel's place in the photo."""
        planes = torch.empty(3, self.height, self.width, device=self.device)
        for strip in self._strips:
            planes[:, strip] = self._bicubic(self.x[strip], self.y[strip])
        mixed = torch.nonzero(self.patches.mixed.view(-1)[self.patch.view(-1)] & (self.depth.view(-1) >= 0))[:, 0]
        x, y, patch = (t.view(-1)[mixed] for t in (self.x, self.y, self.patch))
        planes.view(3, -1)[:, mixed] = self._one_sided(x, y, patch).T
        return planes

    def _bicubic(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        grid = torch.stack(
            [x * (2 / self.width) + (1 / self.width - 1), y * (2 / self.height) + (1 / self.height - 1)], -1
        )
        return F.grid_sample(
            self.patches.planes, grid[None], mode="bicubic", padding_mode="border", align_corners=False
        )[0].clamp_(0, 1)

    def _one_sided(self, x: torch.Tensor, y: torch.Tensor, patch: torch.Tensor) -> torch.Tensor:
        """Colours (M, 3) at x, y between those of the four pixels around that lie on the surface of `patch`."""
        flat, depths = self.patches.image.reshape(-1, 3), self.patches.inverse_depth.view(-1)
        w = depths[patch]
        left, top = x.floor(), y.floor()
        total, weights = flat[patch] * 1e-4, x.new_full(x.shape, 1e-4)
        for down in (0, 1):
            for right in (0, 1):
                at_y, at_x = top + down, left + right
                tap = at_y.clamp(0, self.height - 1).long() * self.width + at_x.clamp(0, self.width - 1).long()
                there = depths[tap]
                same = (there - w).abs() <= DEPTH_EDGE * torch.maximum(there, w)
                weight = (1 - (x - at_x).abs()) * (1 - (y - at_y).abs()) * same
                total.addcmul_(flat[tap], weight[:, None])
                weights += weight
        return total / weights[:, None]

    def _antialias(self, planes: torch.Tensor, coverage: torch.Tensor) -> None:
        """Replaces colours (3, H * W) where surfaces meet by the mean of four points of the pixel."""
        for where in torch.nonzero(_meeting(self.depth).view(-1))[:, 0].split(STRIP_VALUES // 4):
            planes[:, where], coverage[where] = self._mean_of_points(where)

    def _mean_of_points(self, where: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean colours (3, M) of what is seen at the four points of pixels, and the share of them that sees anything."""
        row = torch.div(where, self.width, rounding_mode="floor")
        column = where - row * self.width
        depth, patch = self.depth.view(-1), self.patch.view(-1)
        near, far = depth[where], torch.where(depth[where] >= 0, depth[where], math.inf)
        near_patch = far_patch = torch.where(near >= 0, patch[where], -1)
        for down, right in NEIGHBOURS[1:]:
            at = (row + down).clamp_(0, self.height - 1) * self.width + (column + right).clamp_(0, self.width - 1)
            there, whose = depth[at], patch[at]
            nearer, farther = there > near, (there >= 0) & (there < far)
            near, near_patch = torch.where(nearer, there, near), torch.where(nearer, whose, near_patch)
            far, far_patch = torch.where(farther, there, far), torch.where(farther, whose, far_patch)
        points = len(SUBSAMPLES)
        px = torch.cat([column + right for right, _ in SUBSAMPLES])
        py = torch.cat([row + down for _, down in SUBSAMPLES])
        best = self._ask(near_patch.repeat(points), px, py)
        behind = torch.nonzero(best[3] < 0)[:, 0]
        answer = self._ask(far_patch.repeat(points)[behind], px[behind], py[behind])
        for values, new in zip(best, answer):
            values[behind] = new
        hit = torch.nonzero(best[3] >= 0)[:, 0]
        colours = px.new_zeros(len(px), 3)
        colours[hit] = self._one_sided(*(best[i][hit] for i in (0, 1, 4)))
        hits = (best[3] >= 0).view(points, -1).sum(0)
        return (colours.view(points, -1, 3).sum(0) / hits.clamp_min(1)[:, None]).T, hits / points
