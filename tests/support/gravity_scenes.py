"""Scenes of planes, boxes and balls in a levelled world, ray traced in closed form through a camera of any pitch and roll."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from closed_form import pointmap, rays

from sam3d_geometry.geometry.gravity import world_from_pitch_roll
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.rotations import rotation_from_degrees

FAR = 60.0  # beyond it there is sky


@dataclass(frozen=True)
class Box:
    """A solid, or with `inside` a room: its middle, half its extents, and how far it is turned about the vertical."""

    middle: tuple[float, float, float]
    half: tuple[float, float, float]
    yaw: float = 0.0
    inside: bool = False
    pitch: float = 0.0


@dataclass(frozen=True)
class Plane:
    """All points with normal . P = distance; world axes x right, y down, z forward, the camera at the origin."""

    normal: tuple[float, float, float]
    distance: float


@dataclass(frozen=True)
class Ball:
    middle: tuple[float, float, float]
    radius: float


@dataclass(frozen=True)
class Scene:
    """What is around the camera; `stripes` puts upright edges into the picture."""

    planes: tuple[Plane, ...] = ()
    boxes: tuple[Box, ...] = ()
    balls: tuple[Ball, ...] = ()
    stripes: bool = False


def _plane_depth(ray: torch.Tensor, plane: Plane) -> torch.Tensor:
    t = plane.distance / (ray @ ray.new_tensor(plane.normal))
    return torch.where((t > 0) & (t < FAR), t, torch.inf)


def _box_depth(ray: torch.Tensor, box: Box) -> torch.Tensor:
    box_from_world = rotation_from_degrees(box.yaw, box.pitch, 0.0).to(ray).T
    direction, start = ray @ box_from_world.T, -(box_from_world @ ray.new_tensor(box.middle))
    half = ray.new_tensor(box.half)
    inverse = 1 / torch.where(direction.abs() < 1e-12, 1e-12, direction)
    low, high = (-half - start) * inverse, (half - start) * inverse
    enters = torch.minimum(low, high).amax(-1)
    leaves = torch.maximum(low, high).amin(-1)
    if box.inside:
        return leaves
    return torch.where((enters < leaves) & (enters > 0), enters, torch.inf)


def _ball_depth(ray: torch.Tensor, ball: Ball) -> torch.Tensor:
    middle = ray.new_tensor(ball.middle)
    along, square = ray @ middle, ray.square().sum(-1)
    inside = along.square() - square * (middle.square().sum() - ball.radius**2)
    return torch.where((inside > 0) & (along > 0), (along - inside.clamp_min(0).sqrt()) / square, torch.inf)


def _picture(world: torch.Tensor) -> torch.Tensor:
    """Upright stripes of wallpaper, 0.5 wide: what a picture has of vertical edges."""
    across = world[..., 0] + world[..., 2] * 0.37
    bright = 0.3 + 0.4 * ((across / 0.5).floor() % 2)
    return bright[..., None].expand(*bright.shape, 3).float()


def seen(
    scene: Scene,
    pitch: float,
    roll: float,
    *,
    size: tuple[int, int] = (96, 128),
    fov: float = 60.0,
    noise: float = 0.0,
    soft: int = 0,
) -> Pointmap:
    """The pointmap of a scene; `noise` is the standard deviation of depth as a share of it, `soft` pixels smear its edges."""
    ray = rays(*size, fov)
    world = ray @ world_from_pitch_roll(pitch, roll)[0].double().T
    depths = [_plane_depth(world, plane) for plane in scene.planes]
    depths += [_box_depth(world, box) for box in scene.boxes] + [_ball_depth(world, ball) for ball in scene.balls]
    depth = torch.stack(depths).amin(0)
    depth = torch.where(depth.isfinite(), depth, 0)
    image = _picture(world * depth[..., None]) if scene.stripes else None
    if soft:
        inverse = torch.where(depth > 0, 1 / depth, 0)[:, None]
        blurred = torch.nn.functional.avg_pool2d(inverse, 2 * soft + 1, 1, soft, count_include_pad=False)[:, 0]
        depth = torch.where(depth > 0, 1 / blurred.clamp_min(1 / FAR), 0)
    if noise:
        random = torch.randn(depth.shape, generator=torch.Generator().manual_seed(0), dtype=depth.dtype)
        depth = depth * (1 + noise * random)
    return pointmap(depth, image=image, fov=fov)


def true_up(pitch: float, roll: float) -> torch.Tensor:
    """The unit vector (3,) that points up, in camera axes."""
    return -world_from_pitch_roll(pitch, roll)[0].double().T[:, 1]


def below(pitch: float, distance: float, height: float) -> tuple[float, float, float]:
    """The place (x, y, z) on the floor `height` under the camera that its axis meets, or one `distance` ahead."""
    if pitch > -10:
        return 0.0, height, distance
    slope = torch.tensor(-pitch).deg2rad().tan()
    return 0.0, height, min(float(height / slope), distance)


FLOOR = Plane((0, 1, 0), 1.5)


def floor_and_box(pitch: float) -> Scene:
    """A floor, and on it a box that the camera looks at beside its middle."""
    _, y, z = below(pitch, 4.0, 1.5)
    return Scene(planes=(FLOOR,), boxes=(Box((0.35, y - 0.2, z + 0.25), (0.2, 0.2, 0.15), 25.0),))


def table_top(pitch: float) -> Scene:
    """A table 0.7 below the camera, with boxes and a ball on it, and the floor under it."""
    _, _, z = below(pitch, 1.2, 0.7)
    table = Box((0, 0.72, z), (0.6, 0.02, 0.45), 8.0)
    things = (Box((0.2, 0.6, z + 0.1), (0.08, 0.1, 0.06), 30.0), Box((-0.25, 0.65, z), (0.1, 0.05, 0.07), -15.0))
    return Scene(planes=(Plane((0, 1, 0), 1.45),), boxes=(table, *things), balls=(Ball((0.0, 0.65, z + 0.2), 0.05),))


def living_room(pitch: float) -> Scene:
    """A room 5 wide, 2.6 high and 6 deep, with a cupboard and a table."""
    room = Box((0.4, 0.1, 1.2), (2.5, 1.3, 3.0), 12.0, inside=True)
    cupboard, table = Box((1.9, 0.6, 2.6), (0.5, 0.8, 0.4), 12.0), Box((-0.6, 1.1, 2.0), (0.6, 0.3, 0.4), -20.0)
    return Scene(boxes=(room, cupboard, table))


def street(pitch: float) -> Scene:
    """A street between facades, with parked cars."""
    facades = (Box((9, -4, 20), (3, 6, 26)), Box((-9, -4, 20), (3, 6, 26)))
    cars = (Box((4.3, 0.95, 9), (0.9, 0.7, 2)), Box((-4.3, 0.95, 6), (0.9, 0.7, 2)))
    return Scene(planes=(Plane((0, 1, 0), 1.65),), boxes=(*facades, *cars))


def stairs(pitch: float) -> Scene:
    """Steps that climb away from the camera, from a floor."""
    steps = tuple(Box((0, 1.6 - 0.08 - 0.17 * i, 2.2 + 0.15 + 0.28 * i), (1.2, 0.09, 0.15)) for i in range(8))
    return Scene(planes=(Plane((0, 1, 0), 1.6),), boxes=steps)


def ramp(pitch: float) -> Scene:
    """A level floor and a ramp of 14 degrees on a part of it, beside a wall."""
    sloped = Box((1.2, 1.7, 3.0), (0.7, 0.2, 1.4), 0.0, pitch=14.0)
    return Scene(planes=(FLOOR, Plane((-1, 0, 0), 2.5)), boxes=(sloped,))


def ceiling(pitch: float) -> Scene:
    """A ceiling 1.3 above the camera and the walls it rests on."""
    return Scene(boxes=(Box((0.3, 0.2, 0.9), (2.4, 1.5, 2.9), 15.0, inside=True),))


def portrait(pitch: float) -> Scene:
    """Head and shoulders, two balls, in front of a frontal wall."""
    return Scene(planes=(Plane((0, 0, 1), 3.0),), balls=(Ball((0, 0, 1.5), 0.25), Ball((0, 0.8, 1.6), 0.55)))


def wall(pitch: float) -> Scene:
    """Nothing but a wall that runs away to the side."""
    return Scene(planes=(Plane((-0.5, 0, 0.866), 3.0),))


def frontal_wall(pitch: float) -> Scene:
    """Nothing but a wall that faces the camera."""
    return Scene(planes=(Plane((0, 0, 1), 3.0),))


def wallpaper(pitch: float) -> Scene:
    """A wall with upright stripes in the picture: only the picture tells the roll."""
    return Scene(planes=(Plane((-0.5, 0, 0.866), 3.0),), stripes=True)


def corner(pitch: float) -> Scene:
    """Two walls that meet, without a floor."""
    return Scene(planes=(Plane((-0.6, 0, 0.8), 3.0), Plane((0.8, 0, 0.6), 3.0)))


def slope(pitch: float) -> Scene:
    """A hillside of 10 degrees with two houses, whose walls are upright."""
    houses = (Box((2.0, 0.3, 8), (1.2, 2.5, 1.0), 30.0), Box((-3.0, 0.3, 10), (1.2, 2.5, 1.5), -20.0))
    return Scene(planes=(Plane((0.0, 0.985, 0.174), 1.6),), boxes=houses)
