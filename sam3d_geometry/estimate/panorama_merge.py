"""One panorama of many views: their scales and shifts from where they overlap, and a blend without seams.

A network gives each view at a scale of its own, and with an error along its axis. What two views say of one direction must agree, so
both are solved for over all overlaps at once (Gauss-Newton on the logarithm of distance, with weights against outliers; Holland and
Welsch, Robust regression using iteratively reweighted least-squares, 1977). What differs still is smooth over a view and goes
to its low frequencies, so that every surface meets itself; edges come from the view that sees them best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..geometry.panorama import panorama_rays, sample_panorama, sample_surface
from ..geometry.surfaces import DEPTH_EDGE

SOLVE_SIZE = (64, 128)  # of the panorama on which views are compared
OUTLIER = 0.03  # of the logarithm of distance: beyond it two views count ever less
# first the scales alone, which may be far apart, then shifts with them: together from the start all would be flattened, to agree
AGREEING_ROUNDS = [(True, OUTLIER * 2.0**k) for k in (6, 5, 4, 3, 2, 1)] + [
    (False, OUTLIER * 2.0**k) for k in (3, 3, 2, 2, 1, 1, 0, 0, 0)
]
STIFFNESS = 1e-3  # how strongly shifts are held at 0, as a share of the overlaps' weight
MOST_SHIFT = 0.7  # of a view's nearest depth
PATCH_CELLS = 24  # cells across a view, on which what differs still is smoothed
SMOOTHING_PASSES = 2  # passes over them
AGREES = 2 * DEPTH_EDGE  # of the logarithm of distance: the width of the bell within which views are blended
SHARPNESS = 4  # power of the blend's weights: near its middle a view stands almost alone


@dataclass(frozen=True)
class SphereView:
    """One view's geometry, as it came: depth along its axis, at any scale.

    inverse   (h, w) float32, 1 / depth, 0 where there is none
    normals   (h, w, 3) float32 in the view's axes, or None
    rotation  (3, 3) float64, takes its axes to the panorama's
    focal     normalised focal length of its square picture
    """

    inverse: torch.Tensor
    normals: torch.Tensor | None
    rotation: torch.Tensor
    focal: float


@dataclass(frozen=True)
class CoveredDirections:
    """What a view says of the directions (N,) of a panorama that it covers.

    where    (N,) long, flat numbers of the directions
    u, v     (N,) places in the view
    length   (N,) of the ray that is 1 long along the view's axis
    weight   (N,) from 1 in the middle to 0 at the border
    """

    where: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor
    length: torch.Tensor
    weight: torch.Tensor


def seen_by(view: SphereView, rays: torch.Tensor) -> CoveredDirections:
    """Which of the directions (N, 3) are in a view, and where."""
    x, y, z = (rays @ view.rotation.to(rays)).unbind(-1)
    half = 0.5 / view.focal
    where = ((z > 0) & (torch.maximum(x.abs(), y.abs()) < half * z)).nonzero()[:, 0]
    x, y, z = x[where], y[where], z[where]
    x, y = x / z, y / z
    weight = (x / half * torch.pi / 2).cos() * (y / half * torch.pi / 2).cos()
    return CoveredDirections(where, x * view.focal + 0.5, y * view.focal + 0.5, 1 / z, weight.clamp_min(1e-4))


def solve_scales(views: list[SphereView]) -> torch.Tensor:
    """(V, 2) float64: the logarithm of each view's factor, and the shift of its depth before it, that make the views agree.

    The factors' logarithms have the mean 0. A view without overlap keeps its scale.
    """
    rays = panorama_rays(SOLVE_SIZE).reshape(-1, 3)
    # equal areas of the sphere count equally
    area = (1 - rays[:, 1].square()).clamp_min(0).sqrt()
    seen = [seen_by(view, rays) for view in views]
    depths = torch.full((len(views), len(rays)), torch.nan, dtype=torch.float64)
    weights, stretch = (torch.zeros(len(views), len(rays), dtype=torch.float64) for _ in range(2))
    for i, (view, part) in enumerate(zip(views, seen)):
        inverse = sample_surface(view.inverse.cpu(), part.u, part.v).double()
        valid = inverse > 0
        depths[i, part.where[valid]] = 1 / inverse[valid]
        stretch[i, part.where] = part.length.double().log()
        weights[i, part.where[valid]] = (part.weight * area[part.where])[valid].double()
    nearest = depths.nan_to_num(torch.inf).amin(1).clamp_max(1e9)
    found = torch.zeros(len(views), 2, dtype=torch.float64)
    for scales_alone, outlier in AGREEING_ROUNDS:
        found = found - _step(found, (depths, stretch, weights), nearest, outlier, scales_alone)
        found[:, 0] -= found[:, 0].mean()
        found[:, 1] = torch.maximum(torch.minimum(found[:, 1], nearest), -MOST_SHIFT * nearest)
    return found


def _step(
    found: torch.Tensor,
    said: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    limit: torch.Tensor,
    outlier: float,
    alone: bool,
) -> torch.Tensor:
    """One step (V, 2) of Gauss-Newton, to be taken off, over all pairs of views; `alone`: of the scales only.

    `said`: depth along the views' axes, the logarithm of distance over it, and weight (V, N each) of directions; `limit` (V,) is what
    shifts are measured by.
    """
    count = len(found)
    depths, stretch, weights = said
    shifted = depths + found[:, 1:]
    logs = found[:, :1] + shifted.log() + stretch
    slopes = 1 / shifted
    normal = torch.zeros(2 * count, 2 * count, dtype=torch.float64)
    right = torch.zeros(2 * count, dtype=torch.float64)
    for i in range(count):
        for j in range(i + 1, count):
            both = (weights[i] > 0) & (weights[j] > 0)
            if not bool(both.any()):
                continue
            off = logs[i, both] - logs[j, both]
            weight = (weights[i, both] * weights[j, both]) / (1 + (off / outlier).square())
            one = torch.ones_like(off)
            rows = torch.stack([one, slopes[i, both], -one, -slopes[j, both]])
            at = torch.tensor([2 * i, 2 * i + 1, 2 * j, 2 * j + 1])
            normal[at[:, None], at] += (rows * weight) @ rows.T
            right[at] += (rows * weight) @ off
    total = normal.diagonal()[::2].mean().clamp_min(1e-12) * STIFFNESS
    ridge = torch.full(
        (2 * count,), float(total) * STIFFNESS, dtype=torch.float64
    )  # of scales: their gauge is set afterwards
    ridge[1::2] = total / limit.square()
    right[1::2] += ridge[1::2] * found[:, 1]
    held = torch.arange(2 * count) % 2 == 0 if alone else torch.ones(2 * count, dtype=torch.bool)
    step = torch.zeros(2 * count, dtype=torch.float64)
    step[held] = torch.linalg.solve((normal + torch.diag(ridge))[held][:, held], right[held])
    return step.reshape(count, 2)


def merge_views(
    views: list[SphereView], size: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Views of all directions -> distance (H, W), mask (H, W) and, where all views have normals, those (H, W, 3).

    Distances are at the geometric mean of the views' scales, 0 where the mask is False; normals are unit vectors in the panorama's
    axes. A direction is valid when the views that see it say so, each by its weight.
    """
    scales = solve_scales(views)
    device = views[0].inverse.device
    coarse = _Sphere.of(views, scales, SOLVE_SIZE, [None] * len(views))
    patches = [_remainder(view, scale, coarse) for view, scale in zip(views, scales)]
    whole = _Sphere.of(views, scales, size, patches)
    logs, mask = whole.blended()
    distance = torch.where(mask, logs.exp(), 0).reshape(size)
    normals = whole.normals(views) if all(view.normals is not None for view in views) else None
    return distance.to(device), mask.reshape(size), normals


def _logs(view: SphereView, scale: torch.Tensor, seen: CoveredDirections) -> torch.Tensor:
    """Logarithm of distance (N,) of what a view sees, -inf where it has nothing."""
    inverse = sample_surface(view.inverse, seen.u, seen.v)
    depth = (1 / inverse + float(scale[1])).clamp_min(1e-12)
    return torch.where(inverse > 0, (depth * seen.length).log() + float(scale[0]), -torch.inf)


@dataclass(frozen=True)
class _Sphere:
    """All views on the pixels (N,) of one panorama: the best of each direction, and what the views say."""

    size: tuple[int, int]
    seen: list[CoveredDirections]
    logs: list[torch.Tensor]

    @staticmethod
    def of(
        views: list[SphereView], scales: torch.Tensor, size: tuple[int, int], patches: Sequence[torch.Tensor | None]
    ) -> _Sphere:
        rays = panorama_rays(size, views[0].inverse.device).reshape(-1, 3)
        seen = [seen_by(view, rays) for view in views]
        logs = []
        for view, scale, part, patch in zip(views, scales, seen, patches):
            said = _logs(view, scale, part)
            if patch is not None:
                places = torch.stack([part.u, part.v], -1)[None, None] * 2 - 1
                said = (
                    said + F.grid_sample(patch[None, None], places, align_corners=False, padding_mode="border")[0, 0, 0]
                )
            logs.append(said)
        return _Sphere(size, seen, logs)

    def _best(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(N,) what the view that sees a direction best says of it, -inf where that has nothing; and the share that has something."""
        count, device = self.size[0] * self.size[1], self.logs[0].device
        best, weight = (torch.full((count,), value, device=device) for value in (-torch.inf, 0.0))
        valid, total = (torch.zeros(count, device=device) for _ in range(2))
        for part, said in zip(self.seen, self.logs):
            has = said.isfinite()
            valid.index_add_(0, part.where, part.weight * has)
            total.index_add_(0, part.where, part.weight)
            better = has & (part.weight > weight[part.where])
            where = part.where[better]
            best[where], weight[where] = said[better], part.weight[better]
        return best, valid / total.clamp_min(1e-12)

    def blended(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(N,) logarithm of distance and mask: of every direction the views that agree with the one that sees it best."""
        best, share = self._best()
        mask = best.isfinite() & (share >= 0.5)
        total, weights = torch.zeros_like(best), torch.zeros_like(best)
        for part, said in zip(self.seen, self.logs):
            off = said - best[part.where]
            weight = part.weight**SHARPNESS * torch.exp(-(off / AGREES).square())
            weight = torch.where(said.isfinite() & off.isfinite(), weight, 0)
            total.index_add_(0, part.where, torch.where(weight > 0, weight * said, 0))
            weights.index_add_(0, part.where, weight)
        return torch.where(mask, total / weights.clamp_min(1e-30), 0), mask

    def normals(self, views: list[SphereView]) -> torch.Tensor:
        """(H, W, 3) the views' own normals, blended by the same weights, 0 where there are none."""
        best, _ = self._best()
        total = torch.zeros(len(best), 3, device=best.device)
        for view, part, said in zip(views, self.seen, self.logs):
            assert view.normals is not None
            turned = (view.normals @ view.rotation.to(view.normals).T).movedim(-1, 0)
            places = torch.stack([part.u, part.v], -1)[None, None] * 2 - 1
            sampled = F.grid_sample(turned[None], places, align_corners=False, padding_mode="border")[0, :, 0].T
            off = said - best[part.where]
            weight = torch.where(off.isfinite(), part.weight**SHARPNESS * torch.exp(-(off / AGREES).square()), 0)
            total.index_add_(0, part.where, sampled * weight[:, None])
        return F.normalize(total, dim=-1).reshape(*self.size, 3)


def _remainder(view: SphereView, scale: torch.Tensor, coarse: _Sphere) -> torch.Tensor:
    """(PATCH_CELLS, PATCH_CELLS) smooth map over a view of what is to be added to its logarithms of distance, to agree with all views together."""
    device = view.inverse.device
    middle = (torch.arange(PATCH_CELLS, device=device) + 0.5) / PATCH_CELLS
    v, u = torch.meshgrid(middle, middle, indexing="ij")
    local = torch.stack([(u - 0.5) / view.focal, (v - 0.5) / view.focal, torch.ones_like(u)], -1)
    rays = (local @ view.rotation.to(local).T).reshape(-1, 3)
    seen = CoveredDirections(
        torch.arange(len(rays)), u.reshape(-1), v.reshape(-1), local.norm(dim=-1).reshape(-1), torch.ones(())
    )
    said = _logs(view, scale, seen)
    everyone = _mean_of_all(coarse, sample=rays)
    off = everyone - said
    counted = off.isfinite() & (off.abs() < 4 * OUTLIER)
    planes = torch.stack([torch.where(counted, off, 0), counted.to(off)]).reshape(1, 2, PATCH_CELLS, PATCH_CELLS)
    for _ in range(SMOOTHING_PASSES):
        planes = F.avg_pool2d(F.pad(planes, (2, 2, 2, 2), mode="replicate"), 5, 1)
    return (planes[0, 0] / planes[0, 1].clamp_min(1e-6)).contiguous()


def _mean_of_all(coarse: _Sphere, sample: torch.Tensor) -> torch.Tensor:
    """Logarithm of distance in directions (N, 3): the mean of all views that see each, by their weights; nan where none does."""
    count = coarse.size[0] * coarse.size[1]
    total, weights = (torch.zeros(count, device=sample.device) for _ in range(2))
    for part, said in zip(coarse.seen, coarse.logs):
        has = said.isfinite()
        total.index_add_(0, part.where[has], (part.weight * said)[has])
        weights.index_add_(0, part.where[has], part.weight[has])
    mean = torch.where(weights > 0, total / weights.clamp_min(1e-30), torch.nan).reshape(*coarse.size, 1)
    return sample_panorama(mean, sample)[:, 0]
