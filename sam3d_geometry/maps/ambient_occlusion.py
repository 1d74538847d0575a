"""Ambient occlusion over a pointmap in true 3D: how much of the sky above a surface other surfaces near it leave open.

Horizon-based: in slices through the line of sight (Jimenez et al., Practical realtime strategies for accurate indirect
occlusion, 2016) points are visited from near to far; each that rises above the horizon so far covers the arc between,
weighted by the cosine to the normal and by 1 - (distance / radius)^2 (Bavoil et al., Image-space horizon-based ambient
occlusion, 2008). Points are taken to be a limited thickness deep, so that a thing before a wall does not darken it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch.nn import functional as F

from ..geometry.camera import intrinsics_of_part, unproject, view_plane_axes
from ..geometry.normals import surface_normals
from ..geometry.pointmap import Pointmap
from ..geometry.scene_scale import scene_depth
from ..geometry.surfaces import average_linked, average_on_surfaces, inverse_depth, surface_links
from .enlarge import enlarge, enlarge_guided

DEFAULT_SHARE = 0.1  # of the median depth
WORKING_EDGE = 768  # larger pointmaps are looked at in every second, third ... pixel
BIAS = 0.03  # radians above the tangent plane that count as flat: normals of estimated geometry are not better
QUALITIES = {"fast": (4, 6), "normal": (8, 8), "high": (16, 16)}  # directions, steps in each
BLUR = 3  # pixels; takes out the pattern of the turned directions


def _turn_noise(height: int, width: int, device: torch.device) -> torch.Tensor:
    """Interleaved gradient noise (1, H, W) in [0, 1): neighbours look into different directions; the same each frame."""
    y, x = torch.arange(height, device=device)[:, None], torch.arange(width, device=device)[None]
    return torch.remainder(52.9829189 * torch.remainder(0.06711056 * x + 0.00583715 * y, 1.0), 1.0)[None]


def _arc(angle: torch.Tensor, sin_tilt: torch.Tensor, cos_tilt: torch.Tensor) -> torch.Tensor:
    """Cosine-weighted sky between the projected normal and `angle`, in a slice whose normal tilts from the line of sight."""
    sine = angle.sin()
    return 0.5 * (sine.square() * cos_tilt + (angle + sine * angle.cos()) * sin_tilt)


class _Slices:
    """One frame batch: for a direction in the picture, the sky that is covered on that side of each pixel."""

    def __init__(self, pointmap: Pointmap, normals: torch.Tensor, radius: float, thickness: float):
        self.height, self.width = pointmap.size
        self.depth, self.mask = pointmap.depth.contiguous(), pointmap.mask
        self.radius, self.thickness = radius, thickness
        self.a, self.b = view_plane_axes(pointmap.intrinsics.to(self.depth), self.height, self.width)
        self.points, self.normals = pointmap.points.movedim(-1, 0), normals.movedim(-1, 0)
        norm = (self.a.square() + self.b.square() + 1).rsqrt()
        self.view = torch.stack([-self.a * norm, -self.b * norm, -norm])
        right = torch.stack([1 - self.view[0].square(), -self.view[0] * self.view[1], -self.view[0] * self.view[2]])
        self.right = right / (1 - self.view[0].square()).sqrt()
        self.down = torch.linalg.cross(self.view, self.right, dim=0)
        self.facing = (self.normals * self.view).sum(0)
        k = pointmap.intrinsics.to(self.depth)
        self.pixels_x = (k[:, 0, 0] * self.width)[:, None, None]
        self.pixels_y = (k[:, 1, 1] * self.height)[:, None, None]
        self.rows = torch.arange(self.height, device=self.depth.device)[None, :, None]
        self.columns = torch.arange(self.width, device=self.depth.device)[None, None, :]
        frames = torch.arange(len(self.depth), device=self.depth.device)[:, None, None]
        self.offset = frames * (self.height * self.width)

    def covered(self, angle: torch.Tensor, steps: int, jitter: torch.Tensor) -> torch.Tensor:
        """angle (1, H, W) about the line of sight -> covered share (B, H, W) of the sky on that side, halved."""
        along = angle.cos() * self.right + angle.sin() * self.down
        side = (self.normals * along).sum(0)
        length = (side.square() + self.facing.square()).sqrt().clamp_min(1e-4)
        sin_tilt, cos_tilt = side / length, self.facing / length
        across = along * cos_tilt - self.view * sin_tilt
        inverse = 1 / self.depth.clamp_min(1e-12)
        du = (along[0] - self.a * along[2]) * inverse * self.pixels_x
        dv = (along[1] - self.b * along[2]) * inverse * self.pixels_y
        speed = (du.square() + dv.square()).sqrt().clamp_min(1e-12)
        reach = (self.radius * speed).clamp_max(max(self.height, self.width))
        du, dv = du / speed, dv / speed
        tilt = torch.atan2(sin_tilt, cos_tilt)
        horizon = torch.full_like(tilt, math.pi / 2 - BIAS)
        horizon_arc = _arc(horizon, sin_tilt, cos_tilt)
        covered, weight_before = torch.zeros_like(tilt), torch.ones_like(tilt)
        for step in range(steps):
            share = (step + jitter) / steps
            far = torch.maximum(reach * share * share.sqrt(), torch.full_like(reach, step + 1.0))
            column = (self.columns + du * far).round_().long()
            row = (self.rows + dv * far).round_().long()
            inside = (column >= 0) & (column < self.width) & (row >= 0) & (row < self.height)
            column.clamp_(0, self.width - 1)
            row.clamp_(0, self.height - 1)
            depth = self.depth.view(-1)[row * self.width + column + self.offset]
            x = self._axis(self.a, column, self.pixels_x) * depth - self.points[0]
            y = self._axis(self.b, row, self.pixels_y, rows=True) * depth - self.points[1]
            z = depth - self.points[2]
            square = x * x + y * y + z * z
            weight = 1 - square / self.radius**2
            weight = torch.where(inside & (depth > 0), weight, 0).clamp_min_(0)
            height = (x * self.normals[0] + y * self.normals[1] + z * self.normals[2]) / length
            level = x * across[0] + y * across[1] + z * across[2]
            front = torch.maximum(torch.atan2(level, height), -tilt)
            behind = torch.atan2(level + self.thickness * sin_tilt, height - self.thickness * cos_tilt)
            # a point rounded to a pixel may lie beside the slice: flat is what is flat in all directions
            rises = (weight > 0) & (front < horizon) & (height * length > BIAS * square.sqrt())
            front = torch.minimum(front, horizon)
            front_arc = _arc(front, sin_tilt, cos_tilt)
            # what lies deeper than the thickness stays open
            lower_arc = torch.where(behind < horizon, _arc(behind, sin_tilt, cos_tilt), horizon_arc)
            # the arc between two visited points is as far off as they are on average
            mean_weight = 0.5 * (weight + weight_before)
            covered += torch.where(rises, mean_weight * (lower_arc - front_arc).clamp_min(0), 0)
            weight_before = weight
            horizon = torch.where(rises, front, horizon)
            horizon_arc = torch.where(rises, front_arc, horizon_arc)
        return covered * length

    def _axis(self, axis: torch.Tensor, index: torch.Tensor, pixels: torch.Tensor, rows: bool = False) -> torch.Tensor:
        first = axis[:, :1, :1]
        return first + index.to(axis.dtype) / pixels


def _openness(pointmap: Pointmap, normals: torch.Tensor, radius: float, thickness: float, directions: int, steps: int):
    slices = _Slices(pointmap, normals, radius, thickness * radius)
    turn = _turn_noise(*pointmap.size, pointmap.device)
    covered = torch.zeros_like(pointmap.depth)
    for direction in range(directions):
        angle = (direction + turn) * (2 * math.pi / directions)
        jitter = torch.remainder(turn * 7.13 + direction * 0.618, 1.0)
        covered += slices.covered(angle, steps, jitter)
    openness = (1 - covered * (2 / directions)).clamp_(0, 1)
    return average_linked(openness, surface_links(pointmap.depth, pointmap.mask), BLUR)


def ambient_occlusion(
    pointmap: Pointmap,
    normals: torch.Tensor | None = None,
    radius: float | None = None,
    thickness: float = 0.5,
    directions: int = 8,
    steps: int = 8,
    smoothing: int = 0,
) -> torch.Tensor:
    """How open the surface at each pixel is, (B, H, W) in [0, 1]: 1 in the open and where there is no geometry.

    `normals` (B, H, W, 3) face the camera; without them the pointmap's own are taken, or computed. `radius` is the farthest
    that an occluder may be, in the pointmap's unit (without it a tenth of the median depth); `thickness`, as a share of
    the radius, how deep things are behind what is seen of them. `smoothing` is a radius in pixels over which depth is averaged
    first, within surfaces, against the ripples of estimated geometry. An endless wall at distance x from a floor leaves open
    1 - integral of 2 r / R^2 * (acos(c) - c sqrt(1 - c^2)) / pi over r from x to R, with c = x / r.
    """
    if radius is None:
        radius = DEFAULT_SHARE * scene_depth(pointmap)
    if not 0 < radius < math.inf:
        raise ValueError(f"The radius of ambient occlusion came as {radius:g}; a distance greater than 0 is needed.")
    if directions < 1 or steps < 1:
        raise ValueError(f"Ambient occlusion was asked for {directions} directions and {steps} steps; 1 is the least.")
    stride = -(-max(pointmap.size) // WORKING_EDGE)
    work = pointmap
    if stride > 1:
        work, normals = _every(pointmap, normals, stride)
    if smoothing > 0:
        work = _smoothed(work, smoothing)
    if normals is None:
        normals = surface_normals(work)
    openness = _openness(work, F.normalize(normals.float(), dim=-1), radius, thickness, directions, steps)
    if stride > 1:
        return torch.where(pointmap.mask, enlarge_guided(openness, work.depth, pointmap.depth), 1)
    return torch.where(pointmap.mask, openness, 1)


def _smoothed(pointmap: Pointmap, radius: int) -> Pointmap:
    """Depth averaged within surfaces, as 1 / depth, so that planes stay what they are; the normals are left to be computed."""
    inverse = inverse_depth(pointmap.depth, pointmap.mask)
    inverse = average_on_surfaces(inverse, pointmap.depth, pointmap.mask, radius, balanced=True)
    depth = inverse_depth(inverse, pointmap.mask)
    return replace(pointmap, points=unproject(depth, pointmap.intrinsics), normals=None)


def _every(pointmap: Pointmap, normals: torch.Tensor | None, stride: int) -> tuple[Pointmap, torch.Tensor | None]:
    """Every `stride`-th pixel of a pointmap and of normals; the camera is that of the kept pixels' centres."""
    rows, columns = (torch.arange(stride // 2, n, stride, device=pointmap.device) for n in pointmap.size)

    def kept(values):
        return values.index_select(1, rows).index_select(2, columns)

    k = intrinsics_of_part(pointmap.intrinsics, pointmap.size, (len(rows), len(columns)), stride=stride)
    own = None if pointmap.normals is None else kept(pointmap.normals)
    part = Pointmap(
        kept(pointmap.points),
        kept(pointmap.mask),
        k,
        kept(pointmap.image),
        normals=own,
        metric=pointmap.metric,
        source_size=pointmap.source_size,
    )
    return part, None if normals is None else kept(normals)


def occlusion_at_photo(
    pointmap: Pointmap, radius: float, thickness: float = 0.5, quality: str = "normal", smoothing: int = 0
) -> torch.Tensor:
    """`ambient_occlusion` (B, H, W) at the photo's size, with the directions and steps of one of QUALITIES."""
    openness = ambient_occlusion(pointmap, None, radius, thickness, *QUALITIES[quality], smoothing)
    return enlarge(openness, pointmap.source_size)
