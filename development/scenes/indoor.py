"""Rooms: living rooms, offices, workshops, garages, and what stands in them."""

from __future__ import annotations

import math

import numpy as np

from . import objects, street_objects
from .builder import SceneBuilder
from .lighting import field_of_view, lamplight

HALF_TURN = math.pi


def room_shell(b: SceneBuilder, half_width: float, half_length: float, height: float) -> None:
    """Floor, ceiling and four walls with windows, doors, pictures and boards on them."""
    wall = b.material(
        "plain", "plain", "plain", "noise", "stripes", "bricks", "tiles",
        colour=b.colour(saturation=float(b.random.beta(1, 4)), value=b.uniform(0.4, 0.98)),
    )  # fmt: skip
    b.plane((0, 0, 0), (0, 0, 1), b.material("planks", "planks", "tiles", "checker", "noise", "plain", "wood"))
    b.plane((0, 0, height), (0, 0, -1), b.plain((b.uniform(0.5, 0.95),) * 3, dirt=b.uniform(0, 0.3)))
    walls = [((half_width, 0), -1, 0), ((-half_width, 0), 1, 0), ((0, half_length), 0, -1), ((0, -half_length), 0, 1)]
    trim, has_trim = b.material("plain", photo_weight=0.0), b.chance(0.6)
    for (x, y), face_x, face_y in walls:
        b.plane((x, y, 0), (face_x, face_y, 0), wall if b.chance(0.85) else b.material())
        group = b.place((x, y, 0), HALF_TURN / 2 if face_x else 0.0)  # x of the group runs along the wall
        reach = half_length if face_x else half_width
        if has_trim:
            group.box((0, 0, 0.05), (reach, 0.02, 0.06), trim)
        for _ in range(b.count(0, 3)):
            _on_the_wall(b, group, b.uniform(-0.8, 0.8) * reach)
    lamplight(
        b,
        (b.uniform(-0.7, 0.7) * half_width, b.uniform(-0.7, 0.7) * half_length, height - b.uniform(0.1, 0.5)),
        height / 2.6,
    )


def _on_the_wall(b: SceneBuilder, group, at: float) -> None:
    kind = b.random.random()
    if kind < 0.35:
        width, half, z = b.uniform(0.35, 1.1), b.uniform(0.4, 0.8), b.uniform(1.2, 1.7)
        pane = b.material(
            "noise", colour=(0.7, 0.85, 1), colour_2=(0.9, 0.95, 1), emission=b.uniform(0.6, 1.8), dirt=0.0
        )
        group.box((at, 0, z), (width, 0.01, half), pane)
        frame = b.plain((b.uniform(0.1, 0.9),) * 3)
        for k in (-1, 0, 1):
            group.box((at + k * width, 0, z), (0.035, 0.04, half), frame)
        for k in (-1, 1):
            group.box((at, 0, z + k * half), (width, 0.05, 0.035), frame)
        if b.chance(0.4):
            cloth = b.material("stripes", "noise", "plain", bump=0.4)
            for k in (-1, 1):
                for fold in range(4):
                    x = at + k * (width + 0.08 * fold - 0.1)
                    group.capsule((x, 0, z - half - 0.3), (x, 0, z + half + 0.15), 0.06, cloth)
    elif kind < 0.55:
        width = b.uniform(0.38, 0.5)
        group.box((at, 0, 1.02), (width + 0.07, 0.03, 1.08), b.material("plain"))
        group.box((at, 0, 1), (width, 0.045, 1.02), b.material("plain", "wood", "planks"))
    elif kind < 0.85:
        width, half, z = b.uniform(0.15, 0.6), b.uniform(0.15, 0.5), b.uniform(1.2, 1.8)
        group.box((at, 0, z), (width, 0.025, half), b.material("plain"))
        group.box((at, 0, z), (width * 0.88, 0.03, half * 0.88), b.material(photo_weight=1.0, scale=b.uniform(0.7, 2)))
    else:
        group.box((at, 0, b.uniform(1.2, 1.9)), (b.uniform(0.2, 0.7), 0.25, 0.02), b.material("wood"))


def room(b: SceneBuilder) -> None:
    """Living rooms, offices, workshops, garages."""
    half_width, half_length, height = b.uniform(1.4, 4.5), b.uniform(1.8, 6.5), b.uniform(2.3, 3.6)
    room_shell(b, half_width, half_length, height)
    eye = np.array([b.uniform(-0.7, 0.7) * half_width, -half_length + b.uniform(0.15, 1.0), b.uniform(0.7, 1.8)])
    yaw = HALF_TURN / 2 + b.uniform(-0.55, 0.55) + eye[0] / half_width * 0.35
    taken = [(eye[0], eye[1], 0.7), (eye[0] + math.cos(yaw) * 0.9, eye[1] + math.sin(yaw) * 0.9, 0.5)]
    workshop = b.chance(0.3)
    for _ in range(b.count(4, 16)):
        spot = _free_spot(b, half_width, half_length, taken)
        if spot is None:
            continue
        place, facing = spot
        taken.append((place[0], place[1], 0.45))
        (workshop_thing if workshop and b.chance(0.7) else household_thing)(b, place, facing, height)
    if b.chance(0.35):
        rug = b.place((b.uniform(-0.4, 0.4) * half_width, b.uniform(-0.4, 0.4) * half_length, 0))
        rug.box((0, 0, 0.008), (b.uniform(0.6, 1.4), b.uniform(0.6, 1.6), 0.008), b.material(size=0.6))
    b.look(eye, yaw, b.uniform(-0.45, 0.12), field_of_view(b))


def _free_spot(b: SceneBuilder, half_width: float, half_length: float, taken):
    for _ in range(8):
        if b.chance(0.6):
            side = b.count(0, 2)
            facing = (-HALF_TURN / 2, HALF_TURN / 2, 0)[side]
            along = b.uniform(-0.8, 1) * half_length
            x, y = (
                (half_width - 0.45, along),
                (-half_width + 0.45, along),
                (b.uniform(-0.9, 0.9) * half_width, half_length - 0.45),
            )[side]
        else:
            x, y = b.uniform(-0.8, 0.8) * half_width, b.uniform(-0.6, 0.85) * half_length
            facing = b.uniform(0, 6.28) if b.chance(0.4) else b.count(0, 3) * HALF_TURN / 2
        if all(math.hypot(x - other[0], y - other[1]) > other[2] + 0.55 for other in taken):
            return (x, y, 0.0), facing
    return None


def household_thing(b: SceneBuilder, place, yaw: float, height: float) -> None:
    """Something that stands in a home `height` metres high."""
    kind = b.random.random()
    if kind < 0.2:
        objects.table(b, place, yaw)
    elif kind < 0.36:
        objects.chair(b, place, yaw)
    elif kind < 0.46:
        objects.sofa(b, place, yaw)
    elif kind < 0.56:
        objects.shelf(b, place, yaw, height * 0.9)
    elif kind < 0.66:
        objects.cabinet(b, place, yaw, height * 0.8)
    elif kind < 0.72:
        objects.bed(b, place, yaw)
    elif kind < 0.78:
        objects.lamp(b, place, yaw)
    elif kind < 0.84:
        objects.plant(b, place)
    elif kind < 0.91:
        objects.small_thing(b, place, b.uniform(0.15, 0.5))
    else:
        objects.person(b, place, b.uniform(0, 6.28))


def workshop_thing(b: SceneBuilder, place, yaw: float, height: float) -> None:
    """Something that stands in a workshop `height` metres high."""
    kind = b.random.random()
    if kind < 0.25:
        street_objects.two_wheeler(b, place, b.uniform(0, 6.28))
    elif kind < 0.5:
        street_objects.machine(b, place, yaw, b.uniform(0.6, 1.4))
    elif kind < 0.65:
        street_objects.ladder_or_rack(b, place, yaw)
    elif kind < 0.8:
        objects.shelf(b, place, yaw, height * 0.9)
    else:
        for _ in range(b.count(1, 4)):
            spot = np.add(place, (b.uniform(-0.4, 0.4), b.uniform(-0.4, 0.4), 0))
            objects.small_thing(b, spot, b.uniform(0.1, 0.4))
