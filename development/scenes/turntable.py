"""One textured object photographed from all around, with exact cameras: the truth of many views of one thing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from sam3d_geometry.views.view import View

from . import objects
from .builder import WORLD_FROM_FLOOR, SceneBuilder
from .renderer import Rendering, render
from .scene import Camera, Light, Material, Scene, Sky

KINDS = ("lump", "animal", "bottle", "chair", "person", "stack", "cup")
TEXTURES = ("noise", "marble", "checker", "tiles", "weave", "dots")
FOV_X_DEGREES = 30.0


def textured_object(kind: str, seed: int) -> Scene:
    """An object of one of KINDS, about a metre large, that stands on the world's origin before an empty sky."""
    b = SceneBuilder(seed)
    look = _lively(b, 0.25)
    if kind == "lump":
        objects.rounded_lump(b, (0, 0, 0), 0.8, look)
    elif kind == "animal":
        objects.animal(b, (0, 0, 0), 0.6, 1.0)
    elif kind == "bottle":
        objects.bottle(b, (0, 0, 0), 0.3)
    elif kind == "chair":
        objects.chair(b, (0, 0, 0), 0.4)
    elif kind == "person":
        objects.person(b, (0, 0, 0), 0.3, 1.2)
    elif kind == "stack":
        _stack(b)
    elif kind == "cup":
        _cup(b, look)
    else:
        raise ValueError(f"Object {kind!r} is not known; choose one of {', '.join(KINDS)}.")
    light = Light(ambient_up=(0.6, 0.62, 0.65), ambient_down=(0.4, 0.4, 0.38))
    return Scene(tuple(b.bodies), Camera(), light, Sky(seed=seed), kind)


def _lively(b: SceneBuilder, size: float) -> Material:
    """A look of two strong colours, which shows where on the object one is."""
    colours = {"colour": b.colour(0.6, 0.9), "colour_2": b.colour(0.7, 0.4)}
    return b.material(*TEXTURES, size=size, photo_weight=0.0, dirt=0.3, gloss=0.0, **colours)


def _stack(b: SceneBuilder) -> None:
    group = b.place((0, 0, 0), b.uniform(0, 6.28))
    height = 0.0
    for k in range(4):
        half = b.random.uniform(0.15, 0.32, 3) * (1 - 0.12 * k)
        group.box((0.05 * k, -0.03 * k, height + half[2]), half, _lively(b, 0.3))
        height += 2 * half[2]


def _cup(b: SceneBuilder, look: Material) -> None:
    group = b.place((0, 0, 0), b.uniform(0, 6.28))
    group.cylinder((0, 0, 0.4), 0.35, 0.4, look, taper=0.15)
    group.capsule((0.33, 0, 0.65), (0.62, 0, 0.55), 0.05, look)
    group.capsule((0.62, 0, 0.55), (0.33, 0, 0.2), 0.05, look)


def centre_of(scene: Scene) -> tuple[np.ndarray, float]:
    """Middle (3,) of a scene's bodies in the world, and a radius about it that holds them."""
    places = np.array([body.position for body in scene.bodies])
    reach = np.array([np.linalg.norm(body.half_size) for body in scene.bodies])
    low, high = (places - reach[:, None] * 0.7).min(0), (places + reach[:, None] * 0.7).max(0)
    return (low + high) / 2, float(np.linalg.norm(high - low) / 2)


def ring_of_cameras(
    scene: Scene, azimuths: Sequence[float], elevation: float = 20.0, distance: float = 0.0
) -> list[Camera]:
    """Cameras around the object at azimuths in degrees, which see all of it; `distance` in radii, 0 fits the frame."""
    centre, radius = centre_of(scene)
    away = radius * (distance or 1.05 / math.sin(math.radians(FOV_X_DEGREES) / 2))
    cameras = []
    for azimuth in azimuths:
        a, e = math.radians(azimuth), math.radians(elevation)
        towards = np.array([math.sin(a) * math.cos(e), -math.cos(a) * math.cos(e), math.sin(e)])
        cameras.append(Camera.look_at(centre + WORLD_FROM_FLOOR @ towards * away, centre, FOV_X_DEGREES))
    return cameras


def views_of(
    frames: Rendering, *, masks: bool = True, noise: float = 0.0, scale: float = 0.0, seed: int = 0
) -> list[View]:
    """Renderings -> placed views, with true cameras.

    noise   standard deviation of a smooth error of ln depth on a 5 x 6 grid, and a tenth of it from pixel to pixel
    scale   standard deviation of ln of one scale for each view, which is undone by the view's log_scale
    """
    generator = torch.Generator().manual_seed(seed)
    made = []
    for i in range(len(frames)):
        height, width = frames.depth.shape[1:]
        error = torch.zeros(height, width)
        if noise:
            grid = torch.randn(1, 1, 5, 6, generator=generator) * noise
            error = torch.nn.functional.interpolate(grid, (height, width), mode="bicubic", align_corners=True)[0, 0]
            error = error + torch.randn(height, width, generator=generator) * noise / 10
        by = float(torch.randn((), generator=generator)) * scale
        one = frames.pointmap(with_normals=False)[i]
        factor = (error + by).exp()[None, ..., None]
        pointmap = replace(one, points=one.points * factor)
        made.append(
            View(
                name=f"view {i + 1}",
                photo=frames.image[i],
                pointmap=pointmap,
                mask=frames.mask[i] if masks else None,
                intrinsics=frames.intrinsics[i].double(),
                world_from_camera=frames.world_from_camera[i].double(),
                log_scale=-by,
                state="placed",
                group=0,
            )
        )
    return made


def surface_points(scene: Scene, count: int = 24, size: int = 160) -> torch.Tensor:
    """World points (N, 3) float64 all over the object's outside, from cameras on a sphere about it: the truth."""
    centre, radius = centre_of(scene)
    golden = math.pi * (3 - math.sqrt(5))
    cameras = []
    for k in range(count):
        up = 1 - 2 * (k + 0.5) / count
        level = math.sqrt(1 - up * up)
        towards = np.array([level * math.cos(golden * k), up * 0.999, level * math.sin(golden * k)])
        cameras.append(Camera.look_at(centre + towards * radius * 4, centre, FOV_X_DEGREES))
    frames = render(scene, cameras, size, size, samples=0)
    pose = frames.world_from_camera
    points = torch.einsum("bij,bhwj->bhwi", pose[:, :3, :3], frames.points.double()) + pose[:, None, None, :3, 3]
    return points[frames.mask]


def photographed(scene: Scene, cameras: Sequence[Camera], height: int = 256, width: int = 256) -> Rendering:
    """What the cameras see."""
    return render(scene, cameras, height, width, samples=2, dtype=torch.float32)
