"""A scene seen through a lens with a wide opening: the truth that depth of field is measured against."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from .renderer import render
from .scene import Camera, Scene


def at_infinity(camera: Camera, focus: float, lens_radius: float) -> float:
    """Diameter of the disc of a point at infinity, as a share of the picture's width."""
    return 2 * lens_radius * float(camera.intrinsics(1, 1)[0, 0]) / focus


def render_through_lens(
    scene: Scene,
    camera: Camera,
    height: int,
    width: int,
    *,
    focus: float,
    lens_radius: float,
    views: int = 128,
    photos: torch.Tensor | None = None,
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """Linear light (H, W, 3): the mean of pinhole pictures from `views` points spread over a round opening.

    Each pinhole's sensor is shifted so that the plane z = `focus` metres keeps its place, and by a part of a pixel, so
    that pixels are averaged over their area. The points follow the sunflower spiral (Vogel, 1979), which fills a disc
    evenly.
    """
    fx, fy = camera.intrinsics(height, width)[[0, 1], [0, 1]]
    total = torch.zeros(height, width, 3, dtype=torch.float64)
    for view in range(views):
        radius = lens_radius * math.sqrt((view + 0.5) / views)
        angle = view * math.pi * (3 - math.sqrt(5))
        right, down = radius * math.cos(angle), radius * math.sin(angle)
        # Roberts' R2 sequence fills the pixel, in steps unrelated to the spiral's
        in_pixel = [(0.5 + view * step) % 1 - 0.5 for step in (0.7548776662466927, 0.5698402909980532)]
        middle = (
            camera.principal_point[0] + fx * right / focus + in_pixel[0] / width,
            camera.principal_point[1] + fy * down / focus + in_pixel[1] / height,
        )
        pinhole = replace(camera.moved(right=right, down=down), principal_point=middle)
        picture = render(scene, pinhole, height, width, photos=photos, dtype=dtype).image[0]
        total += picture.double().square()  # a rendering is the square root of light
    return (total / views).float()
