"""Scenes with things that come more than once, and cameras that pass them: what photos of them can be mistaken for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .builder import SceneBuilder
from .scene import Body, Camera, Light, Material, Scene, Sky

EVEN_LIGHT = Light(ambient_up=(0.6, 0.6, 0.6), ambient_down=(0.5, 0.5, 0.5))
PASSING = 8  # photos


@dataclass(frozen=True)
class Passed:
    """A scene and the cameras that take its photos."""

    scene: Scene
    cameras: list[Camera]


def _passed(b: SceneBuilder, name: str, cameras: list[Camera]) -> Passed:
    return Passed(Scene(tuple(b.bodies), Camera(), EVEN_LIGHT, Sky(seed=3), name), cameras)


def _wall(b: SceneBuilder, look: Material, z: float = 6.0) -> None:
    b.bodies.append(Body("plane", (0, 0, z), (math.inf, math.inf, 1), material=look))


def repeating_wall(texture: str) -> Passed:
    """A wall with a pattern that repeats and four boxes of one look before it, passed by more than what repeats."""
    b = SceneBuilder(3)
    _wall(b, Material(texture, scale=1.0))
    for k in range(4):
        box = Material("noise", b.colour(0.7, 0.8), b.colour(0.7, 0.4), scale=6)
        b.bodies.append(Body("box", (-4 + 3 * k, 1.2, 4.6), (0.25, 0.4, 0.25), material=box))
    cameras = [
        Camera.look_at((-3.5 + k, 0.2 * (k % 2), 0.0), (-3.5 + k + 0.3 * (k % 3), 0, 6), 60.0) for k in range(PASSING)
    ]
    return _passed(b, f"wall of {texture}", cameras)


def windows() -> Passed:
    """A house front whose windows repeat by 1.25 m, with one door and one sign, passed by 1.1 m a photo."""
    b = SceneBuilder(4)
    _wall(b, Material("windows", (0.7, 0.6, 0.5), (0.15, 0.2, 0.3), scale=0.8, dirt=0.2))
    b.bodies.append(Body("box", (0.3, 1.4, 5.95), (0.5, 1.0, 0.05), material=b.material("planks", photo_weight=0.0)))
    b.bodies.append(
        Body("box", (2.6, -0.6, 5.9), (0.6, 0.2, 0.05), material=b.material("noise", size=0.4, photo_weight=0.0))
    )
    cameras = [Camera.look_at((-3.85 + 1.1 * k, 0.1 * (k % 3), 0.0), (-3.5 + k, 0, 6), 60.0) for k in range(PASSING)]
    return _passed(b, "windows", cameras)


def twins(count: int = 2, apart: float = 2.2) -> Passed:
    """Like things in a row before a plain wall, passed by so that hardly more than two are seen at once."""
    b = SceneBuilder(6)
    _wall(b, Material("plain", (0.6, 0.6, 0.62)))
    look, top = (b.material("marble", size=0.3, photo_weight=0.0, dirt=0.0) for _ in range(2))
    looks = [replace(look, offset=(0, 0, 0)), replace(top, offset=(0, 0, 0))]
    for k in range(count):
        x = apart * (k - (count - 1) / 2)
        b.bodies.append(Body("box", (x, 0.5, 4.0), (0.35, 0.5, 0.3), material=looks[0]))
        b.bodies.append(Body("ellipsoid", (x + 0.1, -0.25, 4.0), (0.25, 0.28, 0.25), material=looks[1]))
    span = apart * (count - 1) + 1.0
    cameras = [
        Camera.look_at(
            (-span / 2 + span * k / (PASSING - 1), -0.4, 0.0), (-span / 2 + span * k / (PASSING - 1), 0.2, 4), 38.0
        )
        for k in range(PASSING)
    ]
    return _passed(b, f"{count} twins", cameras)


def books() -> Passed:
    """Boards of books of three series that come again and again in one order, passed along the shelf."""
    b = SceneBuilder(8)
    _wall(b, Material("planks", (0.4, 0.25, 0.15), (0.3, 0.2, 0.1), scale=2.0), 3.3)
    looks = [
        replace(b.material("tiles", "dots", "weave", size=0.2, photo_weight=0.0), offset=(0, 0, 0), dirt=0.0)
        for _ in range(3)
    ]
    for board in range(3):
        y = 0.45 * (board - 1)
        b.bodies.append(
            Body(
                "box", (0, y + 0.21, 3.1), (6, 0.015, 0.2), material=Material("wood", (0.4, 0.3, 0.2), (0.3, 0.2, 0.1))
            )
        )
        for k in range(64):
            height = 0.14 + 0.02 * (k % 3)
            b.bodies.append(
                Body("box", (-3.2 + 0.1 * k, y + 0.195 - height, 3.0), (0.045, height, 0.15), material=looks[k % 3])
            )
    cameras = [
        Camera.look_at((-1.8 + 0.5 * k, 0.05 * (k % 2), 0.6), (-1.8 + 0.5 * k + 0.1 * (k % 3), 0, 3), 50.0)
        for k in range(PASSING)
    ]
    return _passed(b, "books", cameras)


def tiled_floor() -> Passed:
    """A floor of equal tiles with a few things on it, walked over."""
    b = SceneBuilder(9)
    floor = Material("checker", (0.75, 0.72, 0.7), (0.25, 0.27, 0.3), scale=2.0)
    b.plane((0, 0, 0), (0, 0, 1), floor)
    for x, y, size in ((-0.9, 3.2, 0.2), (1.1, 5.4, 0.3), (-0.2, 8.0, 0.25)):
        group = b.place((x, y, 0), 0.5 * size * 10)
        group.box((0, 0, size), (size, size, size), b.material("noise", "marble", size=size, photo_weight=0.0))
    cameras = [Camera.look_at((0.3 * (k % 2), -1.5, 0.8 * k), (0.2, 0.0, 0.8 * k + 3.0), 60.0) for k in range(PASSING)]
    return _passed(b, "tiled floor", cameras)


def turned_column(texture: str = "checker", sides: int = 6) -> Passed:
    """A column of `sides` like sides on a turntable, turned by less than a side a photo over more than one."""
    b = SceneBuilder(10)
    look = Material(texture, (0.8, 0.3, 0.2), (0.2, 0.3, 0.7), scale=9.0)
    for k in range(sides):
        angle = 2 * math.pi * k / sides
        group = b.place((0, 0, 0), angle)
        group.box((0, 0.4, 0.5), (0.4 * math.tan(math.pi / sides), 0.02, 0.5), look)
    steps = [0.45 * 2 * math.pi / sides * k for k in range(PASSING)]
    cameras = [Camera.look_at((2.6 * math.sin(a), -1.3, -2.6 * math.cos(a)), (0, -0.5, 0), 34.0) for a in steps]
    return _passed(b, f"column of {sides} sides", cameras)
