"""Scenes about something near: still lifes, portraits, solids in space."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from . import objects, street_objects
from .builder import SceneBuilder, turn
from .indoor import household_thing, room_shell, workshop_thing
from .lighting import daylight, field_of_view, lamplight

HALF_TURN = math.pi


def _top(b: SceneBuilder, reach: float, kind: float) -> None:
    """What things stand on: the ground, a round table or a square one."""
    top = b.material("wood", "planks", "plain", "noise", "tiles", "checker", "stripes", size=0.4)
    if kind < 0.45:
        b.plane((0, 0, 0), (0, 0, 1), top)
    elif kind < 0.7:
        b.place().cylinder((0, 0, -0.03), reach * 1.3, 0.03, top)
    else:
        b.place((0, 0, 0), b.uniform(0, 6.28)).box(
            (0, 0, -0.03), (reach * b.uniform(1, 2.2), reach * b.uniform(0.8, 1.6), 0.03), top
        )


def table_top(b: SceneBuilder) -> None:
    """Still lifes and close-ups: things on a table, a bench or the ground."""
    reach, kind = b.uniform(0.25, 0.9), b.random.random()
    _top(b, reach, kind)
    pitch, distance, yaw = -b.uniform(0.05, 1.05), b.uniform(0.6, 1.9) * reach + 0.15, b.uniform(0, 6.28)
    forward = np.array([math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch), math.sin(pitch)])
    eye = np.array([0, 0, reach * b.uniform(0, 0.3)]) - forward * distance
    if kind >= 0.45:
        b.plane((0, 0, -b.uniform(0.4, 0.9)), (0, 0, 1), b.material())
    back = b.uniform(0.8, 4) * reach + 0.3
    if b.chance(0.8):
        aside = yaw + b.uniform(-0.5, 0.5)
        b.plane((math.cos(yaw) * back, math.sin(yaw) * back, 0), (-math.cos(aside), -math.sin(aside), 0), b.material())
    if b.chance(0.4):
        x, y = math.cos(yaw + 1.3), math.sin(yaw + 1.3)
        b.plane((x * back * 1.3, y * back * 1.3, 0), (-x, -y, 0), b.material())
    hero = b.random.random()
    if hero < 0.2:
        machine = street_objects.two_wheeler if b.chance(0.5) else street_objects.machine
        machine(b, (0, 0, 0), b.uniform(0, 6.28), reach * b.uniform(0.6, 1.1))
    for k in range(b.count(1, 16)):
        angle, off = b.uniform(0, 6.28), reach * math.sqrt(b.random.random()) * 1.1
        radius = reach * b.uniform(0.06, 0.25)
        if k == 0 and 0.2 <= hero < 0.5:
            off, radius = 0.0, reach * b.uniform(0.25, 0.5)
        spot = np.array([off * math.cos(angle), off * math.sin(angle), 0])
        if np.linalg.norm(spot - eye) > radius * 2.2 + 0.06:
            objects.small_thing(b, spot, radius)
    for _ in range(b.count(0, 6)):  # what stands behind
        away, aside = back * b.uniform(0.5, 0.95), b.uniform(-0.9, 0.9)
        if kind < 0.45 and away > reach:
            spot = (math.cos(yaw + aside) * away, math.sin(yaw + aside) * away, 0)
            objects.small_thing(b, spot, reach * b.uniform(0.1, 0.4))
    if b.chance(0.5):
        daylight(b, fog=False)
    else:
        lamplight(b, (b.uniform(-1.5, 1.5) * reach, b.uniform(-1.5, 1.5) * reach, b.uniform(0.8, 2.2) * reach + 0.2))
    b.light = replace(b.light, occlusion_radius=reach * 0.5)
    b.focus_distance = distance if b.chance(0.5) else None
    b.look(eye, yaw, pitch, b.uniform(32, 70))


def portrait(b: SceneBuilder) -> None:
    """One person, animal or thing near the camera, and a background."""
    outside, kind, distance = b.chance(0.5), b.random.random(), b.uniform(0.7, 3.2)
    if outside:
        daylight(b)
        b.plane((0, 0, 0), (0, 0, 1), b.material("noise", "planks", "tiles"))
        for _ in range(b.count(2, 8)):
            objects.tree(b, (b.uniform(-10, 10), distance + b.uniform(2.5, 25), 0), b.uniform(0.5, 1.5))
        if b.chance(0.5):
            y = distance + b.uniform(1, 20)
            street_objects.building(b, (-b.uniform(3, 15), y), (b.uniform(3, 15), y + 6), b.uniform(3, 12))
    else:
        room_shell(b, b.uniform(1.5, 4), distance + b.uniform(0.5, 4), b.uniform(2.4, 4))
    if kind < 0.5:
        height = b.uniform(1.5, 1.9)
        objects.person(b, (b.uniform(-0.25, 0.25), distance, 0), b.uniform(-0.6, 0.6), height)
        middle = height * b.uniform(0.75, 0.93)
    elif kind < 0.65:
        objects.rounded_lump(b, (0, distance, 0), b.uniform(0.8, 1.6))
        middle = b.uniform(0.5, 1)
    elif kind < 0.82:
        scale = b.uniform(1.2, 2.4)
        objects.animal(b, (0, distance, 0), b.uniform(0, 6.28), scale)
        middle = 0.45 * scale
    else:
        distance += 0.8
        street_objects.two_wheeler(b, (b.uniform(-0.3, 0.3), distance, 0), b.uniform(0, 6.28))
        middle = b.uniform(0.4, 0.8)
    for _ in range(b.count(0, 3)):
        objects.person(b, (b.uniform(-2, 2), distance + b.uniform(0.6, 4), 0), b.uniform(0, 6.28))
    for _ in range(b.count(0, 6)):
        place = (b.uniform(-1.5, 1.5), distance + b.uniform(0.5, 3), 0)
        thing = household_thing if b.chance(0.6) else workshop_thing
        thing(b, place, b.uniform(0, 6.28), 2.2)
    eye = middle + b.uniform(-0.3, 0.3)
    b.focus_distance = distance if b.chance(0.5) else None
    pitch = math.atan2(middle - eye, distance) + b.uniform(-0.15, 0.1)
    b.look((0, 0, eye), HALF_TURN / 2 + b.uniform(-0.15, 0.15), pitch, b.uniform(32, 70))


def abstract(b: SceneBuilder) -> None:
    """Simple solids that float and stand about."""
    if b.chance(0.6):
        room_shell(b, b.uniform(2, 6), b.uniform(3, 10), b.uniform(3, 7))
        eye = b.uniform(0.5, 2.5)
    else:
        daylight(b)
        b.plane((0, 0, 0), (0, 0, 1), b.material())
        eye = b.uniform(0.5, 4)
    for _ in range(b.count(5, 40)):
        away, angle = b.log_uniform(1.2, 12), HALF_TURN / 2 + b.uniform(-0.8, 0.8)
        size = b.uniform(0.08, 0.3) * away**0.7
        group = b.place((away * math.cos(angle), away * math.sin(angle) - 2.5, b.uniform(0, 3)))
        rotation = objects.random_rotation(b) if b.chance(0.6) else turn(b.uniform(0, 6))
        look, kind = b.material(size=size * 2), b.random.random()
        if kind < 0.3:
            group.ellipsoid((0, 0, 0), size * b.random.uniform(0.25, 1.3, 3), look, rotation)
        elif kind < 0.65:
            group.box((0, 0, 0), size * b.random.uniform(0.25, 1.3, 3), look, rotation)
        else:
            group.cylinder(
                (0, 0, 0),
                size * 0.5,
                size * b.uniform(0.3, 2.5),
                look,
                rotation,
                b.uniform(-0.9, 0.9) if b.chance(0.5) else 0.0,
            )
    b.look((0, -2.6, eye), HALF_TURN / 2 + b.uniform(-0.3, 0.3), b.uniform(-0.4, 0.25), field_of_view(b))
