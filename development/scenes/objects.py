"""Things to fill a scene with. Each takes the builder, a place on the floor (x, y, z) and a yaw in radians."""

from __future__ import annotations

import math

import numpy as np

from .builder import SceneBuilder, turn, z_along


def random_rotation(b: SceneBuilder) -> np.ndarray:
    return z_along(b.random.normal(size=3)) @ turn(b.uniform(0, 6.28))


def table(b: SceneBuilder, place, yaw: float, scale: float = 1.0) -> None:
    width, depth, height = b.uniform(0.35, 1.0) * scale, b.uniform(0.3, 0.6) * scale, b.uniform(0.4, 0.95) * scale
    look = b.material("wood", "planks", "plain", "noise", colour=b.earth_colour())
    group, thick = b.place(place, yaw), b.uniform(0.015, 0.04)
    if b.chance(0.25):
        group.cylinder((0, 0, height), width, thick, look)
        group.cylinder((0, 0, height / 2), 0.05, height / 2, look)
        group.cylinder((0, 0, 0.02), width * 0.5, 0.02, look)
        depth = width
    else:
        group.box((0, 0, height), (width, depth, thick), look)
        for side in (-1, 1):
            for end in (-1, 1):
                group.box((side * (width - 0.06), end * (depth - 0.06), height / 2), (0.03, 0.03, height / 2), look)
    for _ in range(b.count(0, 5)):
        spot = group.origin + group.rotation @ (
            b.uniform(-0.7, 0.7) * width,
            b.uniform(-0.7, 0.7) * depth,
            height + thick,
        )
        small_thing(b, spot, b.uniform(0.04, 0.16))


def chair(b: SceneBuilder, place, yaw: float) -> None:
    group, look = b.place(place, yaw), b.material(size=0.5)
    width, seat, back = b.uniform(0.2, 0.28), b.uniform(0.4, 0.5), b.uniform(0.3, 0.55)
    group.box((0, 0, seat), (width, width, 0.03), look)
    if b.chance(0.6):
        group.box((0, width, seat + back * 0.7), (width, 0.02, back * 0.35), look)
    else:
        for k in range(4):
            x = width * (-0.9 + 0.6 * k)
            group.capsule((x, width, seat), (x, width * 1.1, seat + back), 0.012, look)
        group.capsule((-width, width * 1.1, seat + back), (width, width * 1.1, seat + back), 0.025, look)
    for side in (-1, 1):
        group.box((side * (width - 0.02), -width + 0.02, seat / 2), (0.02, 0.02, seat / 2), look)
        group.box((side * (width - 0.02), width - 0.02, (seat + back) / 2), (0.02, 0.02, (seat + back) / 2), look)


def sofa(b: SceneBuilder, place, yaw: float) -> None:
    group, look, width = (
        b.place(place, yaw),
        b.material("plain", "noise", "weave", "stripes", size=0.5),
        b.uniform(0.5, 1.2),
    )
    group.box((0, 0, 0.22), (width, 0.42, 0.2), look)
    group.box((0, 0.34, 0.55), (width, 0.12, 0.35), look)
    for side in (-1, 1):
        group.box((side * width, 0, 0.33), (0.11, 0.42, 0.3), look)
        if b.chance(0.5):
            group.capsule((side * width, -0.4, 0.63), (side * width, 0.4, 0.63), 0.12, look)
    for _ in range(b.count(0, 3)):
        cushion = (b.uniform(-0.8, 0.8) * width, 0.1, 0.55)
        group.ellipsoid(cushion, (0.22, 0.1, 0.2), b.material(size=0.3), turn(b.uniform(-0.5, 0.5)))


def shelf(b: SceneBuilder, place, yaw: float, max_height: float = 2.2) -> None:
    group, look = b.place(place, yaw), b.material("plain", "wood", "planks", colour=b.earth_colour())
    width, depth, half = b.uniform(0.3, 1.1), b.uniform(0.15, 0.35), b.uniform(0.35, max_height / 2)
    group.box((0, depth, half), (width, 0.02, half), look)
    for side in (-1, 1):
        group.box((side * width, 0, half), (0.02, depth, half), look)
    boards = max(2, int(2 * half / 0.38))
    for k in range(boards + 1):
        z = 2 * half * k / boards
        group.box((0, 0, z), (width, depth, 0.02), look)
        x = -width + 0.05
        while k < boards and x < width - 0.1 and len(b.bodies) < 300:
            thick, tall = b.uniform(0.02, 0.09), b.uniform(0.4, 0.9) * half / boards
            if b.chance(0.7):
                centre = (x + thick, -0.02, z + tall + 0.02)
                group.box(
                    centre, (thick * 0.95, depth * b.uniform(0.5, 0.9), tall), b.material("plain", "stripes", size=0.3)
                )
            x += 2 * thick + (b.uniform(0, 0.3) if b.chance(0.3) else 0)


def cabinet(b: SceneBuilder, place, yaw: float, max_height: float = 2.0) -> None:
    group, look = b.place(place, yaw), b.material("plain", "wood", "planks")
    width, depth, half = b.uniform(0.3, 1.1), b.uniform(0.2, 0.35), b.uniform(0.35, max_height / 2)
    group.box((0, 0, half), (width, depth, half), look)
    columns, rows, door = b.count(1, 3), b.count(1, 3), b.material("plain") if b.chance(0.5) else look
    for i in range(columns):
        for j in range(rows):
            x, z = -width + width * (2 * i + 1) / columns, 2 * half * (j + 0.5) / rows
            group.box((x, -depth - 0.01, z), (width / columns * 0.93, 0.015, half / rows * 0.93), door)
            group.capsule((x - 0.04, -depth - 0.045, z), (x + 0.04, -depth - 0.045, z), 0.01, look)
    for _ in range(b.count(0, 4)):
        spot = group.origin + group.rotation @ (b.uniform(-0.8, 0.8) * width, b.uniform(-0.4, 0.4) * depth, 2 * half)
        small_thing(b, spot, b.uniform(0.06, 0.2))


def bed(b: SceneBuilder, place, yaw: float) -> None:
    group, cloth = b.place(place, yaw), b.material(size=0.5, bump=0.5)
    group.box((0, 0, 0.2), (0.8, 1.0, 0.2), b.material("plain", "wood"))
    group.box((0, 1.0, 0.55), (0.85, 0.05, 0.5), b.material("wood", colour=b.earth_colour()))
    group.box((0, -0.15, 0.42), (0.82, 0.8, 0.06), cloth)
    for side in (-1, 1):
        group.ellipsoid((side * 0.38, 0.72, 0.5), (0.33, 0.2, 0.12), b.plain((0.7,) * 3))


def lamp(b: SceneBuilder, place, yaw: float) -> None:
    group, height, look = b.place(place, yaw), b.uniform(1.2, 1.7), b.material("plain")
    group.cylinder((0, 0, height / 2), 0.015, height / 2, look)
    group.cylinder((0, 0, 0.015), 0.15, 0.015, look)
    shade = b.plain((0.85, 0.7, 0.5), emission=b.uniform(0.5, 1.2) if b.chance(0.6) else 0.0)
    group.cylinder((0, 0, height), 0.17, 0.14, shade, taper=-b.uniform(0, 0.5))


def plant(b: SceneBuilder, place, scale: float = 1.0) -> None:
    group, radius = b.place(place, b.uniform(0, 6.28), scale), b.uniform(0.12, 0.25)
    group.cylinder((0, 0, radius), radius, radius, b.material(size=0.3), taper=0.25)
    green = (b.uniform(0.02, 0.12), b.uniform(0.12, 0.35), b.uniform(0.02, 0.1))
    leaf = b.material(
        "noise", colour=green, holes=b.uniform(0.35, 0.52), hole_frequency=b.uniform(8, 18), photo_weight=0.0
    )
    for _ in range(b.count(3, 8)):
        centre = (b.uniform(-0.3, 0.3), b.uniform(-0.3, 0.3), 2 * radius + b.uniform(0.1, 0.9))
        group.ellipsoid(centre, b.random.uniform(0.12, 0.35, 3), leaf, random_rotation(b))


def tree(b: SceneBuilder, place, scale: float = 1.0) -> None:
    group, height = b.place(place, b.uniform(0, 6.28), scale), b.uniform(2, 6)
    bark = b.material("noise", colour=(0.12, 0.08, 0.05), bump=0.5, photo_weight=0.0)
    green = np.array([b.uniform(0.03, 0.2), b.uniform(0.1, 0.32), b.uniform(0.02, 0.1)]) * b.uniform(0.5, 1.4)
    leaf = b.material(
        "noise", colour=tuple(green * 0.6), colour_2=tuple(green * 1.6), scale=b.uniform(1.5, 5) / scale, bump=0.6,
        photo_weight=0.0, holes=b.uniform(0.3, 0.5) if b.chance(0.8) else 0.0, hole_frequency=b.uniform(1.5, 6) / scale,
    )  # fmt: skip
    group.rod(
        (0, 0, -0.3), (b.uniform(-0.2, 0.2), b.uniform(-0.2, 0.2), height * 0.7), 0.035 * height, bark, taper=-0.4
    )
    if b.chance(0.3):
        for k in range(b.count(3, 6)):
            share = k / 6
            half = height * 0.17
            group.cylinder(
                (0, 0, height * (0.3 + 0.85 * share)), (1.15 - share) * height * 0.13, half, leaf, taper=-0.95
            )
        return
    for _ in range(b.count(2, 5)):
        end = (b.uniform(-0.3, 0.3) * height, b.uniform(-0.3, 0.3) * height, height * b.uniform(0.65, 0.9))
        group.rod((0, 0, height * b.uniform(0.3, 0.55)), end, 0.012 * height, bark, taper=-0.5)
    for _ in range(b.count(4, 12)):
        radius, angle, off = height * b.uniform(0.12, 0.25), b.uniform(0, 6.28), b.uniform(0, 0.28) * height
        centre = (off * math.cos(angle), off * math.sin(angle), height * b.uniform(0.6, 1.05))
        group.ellipsoid(centre, radius * b.random.uniform(0.7, 1.3, 3), leaf)


def person(b: SceneBuilder, place, yaw: float, height: float | None = None) -> None:
    height = b.uniform(1.5, 1.9) if height is None else height
    group = b.place(place, yaw, height / 1.75)
    cloth, trousers = b.material(bump=0.4, size=0.4), b.material("plain", "noise", size=0.4)
    skin = b.plain(np.array([0.6, 0.36, 0.25]) * b.uniform(0.2, 1.2), gloss=0.1, bump=0.1)

    def sway(reach: float) -> float:
        return b.uniform(-reach, reach)

    group.ellipsoid((0, 0, 1.17), (0.19, 0.13, 0.3), cloth)
    group.capsule((-0.15, 0, 1.38), (0.15, 0, 1.38), 0.075, cloth)
    group.ellipsoid((0, 0, 0.95), (0.17, 0.13, 0.14), trousers)
    group.capsule((0, 0, 1.4), (0, -0.01, 1.52), 0.055, skin)
    group.ellipsoid((0, -0.02, 1.62), (0.082, 0.1, 0.125), skin)
    group.ellipsoid((0, -0.12, 1.6), (0.014, 0.02, 0.028), skin)
    if b.chance(0.85):
        hair = b.material(
            "noise", colour=tuple(np.array(b.earth_colour()) * 0.3), scale=20.0, bump=0.6, photo_weight=0.0
        )
        group.ellipsoid((0, 0.015, 1.66), (0.095, 0.1, 0.1 + b.uniform(0, 0.06)), hair)
    for side in (-1, 1):
        elbow = (side * (0.28 + sway(0.1)), sway(0.12), 1.1)
        hand = (side * (0.2 + sway(0.2)), -b.uniform(0, 0.35), 0.9 + b.uniform(0, 0.35))
        group.capsule((side * 0.21, 0, 1.37), elbow, 0.05, cloth)
        group.capsule(elbow, hand, 0.04, skin if b.chance(0.4) else cloth)
        group.ellipsoid(hand, (0.045, 0.05, 0.06), skin)
        knee, foot = (side * (0.1 + sway(0.03)), sway(0.12), 0.5), (side * 0.11, sway(0.2), 0.07)
        group.capsule((side * 0.09, 0, 0.92), knee, 0.085, trousers)
        group.capsule(knee, foot, 0.06, trousers)
        group.capsule(foot, (foot[0], foot[1] - 0.14, 0.05), 0.05, trousers)


def animal(b: SceneBuilder, place, yaw: float, scale: float = 1.0) -> None:
    group, look = b.place(place, yaw, scale), b.material("plain", "noise", "dots", size=0.3, bump=0.5)
    long, high, thick = (size * b.uniform(0.65, 1.35) for size in (0.35, 0.35, 0.13))
    group.ellipsoid((0, 0, high), (long * 1.2, thick * 1.15, thick * 1.2), look)
    group.capsule((long, 0, high), (long * 1.45, 0, high * 1.45), thick * 0.55, look)
    group.ellipsoid((long * 1.6, 0, high * 1.5), (thick * 0.95, thick * 0.6, thick * 0.6), look)
    group.capsule((-long, 0, high), (-long * 1.6, 0, high * b.uniform(0.6, 1.5)), thick * 0.18, look)
    for end in (-0.85, 0.85):
        for side in (-0.55, 0.55):
            foot = (long * end * b.uniform(0.85, 1.15), side * thick, 0.05)
            group.capsule((long * end, side * thick, high), foot, thick * 0.3, look)
    for side in (-0.35, 0.35):
        group.ellipsoid((long * 1.45, side * thick, high * 1.75), (thick * 0.12, thick * 0.2, thick * 0.45), look)


def rounded_lump(b: SceneBuilder, place, scale: float, look=None) -> None:
    """Overlapping ellipsoids and rods: stones, sculptures, toys, heaps of cloth."""
    group, look = b.place(place, b.uniform(0, 6.28), scale), look or b.material(size=scale)
    for _ in range(b.count(1, 7)):
        centre = b.random.uniform(-0.55, 0.55, 3) * (1, 1, 0.6) + (0, 0, 0.5)
        if b.chance(0.6):
            group.ellipsoid(centre, b.random.uniform(0.15, 0.5, 3), look, random_rotation(b))
        else:
            group.capsule(centre, centre + b.random.uniform(-0.5, 0.5, 3), b.uniform(0.1, 0.35), look)


def bottle(b: SceneBuilder, place, radius: float) -> None:
    group, look, height = (
        b.place(place),
        b.material("plain", "noise", "stripes", size=radius, gloss=0.5),
        b.uniform(1.5, 4),
    )
    wide, neck = b.uniform(0.4, 0.8), b.uniform(0.1, 0.25)
    group.cylinder((0, 0, radius * height / 2), radius * wide, radius * height / 2, look, taper=b.uniform(-0.3, 0.3))
    group.ellipsoid((0, 0, radius * height), (radius * wide, radius * wide, radius * 0.5), look)
    top = radius * (height + b.uniform(0.5, 1.4))
    group.cylinder((0, 0, top / 2 + radius * height / 2), radius * neck, (top - radius * height) / 2, look)


def small_thing(b: SceneBuilder, place, radius: float) -> None:
    """Something that stands on a table, about `radius` metres in radius."""
    kind, look, yaw = b.random.random(), b.material(size=2 * radius), b.uniform(0, 6.28)
    group = b.place(place, yaw)
    if kind < 0.15:
        half = radius * b.random.uniform(0.4, 1.2, 3)
        group.box((0, 0, half[2]), half, look)
    elif kind < 0.27:
        group.ellipsoid((0, 0, radius), (radius,) * 3, look, random_rotation(b))
    elif kind < 0.4:
        half = radius * b.uniform(0.5, 2.0)
        group.cylinder((0, 0, half), radius * 0.6, half, look, taper=b.uniform(-0.4, 0.4) if b.chance(0.5) else 0.0)
        if b.chance(0.3):  # a handle, as cups have
            arm = radius * 0.35
            group.capsule((radius * 0.6, 0, half * 1.5), (radius * 0.6 + arm, 0, half * 1.3), radius * 0.09, look)
            group.capsule((radius * 0.6 + arm, 0, half * 1.3), (radius * 0.6, 0, half * 0.5), radius * 0.09, look)
    elif kind < 0.52:
        bottle(b, place, radius)
    elif kind < 0.6:
        group.cylinder((0, 0, radius * 0.08), radius * 1.3, radius * 0.08, look, taper=0.15)
        for _ in range(b.count(0, 4)):
            part = radius * b.uniform(0.25, 0.6)
            centre = (b.uniform(-0.8, 0.8) * radius, b.uniform(-0.8, 0.8) * radius, part + 0.1 * radius)
            group.ellipsoid(centre, (part, part * b.uniform(0.7, 1.2), part), b.material(size=radius))
    elif kind < 0.68:
        thick = radius * b.uniform(0.3, 0.55)
        loaf = b.material("noise", colour=b.earth_colour(), size=radius, bump=0.4)
        group.capsule((-radius * 0.8, 0, thick), (radius * 0.8, 0, thick), thick, loaf)
    elif kind < 0.84:
        rounded_lump(b, place, radius, look)
    elif kind < 0.91:
        animal(b, place, yaw, radius * 1.8)
    else:
        for k in range(b.count(2, 5)):
            half = radius * b.uniform(0.5, 0.9)
            book = b.material("plain", "stripes", size=radius)
            group.box(
                (0, 0, radius * 0.2 * (2 * k + 1)), (half, half * 0.75, radius * 0.19), book, turn(b.uniform(-0.3, 0.3))
            )
