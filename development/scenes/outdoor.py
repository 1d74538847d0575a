"""Streets, villages and landscapes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F

from . import objects, street_objects
from .builder import SceneBuilder
from .lighting import daylight, field_of_view

HALF_TURN = math.pi


def street(b: SceneBuilder) -> None:
    """A road between rows of houses, with people, cars and trees."""
    village = b.chance(0.4)
    half_road = b.uniform(2.2, 9) if village else b.uniform(4, 13)
    daylight(b)
    grey = np.full(3, b.uniform(0.06, 0.4)) * (1, 0.97, 0.92)
    b.plane((0, 0, 0), (0, 0, 1), b.material("noise", "noise", "bricks", "tiles", "plain", colour=tuple(grey)))
    walk, paving = b.uniform(0.8, 3), b.material("plain", "tiles", "bricks", colour=(b.uniform(0.2, 0.6),) * 3)
    if not village or b.chance(0.4):
        for side in (-1, 1):
            b.place((side * (half_road + 10), 30, 0)).box((0, 0, 0), (10, 90, 0.14), paving)
    if not village and b.chance(0.7):
        marks = b.place()
        for k in range(12):
            marks.box((0, -4 + k * 6, 0.004), (0.07, 1.4, 0.004), b.plain((0.7,) * 3))
    for side in (-1, 1):
        if b.chance(0.88):
            _row_of_houses(b, side, half_road + walk, village)
    if b.chance(0.55):
        y = b.uniform(18, 90)
        street_objects.building(b, (-b.uniform(5, 20), y), (b.uniform(5, 20), y + 10), b.uniform(5, 30))
    hills = b.plain((0.06, 0.12, 0.05))
    for _ in range(b.count(0, 2)):
        away = b.uniform(60, 400)
        b.place((b.uniform(-150, 150), 150 + away, 0)).ellipsoid(
            (0, 0, 0), (b.uniform(60, 200), 60, b.uniform(15, 70)), hills
        )
    _traffic(b, half_road, walk, 2 if village else 8)
    post = b.plain(b.colour())
    for k in range(b.count(0, 7)):
        side, height = b.random.choice([-1, 1]), b.uniform(3, 7)
        group = b.place((side * (half_road + 0.4), 3 + k * b.uniform(5, 9), 0))
        group.cylinder((0, 0, height / 2), 0.06, height / 2, post)
        group.capsule((0, 0, height), (-side * 1.4, 0, height), 0.04, post)
    eye = b.uniform(1.2, 2) if b.chance(0.75) else b.uniform(3, 16)
    place = (b.uniform(-0.7, 0.7) * half_road, b.uniform(-5, 0), eye)
    pitch = b.uniform(-0.15, 0.18) - max(0, eye - 3) * 0.02
    b.look(place, HALF_TURN / 2 + b.uniform(-0.45, 0.45), pitch, field_of_view(b))


def _traffic(b: SceneBuilder, half_road: float, walk: float, most_cars: int) -> None:
    """Cars on their lanes, people, bicycles and trees."""
    for _ in range(b.count(0, most_cars)):
        lane = float(b.random.choice([-0.75, -0.3, 0.3, 0.75]))
        street_objects.car(
            b, (lane * half_road, b.uniform(4, 50), 0), (0 if lane > 0 else HALF_TURN) + b.random.normal() * 0.05
        )
    for _ in range(b.count(0, 8)):
        x = (
            b.random.choice([-1, 1]) * (half_road + b.uniform(0, walk))
            if b.chance(0.6)
            else b.uniform(-1, 1) * half_road
        )
        objects.person(b, (x, 2.5 + b.log_uniform(1, 24), 0), b.uniform(0, 6.28))
    for _ in range(b.count(0, 4)):
        spot = (b.random.choice([-1, 1]) * (half_road + b.uniform(-0.5, walk)), b.uniform(2.5, 14), 0)
        if b.chance(0.4):
            street_objects.two_wheeler(b, spot, b.uniform(0, 6.28))
        else:
            objects.small_thing(b, spot, b.uniform(0.2, 0.7))
    for _ in range(b.count(0, 5)):
        objects.tree(
            b, (b.random.choice([-1, 1]) * (half_road + b.uniform(0.3, walk)), b.uniform(3, 50), 0), b.uniform(0.5, 1.2)
        )


def _row_of_houses(b: SceneBuilder, side: int, edge: float, village: bool) -> None:
    y = -8.0
    while y < (60 if village else 110):
        length = b.uniform(4, 10) if village else b.uniform(6, 25)
        height = b.uniform(3, 9) if village else b.log_uniform(5, 45)
        near = edge + b.uniform(0, 1.5) + (b.uniform(0, 4) if b.chance(0.3) else 0)
        far = near + b.uniform(5, 14)
        if b.chance(0.85):
            street_objects.building(
                b, (min(side * near, side * far), y), (max(side * near, side * far), y + length), height
            )
        else:
            for _ in range(b.count(1, 3)):
                objects.tree(b, (side * (near + b.uniform(0, 3)), y + b.uniform(0, length), 0), b.uniform(0.8, 1.8))
        y += length + (b.uniform(0, 4) if b.chance(0.4) else 0)


def terrain_heights(random: np.random.Generator, size: int = 384) -> np.ndarray:
    """Heights (size, size) float64 in [0, 1] with hills at every scale, ridged or rounded."""
    heights, amplitude, cells = np.zeros((size, size)), 1.0, int(random.integers(2, 5))
    ridged, decay = random.random() < 0.5, random.uniform(0.38, 0.5)
    while cells < size // 4:
        coarse = torch.from_numpy(random.random((1, 1, cells + 2, cells + 2)))
        layer = F.interpolate(coarse, (size, size), mode="bicubic", align_corners=True)[0, 0].numpy()
        heights += amplitude * (1 - np.abs(2 * layer - 1) if ridged else layer)
        amplitude, cells = amplitude * decay, cells * 2
    heights -= heights.min()
    return (heights / heights.max()) ** random.uniform(0.8, 2.2)


def landscape(b: SceneBuilder) -> None:
    """Hills or mountains under the sky, with trees and stones."""
    daylight(b, fog=False)
    half = b.log_uniform(50, 2000)
    high = half * 2 * b.uniform(0.03, 0.25)
    heights = terrain_heights(b.random)
    fog = b.log_uniform(0.05, 1.2) / half if b.chance(0.8) else 0.0
    b.light = replace(b.light, fog=fog)
    green = np.array([b.uniform(0.06, 0.3), b.uniform(0.1, 0.32), b.uniform(0.03, 0.12)])
    ground = b.material(
        "noise", colour=tuple(green * 0.6),
        colour_2=tuple(green * b.uniform(1, 1.8)) if b.chance(0.6) else b.earth_colour(),
        scale=b.uniform(2, 12) / half * 4, bump=b.uniform(0.2, 0.8), bump_frequency=b.uniform(0.2, 2), photo_weight=0.0,
        gloss=0.0, dirt=b.uniform(0, 0.6),
    )  # fmt: skip
    group = b.place()
    group.add("terrain", (0, 0, 0), (half, half, high), ground, heights=heights)

    def height_at(x: float, y: float) -> float:
        column, row = (
            np.clip((x / half + 1) / 2, 0, 1) * (heights.shape[1] - 1),
            np.clip((y / half + 1) / 2, 0, 1) * (heights.shape[0] - 1),
        )
        return float(heights[round(row), round(column)]) * high

    spots = b.random.uniform(-0.5, 0.5, (6, 2)) * half
    x, y = max(spots.tolist(), key=lambda spot: height_at(*spot))
    rise = b.uniform(1.5, 3) + 0.01 * half if b.chance(0.6) else b.uniform(3, 0.08 * half + 4)
    eye, yaw = np.array([x, y, height_at(x, y) + rise]), b.uniform(0, 6.28)
    if b.chance(0.3):
        water = b.material(
            "noise", colour=tuple(np.array(b.sky.zenith) * 0.4), gloss=0.6, photo_weight=0.0, dirt=0.0, scale=0.3
        )
        b.plane((0, 0, high * b.uniform(0.1, 0.35)), (0, 0, 1), water)
    for _ in range(b.count(0, 22)):
        away, angle = b.log_uniform(8, 0.5 * half), yaw + b.uniform(-0.9, 0.9)
        px, py = x + away * math.cos(angle), y + away * math.sin(angle)
        pz, kind = height_at(px, py), b.random.random()
        if kind < 0.65:
            objects.tree(b, (px, py, pz - 0.2), b.uniform(0.6, 2.2))
        elif kind < 0.85:
            objects.rounded_lump(
                b, (px, py, pz - 0.3), b.uniform(0.4, 3), b.material("noise", colour=(b.uniform(0.1, 0.45),) * 3)
            )
        elif kind < 0.92:
            objects.person(b, (px, py, pz), b.uniform(0, 6.28))
        elif away > 14:
            street_objects.building(b, (px - 4, py - 3), (px + 4, py + 3), b.uniform(3, 7), base=pz - 1)
    b.look(eye, yaw, b.uniform(-0.35, 0.12), field_of_view(b))
