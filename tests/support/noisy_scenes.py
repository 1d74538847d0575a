"""Closed-form scenes with true normals, what lies near their edges and creases, and the noise that depth comes with."""

from __future__ import annotations

from dataclasses import dataclass

import closed_form
import torch
from torch.nn import functional as F

FAR = 12.0  # times the nearest things: a picture of 8 bits has no levels for what is farther
CLEAN = "clean"
NOISES = (
    CLEAN,
    "white 0.2 %",
    "white 0.5 %",
    "white 1 %",
    "white 2 %",
    "8 bit depth",
    "8 bit inverse",
    "16 bit depth",
    "correlated 0.5 %",
    "stereo 0.5 %",
    "steps 0.3 %",
)


@dataclass(frozen=True)
class Scene:
    """Depth (1, H, W) float64, 0 where there is none, unit normals (1, H, W, 3), and what is within 3 pixels of an edge."""

    name: str
    depth: torch.Tensor
    normals: torch.Tensor
    edges: torch.Tensor


def rotation(seed):
    """A camera turned at random by up to about 25 degrees."""
    generator = torch.Generator().manual_seed(seed)
    turn = 0.25 * torch.randn(3, generator=generator, dtype=torch.float64)
    x, y, z = turn.tolist()
    return torch.linalg.matrix_exp(torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64))


def room(height, width, seed):
    """A box room seen by a turned camera."""
    turned = rotation(seed)
    ray = closed_form.rays(height, width) @ turned.T
    half = torch.tensor([2.0, 1.5, 4.0], dtype=torch.float64)
    depth, axis = (half / ray.abs().clamp_min(1e-12)).min(-1)
    normals = torch.zeros_like(ray).scatter_(-1, axis[..., None], -ray.gather(-1, axis[..., None]).sign())
    return depth, normals @ turned


def _nearest(height, width, planes):
    """The nearest of planes given as (tilt, azimuth, distance)."""
    maps = [closed_form.plane(height, width, *plane) for plane in planes]
    depth, index = torch.stack([torch.where(depth > 0, depth, torch.inf) for depth, _ in maps]).min(0)
    return depth, torch.stack([normal for _, normal in maps])[index]


def bar_before_wall(height, width, pixels=4):
    """An upright bar a few pixels wide and a slanted edge, before a tilted wall."""
    depth, normal = closed_form.plane(height, width, 35, 100, 4.0)
    front, front_normal = closed_form.plane(height, width, 20, 10, 2.5)
    x, y = torch.arange(width)[None, None], torch.arange(height)[None, :, None]
    near = ((x >= width // 4) & (x < width // 4 + pixels)) | (2 * x > width + y)
    return torch.where(near, front, depth), torch.where(near[..., None], front_normal, normal)


def _edges(depth, normals):
    turns = torch.zeros_like(depth)
    inverse = torch.where(depth > 0, 1 / depth.clamp_min(1e-9), 0)
    for dim in (1, 2):
        n = depth.shape[dim] - 1
        corner = (normals.narrow(dim, 0, n) * normals.narrow(dim, 1, n)).sum(-1) < 0.95
        bend = inverse.diff(n=2, dim=dim).abs() > 0.02 * inverse.narrow(dim, 1, n - 1)
        turns.narrow(dim, 0, n).add_(corner)
        turns.narrow(dim, 1, n - 1).add_(bend)
    return F.max_pool2d(turns[:, None], 7, 1, 3)[:, 0] > 0


def scenes(height, width):
    """Planes of several slopes, a sphere, rooms, a ridge, a box before a wall, a thin bar."""
    found = {}
    for tilt, azimuth in ((0, 0), (30, 70), (60, 200), (75, 90)):
        depth, normal = closed_form.plane(height, width, tilt, azimuth)
        depth = torch.where(depth < FAR, depth, 0)
        found[f"plane {tilt}"] = depth, torch.where((depth > 0)[..., None], normal, 0)
    found["sphere"] = closed_form.sphere(height, width, 2.5)
    for seed in (1, 2):
        found[f"room {seed}"] = room(height, width, seed)
    found["ridge"] = _nearest(height, width, ((40, 20, 3.0), (25, 190, 3.1)))
    found["folds"] = _nearest(height, width, ((20, 90, 3.0), (20, 270, 3.0), (30, 0, 2.95)))
    found["box"] = closed_form.box_before_wall(height, width, tilt_degrees=30)[:2]
    found["bar"] = bar_before_wall(height, width)
    return [Scene(name, depth, normals, _edges(depth, normals)) for name, (depth, normals) in found.items()]


def _quantised(values, inside, levels):
    low, high = values[inside].min(), values[inside].max()
    span = (high - low).clamp_min(0.2 * high)  # a scene that faces the camera does not fill the range of its picture
    return ((values - low) / span * levels).round() / levels * span + low


def with_noise(depth, noise, seed=0):
    """Depth (1, H, W) as one of the NOISES gives it; 0 stays 0."""
    generator = torch.Generator().manual_seed(seed)
    white = torch.randn(depth.shape, generator=generator, dtype=depth.dtype)
    inside = depth > 0
    kind, *rest = noise.split()
    amount = float(rest[0]) / 100 if rest and rest[-1] == "%" else 0.0
    if kind == "white":
        depth = depth * (1 + amount * white)
    elif kind == "stereo":
        depth = 1 / (1 / depth.clamp_min(1e-9) + amount * white * (1 / depth[inside]).mean())
    elif kind == "steps":  # a depth camera: noise, then whole millimetres
        step = 0.002 * depth[inside].median()
        depth = (depth * (1 + amount * white) / step).round() * step
    elif kind == "correlated":
        at = torch.arange(-6, 7, dtype=depth.dtype)
        kernel = torch.exp(-0.5 * (at / 1.5).square())
        kernel = (kernel / kernel.sum())[None, None, None]
        smooth = F.conv2d(F.conv2d(F.pad(white[:, None], (6, 6, 6, 6), mode="reflect"), kernel), kernel.mT)[:, 0]
        depth = depth * (1 + amount * smooth / smooth.std())
    elif noise == "8 bit inverse":
        depth = 1 / _quantised(1 / depth.clamp_min(1e-9), inside, 255).clamp_min(1e-9)
    elif kind in ("8", "16"):
        depth = _quantised(depth, inside, 2 ** int(kind) - 1)
    return torch.where(inside, depth, 0)
