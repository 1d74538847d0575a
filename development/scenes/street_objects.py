"""Vehicles, houses and machines. Each takes the builder, a place on the floor (x, y, z) and a yaw in radians."""

from __future__ import annotations

import math

import numpy as np

from .builder import SceneBuilder, z_along
from .scene import rotation_from_axis_angle

SIDEWAYS = z_along((1, 0, 0))  # a cylinder whose axis is the object's x, as a wheel's


def car(b: SceneBuilder, place, yaw: float) -> None:
    group = b.place(place, yaw)
    paint = b.material("plain", gloss=b.uniform(0.2, 0.7), bump=0.0, photo_weight=0.0)
    glass, rubber = b.plain((0.02, 0.03, 0.04), gloss=0.7), b.plain((0.02, 0.02, 0.02))
    length, width, tall = b.uniform(1.8, 2.6), 0.88, b.uniform(0.8, 1.4)
    group.box((0, 0, 0.55), (width, length, 0.28), paint)
    group.ellipsoid((0, 0, 0.62), (width * 1.05, length * 1.06, 0.32), paint)
    group.cylinder((0, -0.1 * length, 0.8 + 0.3 * tall), width * 0.95, 0.3 * tall, glass, taper=-0.12)
    group.box((0, -0.1 * length, 0.8 + 0.3 * tall), (width * 0.86, length * 0.5, 0.29 * tall), glass)
    group.box((0, -0.1 * length, 0.82 + 0.6 * tall), (width * 0.86, length * 0.48, 0.03), paint)
    for share in (-0.55, -0.1, 0.35):
        group.box((0, share * length, 0.8 + 0.3 * tall), (width * 0.87, 0.04, 0.3 * tall), paint)
    for side in (-1, 1):
        for end in (-0.62, 0.62):
            group.cylinder((side * width * 0.95, end * length, 0.33), 0.33, 0.12, rubber, SIDEWAYS)
            group.cylinder(
                (side * width * 0.97, end * length, 0.33), 0.2, 0.12, b.plain((0.5,) * 3, gloss=0.5), SIDEWAYS
            )
        group.box((side * 0.6, length * 1.03, 0.62), (0.16, 0.05, 0.08), b.plain((0.9, 0.9, 0.8), emission=0.4))
        group.box((side * 0.6, -length * 1.03, 0.65), (0.16, 0.05, 0.08), b.plain((0.6, 0.03, 0.03)))


def wheel(b: SceneBuilder, group, centre, radius: float, thick: float) -> None:
    """An open wheel across the object's x axis: a ring of rods, a hub and spokes."""
    rubber, metal = b.plain((0.03, 0.03, 0.03)), b.material("plain", photo_weight=0.0, gloss=0.5)
    segments = 14
    rim = [
        (
            centre[0],
            centre[1] + radius * math.cos(6.2832 * k / segments),
            centre[2] + radius * math.sin(6.2832 * k / segments),
        )
        for k in range(segments)
    ]
    for k in range(segments):
        group.capsule(rim[k], rim[(k + 1) % segments], thick, rubber)
        if k % 2 == 0:
            group.capsule(centre, rim[k], 0.008, metal)
    group.cylinder(centre, radius * 0.2, thick * 1.5, metal, SIDEWAYS)


def two_wheeler(b: SceneBuilder, place, yaw: float, scale: float = 1.0) -> None:
    """A bicycle, or with an engine and a tank something heavier; it stands along the object's y axis."""
    group, frame = b.place(place, yaw, scale), b.material("plain", gloss=0.4)
    radius, base, heavy = b.uniform(0.28, 0.36), b.uniform(0.5, 0.72), b.chance(0.5)
    thick = 0.06 if heavy else 0.025
    front, rear = (0, base, radius), (0, -base, radius)
    seat, head, crank = (0, -base * 0.45, radius * 2.4), (0, base * 0.6, radius * 2.6), (0, -base * 0.1, radius)
    for centre in (front, rear):
        wheel(b, group, centre, radius - thick, thick)
    rod = 0.035 if heavy else 0.018
    for start, end in ((seat, head), (seat, crank), (crank, head), (crank, rear), (seat, rear), (head, front)):
        group.capsule(start, end, rod, frame)
    group.capsule((-0.32, base * 0.5, radius * 3), (0.32, base * 0.5, radius * 3), 0.02, b.plain((0.05,) * 3))
    group.capsule(head, (0, base * 0.5, radius * 3), rod, frame)
    group.ellipsoid((seat[0], seat[1], seat[2] + 0.06), (0.1, 0.16 if not heavy else 0.35, 0.06), b.material(size=0.3))
    if heavy:
        group.ellipsoid(
            (0, base * 0.2, radius * 2.6), (0.15, 0.3, 0.15), b.material("plain", "stripes", gloss=0.6, size=0.5)
        )
        group.box((0, 0, radius * 1.3), (0.16, 0.22, 0.18), b.material("stripes", "plain", size=0.2, gloss=0.4))
        group.capsule((0.15, 0, radius * 0.8), (0.17, -base * 1.2, radius * 1.1), 0.05, b.plain((0.6,) * 3, gloss=0.7))
        group.ellipsoid((0, base * 0.75, radius * 2.7), (0.1, 0.08, 0.1), b.plain((0.7,) * 3, gloss=0.7))
        for _ in range(b.count(3, 10)):
            centre = b.random.uniform((-0.18, -base * 0.5, radius * 0.7), (0.18, base * 0.5, radius * 2.2))
            group.box(
                centre, b.random.uniform(0.02, 0.09, 3), b.material("plain", size=0.1), z_along(b.random.normal(size=3))
            )


def machine(b: SceneBuilder, place, yaw: float, scale: float = 1.0) -> None:
    """A workshop thing of boxes, drums and pipes, with gaps to look through."""
    group, looks = b.place(place, yaw, scale), [b.material(size=0.4) for _ in range(4)]

    def pick():
        return looks[b.count(0, 3)]

    for _ in range(b.count(3, 9)):
        centre = b.random.uniform((-0.6, -0.4, 0.1), (0.6, 0.4, 1.3))
        if b.chance(0.5):
            group.box(centre, b.random.uniform(0.05, 0.35, 3), pick())
        else:
            axis = np.eye(3)[b.count(0, 2)]
            group.cylinder(
                centre, b.uniform(0.05, 0.3), b.uniform(0.05, 0.35), pick(), z_along(axis), b.uniform(-0.3, 0.3)
            )
    for _ in range(b.count(4, 14)):
        start = b.random.uniform((-0.7, -0.5, 0.0), (0.7, 0.5, 1.4))
        end = start + np.eye(3)[b.count(0, 2)] * b.uniform(-1, 1) if b.chance(0.7) else b.random.uniform(-0.7, 1.2, 3)
        group.capsule(start, end, b.uniform(0.01, 0.05), pick())
    for x in (-0.6, 0.6):
        for y in (-0.4, 0.4):
            group.box((x, y, 0.35), (0.03, 0.03, 0.35), looks[0])


def ladder_or_rack(b: SceneBuilder, place, yaw: float) -> None:
    """Upright rods with cross bars: ladder, rack, fence."""
    group, look = b.place(place, yaw), b.material("plain", "wood")
    width, height, lean, rod = b.uniform(0.2, 1.0), b.uniform(0.9, 2.2), b.uniform(0, 0.5), b.uniform(0.012, 0.03)
    for side in (-1, 1):
        group.capsule((side * width, 0, 0), (side * width, lean, height), rod, look)
    bars = b.count(3, 9)
    for k in range(bars):
        share = (k + 0.5) / bars
        group.capsule((-width, lean * share, height * share), (width, lean * share, height * share), rod * 0.8, look)


def building(b: SceneBuilder, low, high, height: float, base: float = 0.0) -> None:
    """A house over the rectangle from `low` to `high` (x, y), `height` metres tall."""
    floor = b.uniform(2.8, 3.8)
    colour = b.colour(saturation=b.uniform(0, 0.4)) if b.chance(0.6) else b.earth_colour()
    kind = b.choice("windows", "windows", "bricks", "plain", "noise", "planks")
    fixed = {"scale": 1 / floor, "colour_2": (0.04, 0.05, 0.07), "photo_weight": 0.0} if kind == "windows" else {}
    look = b.material(kind, colour=colour, **fixed)
    (x0, y0), (x1, y1) = low, high
    half = np.array([(x1 - x0) / 2, (y1 - y0) / 2, height / 2])
    group = b.place(((x0 + x1) / 2, (y0 + y1) / 2, base))
    group.box((0, 0, height / 2), half, look)
    if height < 16 and b.chance(0.55):
        _gable_roof(b, group, half, height)
    if height < 30 and kind != "windows" and len(b.bodies) < 300 and b.chance(0.85):
        _windows(b, group, half, height, floor)


def _gable_roof(b: SceneBuilder, group, half, height: float) -> None:
    tiles = b.material("stripes", "bricks", "noise", colour=tuple(np.array(b.earth_colour()) * 0.7), scale=2.0)
    pitch, across = b.uniform(0.45, 0.9), half[0] if b.chance(0.5) else half[1]
    along_y = across == half[0]
    for side in (-1, 1):
        slope = across / math.cos(pitch) / 2 + 0.15
        rise = height + across * math.tan(pitch) / 2
        if along_y:
            turned = rotation_from_axis_angle([0, side * pitch, 0])
            group.box((side * across / 2, 0, rise), (slope, half[1] + 0.3, 0.1), tiles, turned)
        else:
            turned = rotation_from_axis_angle([-side * pitch, 0, 0])
            group.box((0, side * across / 2, rise), (half[0] + 0.3, slope, 0.1), tiles, turned)


def _windows(b: SceneBuilder, group, half, height: float, floor: float) -> None:
    glass, frame, spacing = (
        b.plain((0.03, 0.04, 0.06), gloss=0.6),
        b.material("plain", photo_weight=0.0),
        b.uniform(2, 3.5),
    )
    rows = max(1, int(height / floor))
    for axis in (0, 1):
        reach = half[1 - axis]
        columns = max(1, int(2 * reach / spacing))
        if rows * columns > 24:
            continue
        for side in (-1, 1):
            for i in range(columns):
                for j in range(rows):
                    along, z = -reach + 2 * reach * (i + 0.5) / columns, (j + 0.5) * height / rows
                    centre = (side * half[0], along, z) if axis == 0 else (along, side * half[1], z)
                    size = (0.06, 0.5, 0.75) if axis == 0 else (0.5, 0.06, 0.75)
                    group.box(centre, size, glass)
                    sill = (0.12, 0.62, 0.05) if axis == 0 else (0.62, 0.12, 0.05)
                    group.box((centre[0], centre[1], z - 0.8), sill, frame)
