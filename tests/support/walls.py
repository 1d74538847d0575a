"""Walls in closed form, turned and bumpy, as the affine points that a network gives of them."""

from __future__ import annotations

import math

import torch
from closed_form import rays

SIZE = (144, 192)
SHIFT = 0.6  # that the network's z lacks; the walls are at 2


def wall(fov: float, tilt: float = 0.0, relief: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Distance (1, H, W) of a wall turned by `tilt` degrees with bumps of that relative height, and the camera's rays."""
    directions = rays(*SIZE, fov).reshape(1, *SIZE, 3)
    normal = torch.tensor([math.sin(math.radians(tilt)), 0, math.cos(math.radians(tilt))], dtype=torch.float64)
    depth = 2 * normal[2] / (directions @ normal)
    seeds = torch.rand(1, 1, 5, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 0.5
    bumps = torch.nn.functional.interpolate(seeds, SIZE, mode="bicubic")[:, 0]
    return depth * (1 + 2 * relief * bumps), directions


def affine_points(depth: torch.Tensor, directions: torch.Tensor, noise: float = 0.0) -> torch.Tensor:
    """Points (1, H, W, 3) float32 with z shifted and relative noise of every coordinate."""
    points = depth[..., None] * directions
    generator = torch.Generator().manual_seed(1)
    points = points * (1 + noise * torch.randn(points.shape, generator=generator, dtype=torch.float64))
    points[..., 2] -= SHIFT
    return points.float()
