"""Putting a scene together in floor coordinates: x right, y forward, z up, metres."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .scene import Body, Camera, Light, Material, Scene, Sky, rotation_from_axis_angle

WORLD_FROM_FLOOR = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
MAX_BODIES = 600
INFINITY = math.inf


def turn(yaw: float) -> np.ndarray:
    """Rotation (3, 3) about the floor's upward axis, counter-clockwise seen from above; radians."""
    return rotation_from_axis_angle([0, 0, yaw])


def z_along(direction: Sequence[float]) -> np.ndarray:
    """A rotation (3, 3) whose third column is `direction`."""
    z = np.asarray(direction, float) / np.linalg.norm(direction)
    x = np.cross([0, 1, 0] if abs(z[1]) < 0.9 else [1, 0, 0], z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], 1)


class SceneBuilder:
    """Collects bodies; draws all its chance from one generator, so that a seed fixes the scene."""

    def __init__(self, seed: int, photo_count: int = 128) -> None:
        self.random = np.random.default_rng(seed)
        self.seed = seed
        self.photo_count = photo_count
        self.bodies: list[Body] = []
        self.light, self.sky, self.camera = Light(), Sky(seed=seed), Camera()
        self.focus_distance: float | None = None
        self._objects = 0

    def uniform(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def log_uniform(self, low: float, high: float) -> float:
        return math.exp(self.uniform(math.log(low), math.log(high)))

    def count(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.random.integers(low, high + 1))

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def choice(self, *options: str) -> str:
        return options[int(self.random.integers(len(options)))]

    def colour(self, saturation: float | None = None, value: float | None = None) -> tuple[float, float, float]:
        hue = self.random.random()
        saturation = float(self.random.beta(1, 4)) if saturation is None else saturation
        value = self.uniform(0.15, 0.95) if value is None else value
        return tuple(part**1.9 for part in colorsys.hsv_to_rgb(hue, saturation, value))

    def earth_colour(self) -> tuple[float, float, float]:
        """Wood, earth, skin, brick."""
        hsv = self.uniform(0.02, 0.12), self.uniform(0.2, 0.75), self.uniform(0.25, 0.9)
        return tuple(part**1.9 for part in colorsys.hsv_to_rgb(*hsv))

    def material(self, *textures: str, size: float = 1.0, **fixed) -> Material:
        """A random look for something about `size` metres large; named fields are kept as given."""
        random = self.random
        if not textures:
            textures = (
                "plain", "plain", "plain", "plain", "noise", "noise", "noise", "marble", "checker", "tiles", "planks",
                "wood", "stripes", "weave", "dots",
            )  # fmt: skip
        colour = fixed.pop("colour", None) or self.colour()
        second = (
            tuple(np.clip(np.array(colour) * random.uniform(0.4, 1.7), 0, 1)) if self.chance(0.6) else self.colour()
        )
        look = Material(
            texture=self.choice(*textures),
            colour=colour,
            colour_2=fixed.pop("colour_2", second),
            scale=self.log_uniform(0.8, 8) / size,
            photo=int(random.integers(self.photo_count)),
            photo_weight=self.choice_weight(),
            dirt=self.uniform(0, 0.8) if self.chance(0.6) else 0.0,
            bump=self.uniform(0.1, 0.7) if self.chance(0.4) else 0.0,
            bump_frequency=self.log_uniform(4, 40) / size,
            gloss=self.uniform(0, 0.6) if self.chance(0.3) else 0.0,
            offset=tuple(random.uniform(0, 30, 3)),
        )
        return replace(look, **fixed)

    def choice_weight(self) -> float:
        """How much of a photo a random material shows: mostly nothing, sometimes a veil, sometimes all."""
        draw = self.random.random()
        return 1.0 if draw < 0.14 else self.uniform(0.2, 0.8) if draw < 0.38 else 0.0

    def plain(self, colour: Sequence[float], **fixed) -> Material:
        return Material("plain", tuple(float(part) for part in colour), **fixed)

    def place(self, position: Sequence[float] = (0, 0, 0), yaw: float = 0.0, scale: float = 1.0) -> Group:
        """A new object at `position` on the floor, turned by `yaw` radians; its parts are given in its own axes."""
        self._objects += 1
        return Group(self, np.asarray(position, float), turn(yaw), scale, self._objects - 1)

    def plane(self, position: Sequence[float], facing: Sequence[float], material: Material) -> None:
        """An endless plane through `position` whose normal is `facing`."""
        group = self.place(position)
        group.add("plane", (0, 0, 0), (INFINITY, INFINITY, 1), material, z_along(facing))

    def look(self, position: Sequence[float], yaw: float, pitch: float, fov_x_degrees: float) -> None:
        """Set the camera; yaw 0 looks along +x and pi/2 along +y, a positive pitch looks up; radians."""
        position = np.asarray(position, float)
        forward = np.array([math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch), math.sin(pitch)])
        target = WORLD_FROM_FLOOR @ (position + forward)
        self.camera = Camera.look_at(
            WORLD_FROM_FLOOR @ position, target, fov_x_degrees, roll_degrees=float(self.random.normal(0, 1.7))
        )

    def scene(self, name: str) -> Scene:
        return Scene(tuple(self.bodies), self.camera, self.light, self.sky, name)


class Group:
    """One object: parts share an object id and are given in the object's axes (x right, y back to front, z up)."""

    def __init__(
        self, builder: SceneBuilder, origin: np.ndarray, rotation: np.ndarray, scale: float, object_id: int
    ) -> None:
        self.builder, self.origin, self.rotation, self.scale, self.object_id = (
            builder,
            origin,
            rotation,
            scale,
            object_id,
        )

    def add(
        self,
        shape: str,
        centre: Sequence[float],
        half_size: Sequence[float],
        material: Material,
        rotation: np.ndarray | None = None,
        **fields,
    ) -> None:
        if len(self.builder.bodies) >= MAX_BODIES:
            return
        rotation = self.rotation if rotation is None else self.rotation @ rotation
        position = WORLD_FROM_FLOOR @ (self.origin + self.rotation @ np.asarray(centre, float) * self.scale)
        half_size = tuple(float(part) * self.scale for part in half_size)
        body = Body(
            shape, tuple(position), half_size, WORLD_FROM_FLOOR @ rotation, material, object_id=self.object_id, **fields
        )
        self.builder.bodies.append(body)

    def box(self, centre, half_size, material, rotation=None) -> None:
        self.add("box", centre, half_size, material, rotation)

    def ellipsoid(self, centre, half_size, material, rotation=None) -> None:
        self.add("ellipsoid", centre, half_size, material, rotation)

    def cylinder(self, centre, radius, half_height, material, rotation=None, taper=0.0) -> None:
        self.add("cylinder", centre, (radius, radius, half_height), material, rotation, taper=taper)

    def capsule(self, start, end, radius, material) -> None:
        """A rod with round ends from `start` to `end`."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        length = float(np.linalg.norm(end - start))
        if length < 1e-6:
            self.ellipsoid(start, (radius,) * 3, material)
            return
        self.add("capsule", (start + end) / 2, (radius, radius, length / 2), material, z_along(end - start))

    def rod(self, start, end, radius, material, taper=0.0) -> None:
        """A rod with flat ends; its radius goes from (1 - taper) at `start` to (1 + taper) times `radius` at `end`."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        half = float(np.linalg.norm(end - start)) / 2
        self.cylinder((start + end) / 2, radius, half, material, z_along(end - start), taper)
