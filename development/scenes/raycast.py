"""Where rays meet bodies, in closed form, for many rays at once (terrain alone is marched and bisected).

Everything here is in body axes. `origins` is (3,) or (N, 3), `directions` is (N, 3) and not normalised: a ray's
parameter t is whatever unit the directions have, which is depth along the camera's z for camera rays.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .scene import Body

INFINITY = float("inf")
TERRAIN_STEPS = 160
BISECTIONS = 32
TINY = 1e-30


def intersect(
    body: Body, origins: torch.Tensor, directions: torch.Tensor, near: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """First and last t >= `near` (N,) at which the rays cross the surface; inf where they do not."""
    entry, leave = CROSSINGS[body.shape](body, origins, directions, near)
    first = torch.where(entry >= near, entry, torch.where(leave >= near, leave, INFINITY))
    last = torch.where(leave >= near, leave, INFINITY)
    return first, last


def normal(body: Body, points: torch.Tensor) -> torch.Tensor:
    """Unit outward normals (N, 3) at `points` (N, 3) on the surface."""
    return F.normalize(NORMALS[body.shape](body, points), dim=-1, eps=TINY)


def _half_size(body: Body, like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(body.half_size, dtype=like.dtype, device=like.device)


def _safe(values: torch.Tensor) -> torch.Tensor:
    return torch.where(values.abs() < TINY, TINY, values)


def _interval(discriminant: torch.Tensor, a: torch.Tensor, half_b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both roots of a t^2 + 2 half_b t + c from discriminant half_b^2 - a c, unordered; inf where there are none."""
    root = discriminant.clamp_min(0).sqrt()
    a = _safe(a)
    miss = discriminant < 0
    return torch.where(miss, INFINITY, (-half_b - root) / a), torch.where(miss, INFINITY, (-half_b + root) / a)


def _convex(candidates: list[tuple[torch.Tensor, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Entry and exit of a convex solid from pairs (t, whether that crossing lies on the surface)."""
    t = torch.stack([value for value, _ in candidates])
    on_surface = torch.stack([flag for _, flag in candidates]) & torch.isfinite(t)
    entry = torch.where(on_surface, t, INFINITY).amin(0)
    leave = torch.where(on_surface, t, -INFINITY).amax(0)
    return entry, torch.where(torch.isfinite(entry), leave, INFINITY)


def _plane(body, origins, directions, near):
    t = -origins[..., 2] / _safe(directions[..., 2])
    half_x, half_y, _ = body.half_size
    outside = torch.zeros_like(t, dtype=torch.bool)
    if half_x != INFINITY:
        outside |= (origins[..., 0] + t * directions[..., 0]).abs() > half_x
    if half_y != INFINITY:
        outside |= (origins[..., 1] + t * directions[..., 1]).abs() > half_y
    t = torch.where(outside, INFINITY, t)
    return t, t


def _box(body, origins, directions, near):
    half = _half_size(body, directions)
    inverse = 1 / _safe(directions)
    middle, reach = -origins * inverse, half * inverse.abs()
    entry, leave = (middle - reach).amax(-1), (middle + reach).amin(-1)
    miss = entry > leave
    return torch.where(miss, INFINITY, entry), torch.where(miss, INFINITY, leave)


def _ellipsoid(body, origins, directions, near):
    half = _half_size(body, directions)
    o, d = origins / half, directions / half
    a, half_b = (d * d).sum(-1), (o * d).sum(-1)
    # distance of the centre from the ray instead of half_b^2 - a c: far bodies keep their precision
    nearest = o - (half_b / a)[..., None] * d
    return _interval(a * (1 - (nearest * nearest).sum(-1)), a, half_b)


def _cylinder(body, origins, directions, near):
    half = _half_size(body, directions)
    o, d = origins / half, directions / half
    k = body.taper
    radius_o, radius_d = 1 + k * o[..., 2], k * d[..., 2]
    a = d[..., 0] ** 2 + d[..., 1] ** 2 - radius_d**2
    half_b = o[..., 0] * d[..., 0] + o[..., 1] * d[..., 1] - radius_o * radius_d
    c = o[..., 0] ** 2 + o[..., 1] ** 2 - radius_o**2
    candidates = []
    for t in _interval(half_b * half_b - a * c, a, half_b):
        z = o[..., 2] + t * d[..., 2]
        candidates.append((t, (z.abs() <= 1) & (1 + k * z >= 0)))
    for side in (-1.0, 1.0):
        t = (side - o[..., 2]) / _safe(d[..., 2])
        distance = (o[..., 0] + t * d[..., 0]) ** 2 + (o[..., 1] + t * d[..., 1]) ** 2
        candidates.append((t, distance <= (1 + k * side) ** 2))
    return _convex(candidates)


def _capsule(body, origins, directions, near):
    radius, _, length = body.half_size
    planar_o, planar_d = origins[..., :2], directions[..., :2]
    a, half_b = (planar_d * planar_d).sum(-1), (planar_o * planar_d).sum(-1)
    c = (planar_o * planar_o).sum(-1) - radius**2
    candidates = [
        (t, (origins[..., 2] + t * directions[..., 2]).abs() <= length)
        for t in _interval(half_b * half_b - a * c, a, half_b)
    ]
    a = (directions * directions).sum(-1)
    for side in (-1.0, 1.0):
        shifted = origins - origins.new_tensor([0, 0, side * length])
        half_b = (shifted * directions).sum(-1)
        c = (shifted * shifted).sum(-1) - radius**2
        candidates += [
            (t, (origins[..., 2] + t * directions[..., 2]) * side >= length)
            for t in _interval(half_b * half_b - a * c, a, half_b)
        ]
    return _convex(candidates)


def terrain_height(body: Body, xy: torch.Tensor) -> torch.Tensor:
    """Height (N,) of a terrain body at `xy` (N, 2), both in body axes."""
    heights = torch.as_tensor(body.heights).to(xy)
    at = (xy / _half_size(body, xy)[:2])[None, None]
    value = F.grid_sample(heights[None, None], at, mode="bilinear", padding_mode="reflection", align_corners=True)
    return value[0, 0, 0] * body.half_size[2]


def _terrain(body, origins, directions, near):
    origins = origins.expand_as(directions)
    far = 6 * max(body.half_size[:2])
    first_step = max(near, far * 1e-4)
    ratio = (far / first_step) ** (1 / TERRAIN_STEPS)

    def above(t, rays):
        at = origins[rays] + t[:, None] * directions[rays]
        return at[:, 2] - terrain_height(body, at[:, :2])

    low = directions.new_zeros(len(directions))
    high = torch.full_like(low, INFINITY)
    rays = torch.arange(len(directions), device=directions.device)
    before, t_before = above(low[rays], rays), low
    t = low.new_full((len(low),), first_step)
    for _ in range(TERRAIN_STEPS + 1):
        now = above(t[rays], rays)
        crossed = (now < 0) != (before < 0)
        hit = rays[crossed]
        low[hit], high[hit] = t_before[hit], t[hit]
        rays, before = rays[~crossed], now[~crossed]
        if len(rays) == 0:
            break
        t_before, t = t, t * ratio
    hit = torch.nonzero(torch.isfinite(high))[:, 0]
    if len(hit):
        a, b = low[hit], high[hit]
        start = above(a, hit) < 0
        for _ in range(BISECTIONS if directions.dtype == torch.float64 else BISECTIONS // 2):
            middle = (a + b) / 2
            same = (above(middle, hit) < 0) == start
            a, b = torch.where(same, middle, a), torch.where(same, b, middle)
        high[hit] = (a + b) / 2
    return high, high


def _plane_normal(body, points):
    return torch.tensor([0.0, 0.0, 1.0], dtype=points.dtype, device=points.device).expand_as(points)


def _box_normal(body, points):
    unit = points / _half_size(body, points)
    face = unit.abs().argmax(-1, keepdim=True)
    return torch.zeros_like(points).scatter(-1, face, unit.gather(-1, face).sign())


def _ellipsoid_normal(body, points):
    return points / _half_size(body, points) ** 2


def _cylinder_normal(body, points):
    half = _half_size(body, points)
    unit = points / half
    radius = 1 + body.taper * unit[..., 2]
    from_side = ((unit[..., 0] ** 2 + unit[..., 1] ** 2).sqrt() - radius).abs()
    from_cap = (1 - unit[..., 2].abs()).abs()
    side = torch.stack([unit[..., 0] / half[0], unit[..., 1] / half[1], -radius * body.taper / half[2]], -1)
    cap = torch.zeros_like(points)
    cap[..., 2] = unit[..., 2].sign()
    return torch.where((from_cap < from_side)[..., None], cap, side)


def _capsule_normal(body, points):
    length = body.half_size[2]
    axis = torch.zeros_like(points)
    axis[..., 2] = points[..., 2].clamp(-length, length)
    return points - axis


def _terrain_normal(body, points):
    rows, columns = body.heights.shape
    half = _half_size(body, points)
    step = half[:2] * 2 / torch.tensor([columns - 1, rows - 1], dtype=half.dtype, device=half.device) * 1e-3
    along_x, along_y = step * step.new_tensor([1, 0]), step * step.new_tensor([0, 1])
    xy = points[..., :2]
    slope_x = (terrain_height(body, xy + along_x) - terrain_height(body, xy - along_x)) / (2 * step[0])
    slope_y = (terrain_height(body, xy + along_y) - terrain_height(body, xy - along_y)) / (2 * step[1])
    return torch.stack([-slope_x, -slope_y, torch.ones_like(slope_x)], -1)


CROSSINGS = {
    "plane": _plane,
    "box": _box,
    "ellipsoid": _ellipsoid,
    "cylinder": _cylinder,
    "capsule": _capsule,
    "terrain": _terrain,
}
NORMALS = {
    "plane": _plane_normal,
    "box": _box_normal,
    "ellipsoid": _ellipsoid_normal,
    "cylinder": _cylinder_normal,
    "capsule": _capsule_normal,
    "terrain": _terrain_normal,
}
