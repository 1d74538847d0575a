"""Rendered photos whose cameras are known: a furnished room seen from an arc, and pointmaps as a network would err."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy
import torch
from torch.nn import functional as F

from development.scenes.moving_room import moving_room
from development.scenes.renderer import Rendering, render
from development.scenes.scene import Camera
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.views.view import View

SIZE = (240, 320)
TARGET = (0.0, 0.5, 4.5)


def cameras(count: int, degrees: float = 8.0, fov_x_degrees: float = 62.0) -> list[Camera]:
    """Cameras on an arc of 4.5 m about the middle of the room, `degrees` apart, not level."""
    found = []
    for k in range(count):
        angle = numpy.radians(degrees * (k - (count - 1) / 2))
        place = (4.5 * numpy.sin(angle), 0.2 - 0.15 * (k % 3), 4.5 - 4.5 * numpy.cos(angle) + 0.1 * (k % 2))
        found.append(Camera.look_at(place, TARGET, fov_x_degrees, roll_degrees=2.0 * (k % 2)))
    return found


@lru_cache(maxsize=4)
def room(count: int = 4, degrees: float = 8.0, fov_x_degrees: float = 62.0) -> Rendering:
    """The room at rest from `cameras`; the same call gives the same pictures."""
    scene = moving_room()
    still = replace(scene, bodies=tuple(body for body in scene.bodies if body.object_id is None))
    return render(still, cameras(count, degrees, fov_x_degrees), *SIZE, samples=2)


def wrong_depth(pointmap: Pointmap, seed: int, smooth: float, log_scale: float) -> Pointmap:
    """Depth times a smooth random field of `smooth` relative error, and a scale."""
    random = torch.Generator().manual_seed(seed)
    field = F.interpolate(torch.randn(1, 1, 5, 6, generator=random), pointmap.size, mode="bicubic", align_corners=True)
    return replace(pointmap, points=pointmap.points * (field[0] * smooth + log_scale).exp()[..., None])


def views(rendering: Rendering, smooth: float = 0.05, known_focal: bool = True, seed: int = 0) -> list[View]:
    """The frames as a set of photos whose pointmaps err smoothly and each have a scale of their own."""
    draw = numpy.random.default_rng(seed)
    whole = rendering.pointmap(with_normals=False)
    found = []
    for k in range(len(rendering)):
        pointmap = wrong_depth(whole[k], seed * 100 + k, smooth, float(draw.uniform(-0.3, 0.3)) if smooth else 0.0)
        intrinsics = rendering.intrinsics[k].double()
        spread = 0.0 if known_focal else None
        found.append(View(f"{k}.png", rendering.image[k], pointmap, None, intrinsics, focal_spread=spread))
    return found
