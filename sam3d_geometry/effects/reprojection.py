"""A photo with depth seen from another camera: one planar patch per pixel, depth-tested, with an exact inverse.

Every pixel of the photo stands for a square patch of the plane through its point: its inverse depth w goes on linearly over
half a pixel to all sides, with slopes taken from its own side of a depth edge. A plane keeps its patches joined from any
camera, two surfaces are never joined, so nothing stretches across an edge. A patch moves by a homography, so the place in
the photo that a pixel of the new picture shows is the solution of two linear equations; the z-buffer of patch centres only
says which patches to ask. Sky (no geometry) has w = 0: it turns with the camera and does not shift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..resize import DEPTH_EDGE

BEHIND = 1e-2  # a patch whose depth falls below this share of its old one is behind or at the new camera
SLACK = 0.02  # pixels by which a patch may be left, against hairlines where a surface bends
STRIP_VALUES = 1 << 18
SUBSAMPLES = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # rotated grid in an edge pixel


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


def _slopes(w: torch.Tensor, dim: int) -> torch.Tensor:
    """Slope per pixel of inverse depth (H, W) along `dim`: central, or the flatter side's where it bends like an edge."""
    if w.shape[dim] == 1:
        return torch.zeros_like(w)
    steps = w.diff(dim=dim)
    last = steps.shape[dim] - 1
    before = torch.cat([steps.narrow(dim, 0, 1), steps], dim)
    after = torch.cat([steps, steps.narrow(dim, last, 1)], dim)
    flatter = torch.where(before.abs() < after.abs(), before, after)
    return torch.where((after - before).abs() <= DEPTH_EDGE * w, (before + after) * 0.5, flatter)


class Patches:
    """A photo cut into one planar patch per pixel, ready to be seen from other cameras."""

    def __init__(self, image: torch.Tensor, inverse_depth: torch.Tensor, intrinsics: torch.Tensor):
        """Image (H, W, 3), inverse depth (H, W), 0 in the sky, and normalised intrinsics (3, 3) of one frame."""
        self.image = image
        self.intrinsics = intrinsics
        self.height, self.width = inverse_depth.shape
        self._planes = image.movedim(-1, 0)[None].contiguous()
        slopes = (_slopes(inverse_depth, 1), _slopes(inverse_depth, 0))
        self._w, self._slope_x, self._slope_y = (t.reshape(-1).contiguous() for t in (inverse_depth, *slopes))
        self._mixed = self._beside_edges(inverse_depth)

    @staticmethod
    def _beside_edges(w: torch.Tensor) -> torch.Tensor:
        """(H * W,) bool: pixels one of whose 3 x 3 neighbours lies on another surface."""
        jump = torch.zeros_like(w, dtype=torch.bool)
        for dim in (0, 1):
            if w.shape[dim] > 2:
                bend = w.narrow(dim, 0, w.shape[dim] - 2) + w.narrow(dim, 2, w.shape[dim] - 2)
                middle = w.narrow(dim, 1, w.shape[dim] - 2)
                jump.narrow(dim, 1, w.shape[dim] - 2).logical_or_((bend - 2 * middle).abs() > DEPTH_EDGE * middle)
        return F.max_pool2d(jump[None, None].float(), 3, 1, 1).reshape(-1) > 0

    def seen_from(self, new_from_old: torch.Tensor, new_intrinsics: torch.Tensor, antialias: bool = True) -> View:
        """The view of the camera with normalised intrinsics (3, 3); `new_from_old` (4, 4) takes points to its axes.

        The camera of the photo itself gives back the photo, bit for bit. `antialias` looks at the pixels where two surfaces
        meet at four points instead of one.
        """
        a, b = pixel_homography(self.intrinsics, new_intrinsics, new_from_old, self.height, self.width)
        if torch.equal(new_from_old.cpu().double(), torch.eye(4, dtype=torch.float64)) and torch.equal(
            self.intrinsics, new_intrinsics.to(self.intrinsics)
        ):
            w = self._w.view(self.height, self.width)
            return View(self.image.clone(), torch.ones_like(w), w.clone())
        return _Rendering(self, a.tolist(), b.tolist(), antialias).view


class _Rendering:
    """One view in the making. Pixels of the new picture and patches are numbered row by row."""

    def __init__(self, patches: Patches, a: list[list[float]], b: list[float], antialias: bool):
        self.p, self.a, self.b = patches, a, b
        self.height, self.width = patches.height, patches.width
        self.device = patches._w.device
        nearest, owner = self._z_buffer()
        ahead, ahead_owner = self._nearest_around(nearest, owner)
        x, y, w, new_w = self._dense(torch.where(owner >= 0, owner, ahead_owner))
        doubtful = ahead > nearest * (1 + DEPTH_EDGE)
        doubtful |= torch.isnan(x)
        doubtful &= ahead_owner >= 0
        x, y, w, new_w = self._resolve(doubtful, owner, ahead_owner, (x, y, w, new_w))
        self.view = self._shade(x, y, w, new_w, antialias)

    def _z_buffer(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Greatest new inverse depth of the patch centres that fall into each pixel, -1 where none, and whose it is."""
        (a00, a01, a02), (a10, a11, a12), (a20, a21, a22) = self.a
        b0, b1, b2 = self.b
        count = self.height * self.width
        column = torch.arange(self.width, device=self.device, dtype=torch.float32)
        rows = max(1, STRIP_VALUES // self.width) if self.device.type == "cpu" else self.height
        targets = torch.empty(count, dtype=torch.int64, device=self.device)
        depths = torch.empty(count, device=self.device)
        for top in range(0, self.height, rows):
            stop = min(top + rows, self.height)
            part = slice(top * self.width, stop * self.width)
            w = self.p._w[part].view(-1, self.width)
            row = torch.arange(top, stop, device=self.device, dtype=torch.float32)[:, None]
            scale = (w * b2).add_(row * a21 + a22).add_(column * a20)
            ahead = scale > BEHIND
            scale.clamp_(min=BEHIND).reciprocal_()
            x = (w * b0).add_(row * a01 + a02).add_(column * a00).mul_(scale).round_()
            y = (w * b1).add_(row * a11 + a12).add_(column * a10).mul_(scale).round_()
            inside = ahead & (x >= 0) & (x < self.width) & (y >= 0) & (y < self.height)
            target = torch.where(inside, y * self.width + x, count)
            # whole numbers beyond 2 ** 24 are not exact in float32
            if count > 1 << 24:
                target = torch.where(inside, y.long() * self.width + x.long(), count)
            targets[part] = target.reshape(-1)
            depths[part] = scale.mul_(w).reshape(-1)
        nearest = torch.full((count + 1,), -1.0, device=self.device).scatter_reduce_(0, targets, depths, "amax")
        winner = torch.nonzero(depths == nearest[targets])[:, 0]
        owner = torch.full((count + 1,), -1, dtype=torch.int64, device=self.device)
        # among patches at the same depth the last one, so that the picture does not depend on the order of threads
        owner.scatter_reduce_(0, targets[winner], winner, "amax")
        return nearest[:count], owner[:count]

    def _nearest_around(self, nearest: torch.Tensor, owner: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The nearest patch among each pixel's 3 x 3 neighbours: its new inverse depth and number."""
        depth, whose = nearest.view(self.height, self.width).clone(), owner.view(self.height, self.width).clone()
        for dim in (1, 0):
            length = depth.shape[dim] - 1
            if length < 1:
                continue
            old, old_whose = depth.clone(), whose.clone()
            for first, second in ((0, 1), (1, 0)):
                into, into_whose = depth.narrow(dim, first, length), whose.narrow(dim, first, length)
                other = old.narrow(dim, second, length)
                nearer = other > into
                into.copy_(torch.where(nearer, other, into))
                into_whose.copy_(torch.where(nearer, old_whose.narrow(dim, second, length), into_whose))
        return depth.reshape(-1), whose.reshape(-1)

    def _solve(self, patch: torch.Tensor, px: torch.Tensor, py: torch.Tensor):
        """Where in the photo the planes of `patch` (M,) are seen at the new picture's points px, py.

        Gives the offset from the patch's centre, the inverse depth there, and that from the new camera.
        """
        (a00, a01, a02), (a10, a11, a12), (a20, a21, a22) = self.a
        b0, b1, b2 = self.b
        w, sx, sy = self.p._w[patch], self.p._slope_x[patch], self.p._slope_y[patch]
        row = torch.div(patch, self.width, rounding_mode="floor")
        ix, iy = (patch - row * self.width).to(w.dtype), row.to(w.dtype)
        hx = (w * b0).add_(ix, alpha=a00).add_(iy, alpha=a01).add_(a02)
        hy = (w * b1).add_(ix, alpha=a10).add_(iy, alpha=a11).add_(a12)
        hz = (w * b2).add_(ix, alpha=a20).add_(iy, alpha=a21).add_(a22)
        zx, zy = sx * b2 + a20, sy * b2 + a21
        xx, xy = (sx * b0 + a00).addcmul_(px, zx, value=-1), (sy * b0 + a01).addcmul_(px, zy, value=-1)
        yx, yy = (sx * b1 + a10).addcmul_(py, zx, value=-1), (sy * b1 + a11).addcmul_(py, zy, value=-1)
        rx, ry = (px * hz).sub_(hx), (py * hz).sub_(hy)
        area = (xx * yy).addcmul_(xy, yx, value=-1)
        # a patch seen from its back or edge-on has no place that could be shown
        area = torch.where((area > 0) & (hz > BEHIND), area, math.nan).reciprocal_()
        dx = (yy * rx).addcmul_(xy, ry, value=-1).mul_(area)
        dy = (xx * ry).addcmul_(yx, rx, value=-1).mul_(area)
        w = w.addcmul_(sx, dx).addcmul_(sy, dy)
        return dx, dy, w, w / hz.addcmul_(zx, dx).addcmul_(zy, dy), ix, iy

    def _dense(self, owner: torch.Tensor):
        """Place in the photo, inverse depth there and in the new picture of every pixel; nan where its patch is left."""
        out = torch.empty(4, owner.shape[0], device=self.device)
        step = STRIP_VALUES if self.device.type == "cpu" else owner.shape[0]
        for start in range(0, owner.shape[0], step):
            part = slice(start, min(start + step, owner.shape[0]))
            pixel = torch.arange(part.start, part.stop, device=self.device)
            row = torch.div(pixel, self.width, rounding_mode="floor")
            px, py = (pixel - row * self.width).float(), row.float()
            dx, dy, w, new_w, ix, iy = self._solve(owner[part].clamp_min(0), px, py)
            held = (torch.maximum(dx.abs(), dy.abs()) <= 0.5 + SLACK) & (owner[part] >= 0)
            out[0, part] = torch.where(held, dx.add_(ix), math.nan)
            out[1, part] = dy.add_(iy)
            out[2, part], out[3, part] = w, torch.where(held, new_w, -1)
        return out.unbind(0)

    def _ask(self, patch: torch.Tensor, px: torch.Tensor, py: torch.Tensor):
        """As `_solve`, walking from `patch` to the one that holds the point; new inverse depth -1 where there is none."""
        known = patch >= 0
        dx, dy, w, _, ix, iy = self._solve(patch.clamp_min(0), px, py)
        x, y = dx + ix, dy + iy
        inside = known & (x >= -0.5) & (x <= self.width - 0.5) & (y >= -0.5) & (y <= self.height - 0.5)
        jx, jy = torch.where(inside, x, 0).round_(), torch.where(inside, y, 0).round_()
        second = (jy.clamp_(0, self.height - 1) * 1).long() * self.width + jx.clamp_(0, self.width - 1).long()
        dx, dy, w2, new_w, ix, iy = self._solve(second, px, py)
        reach = torch.maximum(dx.abs(), dy.abs())
        # on one surface both planes tell the same depth: what is left between them is a hairline, not a gap
        same = ((w - w2).abs() <= DEPTH_EDGE * torch.maximum(w, w2)) & (reach <= 1.5)
        held = inside & ((reach <= 0.5 + SLACK) | same)
        return dx.add_(ix), dy.add_(iy), w2, torch.where(held, new_w, -1)

    def _resolve(self, doubtful, owner, ahead_owner, found):
        """Asks the patches around the doubtful pixels, the nearest first, and keeps the nearest that holds the pixel."""
        where = torch.nonzero(doubtful)[:, 0]
        best = [f[where] for f in found]
        best[3] = torch.where(torch.isnan(best[0]), -1, best[3])
        self._try(where, ahead_owner[where], best, torch.arange(len(where), device=self.device))
        own = torch.nonzero((best[3] < 0) & (owner[where] >= 0))[:, 0]
        self._try(where, owner[where[own]], best, own)
        row = torch.div(where, self.width, rounding_mode="floor")
        column = where - row * self.width
        for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)):
            left = torch.nonzero(best[3] < 0)[:, 0]
            if len(left) == 0:
                break
            at_row = (row[left] + down).clamp(0, self.height - 1)
            around = owner[at_row * self.width + (column[left] + right).clamp(0, self.width - 1)]
            some = around >= 0
            self._try(where, around[some], best, left[some])
        for values, new in zip(found, best):
            values[where] = new
        found[3][torch.isnan(found[0])] = -1
        return found

    def _try(self, where, patch, best, chosen) -> None:
        row = torch.div(where[chosen], self.width, rounding_mode="floor")
        answer = self._ask(patch, (where[chosen] - row * self.width).float(), row.float())
        better = answer[3] > best[3][chosen]
        chosen = chosen[better]
        for values, new in zip(best, answer):
            values[chosen] = new[better]

    def _shade(self, x, y, w, new_w, antialias: bool) -> View:
        seen = new_w >= 0
        x, y, w = (torch.where(seen, t, 0) for t in (x, y, w))
        image = self._colours(x, y, w) * seen[:, None]
        coverage = seen.float()
        if antialias:
            self._antialias(x, y, new_w, image, coverage)
        size = (self.height, self.width)
        return View(image.view(*size, 3), coverage.view(size), new_w.clamp_min(0).view(size))

    def _antialias(self, x, y, new_w, image, coverage) -> None:
        """Replaces the pixels where surfaces meet by the mean of four points each."""
        depth = new_w.view(1, 1, self.height, self.width)
        near = F.max_pool2d(depth, 3, 1, 1).view(-1)
        far = -F.max_pool2d(-depth, 3, 1, 1).view(-1)
        where = torch.nonzero(near * (1 - DEPTH_EDGE) > far)[:, 0]
        if len(where) == 0:
            return
        row = torch.div(where, self.width, rounding_mode="floor")
        column = where - row * self.width
        # the nearest and the farthest surface around the pixel, and its own
        patch_of = y.round().clamp(0, self.height - 1).long() * self.width + x.round().clamp(0, self.width - 1).long()
        patch_of = torch.where(new_w >= 0, patch_of, -1)
        nearest, farthest = new_w[where], torch.where(new_w[where] >= 0, new_w[where], math.inf)
        near_patch, far_patch = patch_of[where], patch_of[where]
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                at = (row + down).clamp(0, self.height - 1) * self.width + (column + right).clamp(0, self.width - 1)
                there, whose = new_w[at], patch_of[at]
                nearer, farther = there > nearest, (there >= 0) & (there < farthest)
                nearest, near_patch = torch.where(nearer, there, nearest), torch.where(nearer, whose, near_patch)
                farthest, far_patch = torch.where(farther, there, farthest), torch.where(farther, whose, far_patch)
        total, hits = image.new_zeros(len(where), 3), image.new_zeros(len(where))
        for right, down in SUBSAMPLES:
            px, py = column.float() + right, row.float() + down
            best = self._ask(near_patch, px, py)
            for patch in (patch_of[where], far_patch):
                other = self._ask(patch, px, py)
                better = other[3] > best[3]
                best = [torch.where(better, new, old) for new, old in zip(other, best)]
            hit = best[3] >= 0
            total += torch.where(hit[:, None], self._colours(*(torch.where(hit, t, 0) for t in best[:3])), 0)
            hits += hit
        image[where] = total / hits.clamp_min(1)[:, None]
        coverage[where] = hits / len(SUBSAMPLES)

    def _colours(self, x, y, w) -> torch.Tensor:
        """Colours (M, 3) of the photo at x, y: bicubic, and at depth edges from pixels of the surface at w only."""
        p = self.p
        grid = torch.stack([(x * 2 + 1) / self.width - 1, (y * 2 + 1) / self.height - 1], -1)[None, None]
        colours = F.grid_sample(p._planes, grid, mode="bicubic", padding_mode="border", align_corners=False)
        colours = colours[0, :, 0].T.contiguous().clamp_(0, 1)
        nearest = y.round().clamp(0, self.height - 1).long() * self.width + x.round().clamp(0, self.width - 1).long()
        mixed = torch.nonzero(p._mixed[nearest])[:, 0]
        if len(mixed) == 0:
            return colours
        x, y, w = x[mixed], y[mixed], w[mixed]
        left, top = x.floor(), y.floor()
        flat = p.image.reshape(-1, 3)
        total, weights = p.image.new_zeros(len(mixed), 3), p.image.new_full((len(mixed), 1), 1e-6)
        total += flat[nearest[mixed]] * 1e-6
        for down in (0, 1):
            for right in (0, 1):
                at_y, at_x = (top + down), (left + right)
                tap = at_y.clamp(0, self.height - 1).long() * self.width + at_x.clamp(0, self.width - 1).long()
                same = (p._w[tap] - w).abs() <= DEPTH_EDGE * torch.maximum(p._w[tap], w)
                weight = ((1 - (x - at_x).abs()) * (1 - (y - at_y).abs()) * same)[:, None]
                total += flat[tap] * weight
                weights += weight
        colours[mixed] = total / weights
        return colours


def intrinsics_with_focal(intrinsics: torch.Tensor, factor: float) -> torch.Tensor:
    """Normalised intrinsics (3, 3) with the focal length times `factor`."""
    zoomed = intrinsics.clone()
    zoomed[:2, :2] *= factor
    return zoomed
