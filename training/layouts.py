"""Random scenes of six kinds, each fixed by its seed: room, street, table top, portrait, landscape, abstract."""

from __future__ import annotations

import math

import numpy as np
from torch.nn import functional as F
import torch

from . import objects, street_objects
from .builder import SceneBuilder, WORLD_FROM_FLOOR, turn
from .scene import Light, Scene, Sky

HALF_TURN = math.pi


def random_scene(seed: int, kind: str | None = None, photo_count: int = 128) -> Scene:
    """The scene of a seed; `kind` is one of KINDS, or None for a mixture of all."""
    return build(seed, kind, photo_count).scene(kind or "mixed")


def build(seed: int, kind: str | None = None, photo_count: int = 128) -> SceneBuilder:
    """As random_scene, but the builder, which also knows where the photographer would focus."""
    b = SceneBuilder(seed, photo_count)
    if kind is None:
        kind = str(b.random.choice(list(KINDS), p=[share for _, share in KINDS.values()]))
    if kind not in KINDS:
        raise ValueError(f"Scene kind came as {kind!r}; one of {', '.join(KINDS)} is needed.")
    KINDS[kind][0](b)
    return b


def field_of_view(b: SceneBuilder) -> float:
    return b.uniform(32, 90) if b.chance(0.75) else b.uniform(45, 70)


def daylight(b: SceneBuilder, fog: bool = True) -> None:
    """Sun or overcast sky, at any hour."""
    azimuth, elevation, overcast = b.uniform(0, 6.28), b.uniform(0.15, 1.3), b.chance(0.35)
    towards = np.array([math.cos(azimuth) * math.cos(elevation), math.sin(azimuth) * math.cos(elevation), math.sin(elevation)])
    strength, warmth = b.uniform(0.6, 1.6) * (0.12 if overcast else 1), max(0.0, 1 - elevation)
    around = b.uniform(0.35, 0.75) + (0.3 if overcast else 0)
    zenith = np.array([b.uniform(0.05, 0.3), b.uniform(0.2, 0.5), b.uniform(0.5, 0.95)]) * b.uniform(0.5, 1.1)
    if overcast or b.chance(0.15):
        zenith = np.full(3, b.uniform(0.35, 0.95)) * (0.95, 0.98, 1.03)
    horizon = zenith * 0.4 + np.array([0.51, 0.53, 0.55]) * b.uniform(0.7, 1.15)
    if b.chance(0.12):
        horizon = np.array([1.0, 0.5, 0.25]) * b.uniform(0.6, 1)
    night = 0.15 if b.chance(0.06) else 1.0
    b.light = Light(
        tuple(WORLD_FROM_FLOOR @ towards),
        colour=tuple(np.array([1, 1 - 0.25 * warmth, 1 - 0.5 * warmth]) * strength * night),
        ambient_up=tuple(np.array([0.85, 0.95, 1.1]) * around * night),
        ambient_down=tuple(np.array([0.5, 0.45, 0.4]) * around * 0.6 * night),
        occlusion_radius=0.8,
        shadows=not overcast,
        fog=b.log_uniform(5e-4, 8e-3) if fog and b.chance(0.6) else 0.0,
    )
    clouds = b.uniform(0, 1) if b.chance(0.75) else 0.0
    b.sky = Sky(tuple(zenith * night), tuple(horizon * night), clouds, b.log_uniform(0.5, 3), b.seed)


def lamplight(b: SceneBuilder, position, reach: float = 1.0) -> None:
    """One lamp at `position` on the floor plan, and light from the walls."""
    strength, tint, around = b.uniform(0.6, 1.8) * reach, b.uniform(-0.2, 0.35), b.uniform(0.3, 0.8)
    b.light = Light(
        tuple(WORLD_FROM_FLOOR @ np.asarray(position, float)),
        True,
        tuple(np.array([1 + tint * 0.3, 1, 1 - tint]) * strength),
        tuple(np.array([1, 0.98, 0.95]) * around),
        tuple(np.array([0.9, 0.8, 0.7]) * around * 0.8),
        occlusion_radius=b.uniform(0.3, 0.7),
        shadows=b.chance(0.8),
    )
    b.sky = Sky((0.5,) * 3, (0.5,) * 3, seed=b.seed)


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
    lamplight(b, (b.uniform(-0.7, 0.7) * half_width, b.uniform(-0.7, 0.7) * half_length, height - b.uniform(0.1, 0.5)), height / 2.6)


def _on_the_wall(b: SceneBuilder, group, at: float) -> None:
    kind = b.random.random()
    if kind < 0.35:
        width, half, z = b.uniform(0.35, 1.1), b.uniform(0.4, 0.8), b.uniform(1.2, 1.7)
        pane = b.material("noise", colour=(0.7, 0.85, 1), colour_2=(0.9, 0.95, 1), emission=b.uniform(0.6, 1.8), dirt=0.0)
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
        (_workshop_thing if workshop and b.chance(0.7) else _household_thing)(b, place, facing, height)
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
            x, y = ((half_width - 0.45, along), (-half_width + 0.45, along), (b.uniform(-0.9, 0.9) * half_width, half_length - 0.45))[side]
        else:
            x, y = b.uniform(-0.8, 0.8) * half_width, b.uniform(-0.6, 0.85) * half_length
            facing = b.uniform(0, 6.28) if b.chance(0.4) else b.count(0, 3) * HALF_TURN / 2
        if all(math.hypot(x - other[0], y - other[1]) > other[2] + 0.55 for other in taken):
            return (x, y, 0.0), facing
    return None


def _household_thing(b: SceneBuilder, place, yaw: float, height: float) -> None:
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


def _workshop_thing(b: SceneBuilder, place, yaw: float, height: float) -> None:
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
            spot = np.asarray(place) + (b.uniform(-0.4, 0.4), b.uniform(-0.4, 0.4), 0)
            objects.small_thing(b, spot, b.uniform(0.1, 0.4))


def street(b: SceneBuilder) -> None:
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
        b.place((b.uniform(-150, 150), 150 + away, 0)).ellipsoid((0, 0, 0), (b.uniform(60, 200), 60, b.uniform(15, 70)), hills)
    for _ in range(b.count(0, 2 if village else 8)):
        lane = float(b.random.choice([-0.75, -0.3, 0.3, 0.75]))
        street_objects.car(b, (lane * half_road, b.uniform(4, 50), 0), (0 if lane > 0 else HALF_TURN) + b.random.normal() * 0.05)
    for _ in range(b.count(0, 8)):
        x = b.random.choice([-1, 1]) * (half_road + b.uniform(0, walk)) if b.chance(0.6) else b.uniform(-1, 1) * half_road
        objects.person(b, (x, 2.5 + b.log_uniform(1, 24), 0), b.uniform(0, 6.28))
    for _ in range(b.count(0, 4)):
        spot = (b.random.choice([-1, 1]) * (half_road + b.uniform(-0.5, walk)), b.uniform(2.5, 14), 0)
        if b.chance(0.4):
            street_objects.two_wheeler(b, spot, b.uniform(0, 6.28))
        else:
            objects.small_thing(b, spot, b.uniform(0.2, 0.7))
    for _ in range(b.count(0, 5)):
        objects.tree(b, (b.random.choice([-1, 1]) * (half_road + b.uniform(0.3, walk)), b.uniform(3, 50), 0), b.uniform(0.5, 1.2))
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


def _row_of_houses(b: SceneBuilder, side: int, edge: float, village: bool) -> None:
    y = -8.0
    while y < (60 if village else 110):
        length = b.uniform(4, 10) if village else b.uniform(6, 25)
        height = b.uniform(3, 9) if village else b.log_uniform(5, 45)
        near = edge + b.uniform(0, 1.5) + (b.uniform(0, 4) if b.chance(0.3) else 0)
        far = near + b.uniform(5, 14)
        if b.chance(0.85):
            street_objects.building(b, (min(side * near, side * far), y), (max(side * near, side * far), y + length), height)
        else:
            for _ in range(b.count(1, 3)):
                objects.tree(b, (side * (near + b.uniform(0, 3)), y + b.uniform(0, length), 0), b.uniform(0.8, 1.8))
        y += length + (b.uniform(0, 4) if b.chance(0.4) else 0)


def table_top(b: SceneBuilder) -> None:
    """Still lifes and close-ups: things on a table, a bench or the ground."""
    reach, kind = b.uniform(0.25, 0.9), b.random.random()
    top = b.material("wood", "planks", "plain", "noise", "tiles", "checker", "stripes", size=0.4)
    if kind < 0.45:
        b.plane((0, 0, 0), (0, 0, 1), top)
    elif kind < 0.7:
        b.place().cylinder((0, 0, -0.03), reach * 1.3, 0.03, top)
    else:
        b.place((0, 0, 0), b.uniform(0, 6.28)).box((0, 0, -0.03), (reach * b.uniform(1, 2.2), reach * b.uniform(0.8, 1.6), 0.03), top)
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
    b.light = Light(**{**b.light.__dict__, "occlusion_radius": reach * 0.5})
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
        _household_thing(b, place, b.uniform(0, 6.28), 2.2) if b.chance(0.6) else _workshop_thing(b, place, b.uniform(0, 6.28), 2.2)
    eye = middle + b.uniform(-0.3, 0.3)
    b.focus_distance = distance if b.chance(0.5) else None
    pitch = math.atan2(middle - eye, distance) + b.uniform(-0.15, 0.1)
    b.look((0, 0, eye), HALF_TURN / 2 + b.uniform(-0.15, 0.15), pitch, b.uniform(32, 70))


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
    daylight(b, fog=False)
    half = b.log_uniform(50, 2000)
    high = half * 2 * b.uniform(0.03, 0.25)
    heights = terrain_heights(b.random)
    fog = b.log_uniform(0.05, 1.2) / half if b.chance(0.8) else 0.0
    b.light = Light(**{**b.light.__dict__, "fog": fog})
    green = np.array([b.uniform(0.06, 0.3), b.uniform(0.1, 0.32), b.uniform(0.03, 0.12)])
    ground = b.material(
        "noise", colour=tuple(green * 0.6), colour_2=tuple(green * b.uniform(1, 1.8)) if b.chance(0.6) else b.earth_colour(),
        scale=b.uniform(2, 12) / half * 4, bump=b.uniform(0.2, 0.8), bump_frequency=b.uniform(0.2, 2), photo_weight=0.0,
        gloss=0.0, dirt=b.uniform(0, 0.6),
    )  # fmt: skip
    group = b.place()
    group.add("terrain", (0, 0, 0), (half, half, high), ground, heights=heights)

    def height_at(x: float, y: float) -> float:
        column, row = (np.clip((x / half + 1) / 2, 0, 1) * (heights.shape[1] - 1), np.clip((y / half + 1) / 2, 0, 1) * (heights.shape[0] - 1))
        return float(heights[int(round(row)), int(round(column))]) * high

    spots = b.random.uniform(-0.5, 0.5, (6, 2)) * half
    x, y = max(spots.tolist(), key=lambda spot: height_at(*spot))
    rise = b.uniform(1.5, 3) + 0.01 * half if b.chance(0.6) else b.uniform(3, 0.08 * half + 4)
    eye, yaw = np.array([x, y, height_at(x, y) + rise]), b.uniform(0, 6.28)
    if b.chance(0.3):
        water = b.material("noise", colour=tuple(np.array(b.sky.zenith) * 0.4), gloss=0.6, photo_weight=0.0, dirt=0.0, scale=0.3)
        b.plane((0, 0, high * b.uniform(0.1, 0.35)), (0, 0, 1), water)
    for _ in range(b.count(0, 22)):
        away, angle = b.log_uniform(8, 0.5 * half), yaw + b.uniform(-0.9, 0.9)
        px, py = x + away * math.cos(angle), y + away * math.sin(angle)
        pz, kind = height_at(px, py), b.random.random()
        if kind < 0.65:
            objects.tree(b, (px, py, pz - 0.2), b.uniform(0.6, 2.2))
        elif kind < 0.85:
            objects.rounded_lump(b, (px, py, pz - 0.3), b.uniform(0.4, 3), b.material("noise", colour=(b.uniform(0.1, 0.45),) * 3))
        elif kind < 0.92:
            objects.person(b, (px, py, pz), b.uniform(0, 6.28))
        elif away > 14:
            street_objects.building(b, (px - 4, py - 3), (px + 4, py + 3), b.uniform(3, 7), base=pz - 1)
    b.look(eye, yaw, b.uniform(-0.35, 0.12), field_of_view(b))


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
            group.cylinder((0, 0, 0), size * 0.5, size * b.uniform(0.3, 2.5), look, rotation, b.uniform(-0.9, 0.9) if b.chance(0.5) else 0.0)
    b.look((0, -2.6, eye), HALF_TURN / 2 + b.uniform(-0.3, 0.3), b.uniform(-0.4, 0.25), field_of_view(b))


KINDS = {
    "room": (room, 0.31),
    "street": (street, 0.20),
    "table top": (table_top, 0.19),
    "portrait": (portrait, 0.16),
    "landscape": (landscape, 0.09),
    "abstract": (abstract, 0.05),
}
