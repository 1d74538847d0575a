"""Cast shadows: which pixels' rays to a light pass through what the camera sees.

Seen by the camera all rays to one light run along lines through the light's image (its epipole), and along such a line at
distance r from the epipole a ray to the light is w = w_light + k r in inverse depth w. So whatever stands at a smaller r
(a greater one for a light behind the camera) casts a shadow on all pixels whose slope k lies between the slope of its
front and that of its back, which the camera does not see and which is taken to be `thickness` behind the front. Depth is
resampled once onto these lines; a tree of the slopes' ranges over each line then finds an occluder in logarithmic time,
with the result of a march that visits every pixel of the ray.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ...geometry.pointmap import Pointmap
from ...geometry.surfaces import DEPTH_EDGE, average_linked, inverse_jumps, surface_links
from .lights import AREA, DIRECTIONAL, PlacedLight
from .slope_tree import SlopeTree
from .surface import normals_of

FARTHEST_EPIPOLE = 200.0  # in diagonals of the picture; a light level with the camera has none
QUERIES = 1 << 18  # pixels looked up at a time
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
HARD_SMOOTHING = 1  # pixels over which a hard shadow's border is averaged: it is found as 0 or 1 at each
# pixels at most between the lines of one sample of a light with a radius: its border is one of several
SOFT_SPACING = 3.0
STEEPEST = 6.0  # depth that a surface gains for a length across the view (80 degrees) and still must not shade itself
SOFT_SMOOTHING = 8  # pixels over which the steps between the samples of a light with a radius are averaged


def _in_picture(x: float, y: float, height: int, width: int) -> bool:
    return -1 <= x <= width + 1 and -1 <= y <= height + 1


class _Lines:
    """The lines of a picture (height, width) through one point of its plane, or beyond: polar coordinates about it.

    Where they are farthest apart they are `spacing` pixels apart.
    """

    def __init__(self, x: float, y: float, height: int, width: int, *, spacing: float = 1.0):
        self.centre = (width / 2, height / 2)
        away_x, away_y = self.centre[0] - x, self.centre[1] - y
        self.distance = math.hypot(away_x, away_y)
        self.axis = (away_x / self.distance, away_y / self.distance) if self.distance > 1e-6 else (1.0, 0.0)
        corners = [self._polar_of(cx, cy) for cx in (0, width) for cy in (0, height)]
        reach = max(r for _, r in corners)
        self.closed = _in_picture(x, y, height, width)
        if self.closed:
            self.first_angle, span, self.first_r = -math.pi, 2 * math.pi, 0.0
        else:
            self.first_angle = min(angle for angle, _ in corners)
            span = max(angle for angle, _ in corners) - self.first_angle
            self.first_r = math.hypot(max(0 - x, 0, x - width), max(0 - y, 0, y - height))
        self.count = max(1, math.ceil(span * reach / spacing))
        self.length = max(1, math.ceil(reach - self.first_r) + 1)
        self.step = span / self.count

    def _polar_of(self, x: float, y: float) -> tuple[float, float]:
        dx, dy = x - self.centre[0], y - self.centre[1]
        along = dx * self.axis[0] + dy * self.axis[1] + self.distance
        across = dy * self.axis[0] - dx * self.axis[1]
        return math.atan2(across, along), math.hypot(along, across)

    def polar(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pixel positions -> angle and distance from the epipole; measured from the centre, so precise far from it too."""
        dx, dy = x - self.centre[0], y - self.centre[1]
        along = dx * self.axis[0] + dy * self.axis[1] + self.distance
        across = dy * self.axis[0] - dx * self.axis[1]
        return torch.atan2(across, along), torch.hypot(along, across)

    def line_of(self, angle: torch.Tensor) -> torch.Tensor:
        line = ((angle - self.first_angle) / self.step).floor().long()
        return line % self.count if self.closed else line.clamp(0, self.count - 1)

    def steps(self, device: torch.device) -> torch.Tensor:
        """(length,) distance from the epipole of every step of a line."""
        return torch.arange(self.length, device=device) + (self.first_r + 0.5)

    def positions(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """(count, length) pixel position x and y of every step of every line."""
        angle = (torch.arange(self.count, device=device) + 0.5) * self.step + self.first_angle
        r = self.steps(device)
        along = (torch.cos(angle)[:, None] * r).sub_(self.distance)
        across = torch.sin(angle)[:, None] * r
        x = (self.axis[0] * along).sub_(across, alpha=self.axis[1]).add_(self.centre[0])
        y = (self.axis[1] * along).add_(across, alpha=self.axis[0]).add_(self.centre[1])
        return x, y


def _gentle_slope(values: torch.Tensor, dim: int) -> torch.Tensor:
    """Change of values (H, W) per pixel along `dim`: the smaller of both sides', 0 where they disagree in sign."""
    if values.shape[dim] == 1:
        return torch.zeros_like(values)
    steps = values.diff(dim=dim)
    last = steps.shape[dim] - 1
    before = torch.cat([steps.narrow(dim, 0, 1), steps], dim)
    after = torch.cat([steps, steps.narrow(dim, last, 1)], dim)
    return torch.where(before * after > 0, torch.where(before.abs() < after.abs(), before, after), 0)


@dataclass(frozen=True)
class _Occluders:
    """What casts a shadow in a picture (height, width), pixel by pixel and row by row, with a last one that is nothing.

    w       (height * width + 1,) inverse depth, 0 where there is nothing
    slopes  its change for a pixel to the right, and for one down
    """

    size: tuple[int, int]
    w: torch.Tensor
    slopes: tuple[torch.Tensor, torch.Tensor]

    @classmethod
    def of(cls, depth: torch.Tensor) -> _Occluders:
        """From a depth (H, W), 0 where there is nothing."""
        w = torch.where(depth > 0, 1 / depth.clamp_min(1e-9), 0)
        right, down = (F.pad(_gentle_slope(w, dim).view(-1), (0, 1)) for dim in (1, 0))
        height, width = depth.shape
        return cls((height, width), F.pad(w.reshape(-1), (0, 1)), (right, down))

    def along(self, lines: _Lines) -> torch.Tensor:
        """Inverse depth (count, length) at every step of every line, 0 where there is none.

        The nearest pixel's surface is followed to the step's own place: exact on planes, so that they do not shade themselves.
        """
        height, width = self.size
        x, y = lines.positions(self.w.device)
        column, row = x.floor(), y.floor()
        outside = (column < 0) | (column >= width) | (row < 0) | (row >= height)
        # whole numbers beyond 2 ** 24, of pixels in an 8K picture, need integers
        at = torch.where(outside, height * width, row.long() * width + column.long())
        found = self.w.index_select(0, at.view(-1)).view_as(x)
        for position, cell, slope in ((x, column, self.slopes[0]), (y, row, self.slopes[1])):
            found.addcmul_(slope.index_select(0, at.view(-1)).view_as(x), position.sub_(cell).sub_(0.5))
        return found


def _slope_ranges(
    w: torch.Tensor, r: torch.Tensor, w_light: float, thickness: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Inverse depth (lines, length), 0 where none, and distance (length,) -> greatest and least slope that each pixel keeps from light.

    From its front to its back, and on to the next pixel of the same surface, so that a steep surface has no gaps.
    """
    front = torch.where(w > 0, (w - w_light) / r, -math.inf)
    back = torch.where(w > 0, (w / (1 + thickness) - w_light) / r, math.inf)
    joined = inverse_jumps(w, 1) <= DEPTH_EDGE
    front_on = torch.where(joined, torch.maximum(front[:, :-1], front[:, 1:]), front[:, :-1])
    back_on = torch.where(joined, torch.minimum(back[:, :-1], back[:, 1:]), back[:, :-1])
    return torch.cat([front_on, front[:, -1:]], 1), torch.cat([back_on, back[:, -1:]], 1)


def _running_greatest(values: torch.Tensor) -> torch.Tensor:
    """The greatest of each row's values up to and with every place; as cummax, which not every device has."""
    values, step = values.clone(), 1
    while step < values.shape[1]:
        values[:, step:] = torch.maximum(values[:, step:], values[:, :-step])
        step *= 2
    return values


def _shadow_of(
    points: torch.Tensor,
    occluders: _Occluders,
    *,
    camera: tuple[float, float, float, float],
    light: tuple[float, float, float],
    sun: bool,
    thickness: float,
    spacing: float,
) -> torch.Tensor:
    """Points (N, 3), camera (fx, fy, cx, cy) in pixels, lines of a `spacing` in pixels -> blocked (N,) bool."""
    height, width = occluders.size
    fx, fy, cx, cy = camera
    x, y, z = light
    sideways = max(abs(fx * x), abs(fy * y))
    if math.hypot(x, y, z) < 1e-9:
        return torch.zeros_like(points[:, 0], dtype=torch.bool)
    least = max(sideways / (FARTHEST_EPIPOLE * math.hypot(height, width)), 1e-9)
    if abs(z) < least:
        z = math.copysign(least, z)
    lines = _Lines(fx * x / z + cx, fy * y / z + cy, height, width, spacing=spacing)
    w_light = 0.0 if sun else 1 / z
    w = occluders.along(lines)
    r = lines.steps(points.device)
    if z < 0:
        w, r = w.flip(1), r.flip(0)
    front, back = _slope_ranges(w, r, w_light, thickness)
    greatest = _running_greatest(front).view(-1)
    tree = SlopeTree(front, back)
    blocked = []
    for part in points.split(QUERIES):
        w = 1 / part[:, 2].clamp_min(1e-9)
        angle, r = lines.polar(fx * part[:, 0] * w + cx, fy * part[:, 1] * w + cy)
        place = (r - lines.first_r).floor().long()
        if z < 0:
            place = lines.length - 1 - place
        # the pixel itself and the one beside it belong to the surface that may be shaded
        before = (place - 1).clamp(0, lines.length)
        line, slope = lines.line_of(angle), (w - w_light) / r.clamp_min(1e-3)
        below = (before > 0) & (greatest.index_select(0, line * lines.length + (before - 1).clamp_min(0)) > slope)
        some = below.nonzero()[:, 0]
        below[some] = tree.holds(line[some], before[some], slope[some])
        blocked.append(below)
    return torch.cat(blocked)


def _soft_spacing(bias: float, focal: float) -> float:
    """Pixels between the lines of a soft shadow, for a bias and a focal length in pixels.

    A pixel lies up to half of it beside its line; the bias has to hold what a steep surface gains in depth over that.
    """
    return min(max(2 * bias * focal / STEEPEST, 1.0), SOFT_SPACING)


def _places_on_light(
    light: PlacedLight, frame: int, middle: torch.Tensor, samples: int
) -> list[tuple[float, float, float]]:
    """`samples` places on the light's disc as the scene's middle (3,) sees it, evenly spread (Vogel's spiral)."""
    position, radius = light.position[frame].cpu().double(), float(light.radius[frame])
    if samples == 1 or radius == 0:
        return [tuple(position.tolist())]
    if light.kind == AREA:
        view = light.aim[frame].cpu().double()
    else:
        view = position if light.kind == DIRECTIONAL else position - middle.cpu().double()
    view = F.normalize(view, dim=0)
    across = torch.linalg.cross(view, torch.eye(3, dtype=torch.float64)[int(view.abs().argmin())])
    across = F.normalize(across, dim=0)
    up = torch.linalg.cross(view, across)
    places = []
    for i in range(samples):
        r, angle = radius * math.sqrt((i + 0.5) / samples), i * GOLDEN_ANGLE
        places.append(tuple((position + r * (math.cos(angle) * across + math.sin(angle) * up)).tolist()))
    return places


@dataclass(frozen=True, kw_only=True)
class Casting:
    """How a shadow is cast; thickness and bias are shares of the depth.

    thickness  how far an occluder continues behind its visible front
    bias       how far in front of its surface a ray to the light starts
    samples    places on a light with a radius that cast one
    """

    thickness: float = 0.1
    bias: float = 0.01
    samples: int = 8


def cast_shadow(
    surface: Pointmap, light: PlacedLight, how: Casting | None = None, occluders: torch.Tensor | None = None
) -> torch.Tensor:
    """Share (B, H, W) of a light that occluders keep from each pixel of a surface with normals, 0 lit to 1 in shadow.

    `occluders` (B, H, W) is the depth of what casts the shadow as the surface's camera sees it, 0 where there is nothing;
    without them the surface casts it. Surfaces that face away from the light are in no shadow: they get no light.
    """
    how = Casting() if how is None else how
    points, normals, mask = surface.points, normals_of(surface), surface.mask
    occluders = surface.depth if occluders is None else occluders
    batch, height, width, _ = points.shape
    shadow = points.new_zeros(batch, height, width)
    for i in range(batch):
        k = surface.intrinsics[i].cpu().double()
        camera = float(k[0, 0] * width), float(k[1, 1] * height), float(k[0, 2] * width), float(k[1, 2] * height)
        valid = mask[i].nonzero(as_tuple=True)
        point, normal = points[i][valid], normals[i][valid]
        if not len(point):
            continue
        point = point + normal * (how.bias * point[:, 2:])
        position = light.position[i]
        to_light = position if light.kind == DIRECTIONAL else position - point
        facing = ((normal * to_light).sum(-1) > 0) & (point[:, 2] > 0)
        if light.radius[i] > 0:
            facing |= point[:, 2] > 0
        chosen = facing.nonzero()[:, 0]
        point = point[chosen]
        if not len(point):
            continue
        places = _places_on_light(light, i, point.mean(0), how.samples)
        total, casting = torch.zeros_like(point[:, 0]), _Occluders.of(occluders[i])
        for place in places:
            total += _shadow_of(
                point,
                casting,
                camera=camera,
                light=place,
                sun=light.kind == DIRECTIONAL,
                thickness=how.thickness,
                spacing=1.0 if len(places) == 1 else _soft_spacing(how.bias, camera[0]),
            )
        flat = valid[0][chosen] * width + valid[1][chosen]
        shadow[i].view(-1)[flat] = total / len(places)
    radius = SOFT_SMOOTHING if bool((light.radius > 0).any()) else HARD_SMOOTHING
    return average_linked(shadow, surface_links(points[..., 2], mask), radius)
