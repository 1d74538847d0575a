"""A box on a floor under a lamp: what the camera sees, exactly, and where the box's shadow lies in truth."""

from __future__ import annotations

import math
from dataclasses import replace

import closed_form
import torch
from torch.nn import functional as F

from development.scenes.closed_form import FLOOR_UP
from development.scenes.raycast import intersect
from development.scenes.renderer import render
from development.scenes.scene import Body, Camera, Scene, rotation_from_axis_angle
from sam3d_geometry.effects.light.lights import PlacedLight
from sam3d_geometry.effects.light.surface import surface_at_image
from sam3d_geometry.geometry.pointmap import Pointmap

FLOOR_HEIGHT = 1.0
BOX, PANEL = (0.3, 0.3, 0.3), (0.3, 0.3, 0.01)


def box_on_floor(half_size=BOX, yaw_degrees=30.0) -> Scene:
    """A box that stands on a floor 1 m below the world's origin, seen from a little above."""
    floor = Body("plane", (0, FLOOR_HEIGHT, 0), (math.inf, math.inf, 1), FLOOR_UP)
    turn = rotation_from_axis_angle([0, math.radians(yaw_degrees), 0])
    box = Body("box", (0, FLOOR_HEIGHT - half_size[1], 3.0), half_size, turn)
    return Scene((floor, box), Camera.look_at((0, -0.6, 0), (0, 0.9, 3.0)), name="box on a floor")


def lamp(position, radius=0.0, reach=1.0, radiance=(1.0, 1.0, 1.0), kind="point", falloff=2.0, aim=(0.0, 0.0, 1.0)):
    """A PlacedLight of one frame in camera axes."""
    return PlacedLight(
        kind=kind,
        position=torch.tensor([[float(v) for v in position]]),
        aim=torch.tensor([aim]),
        radius=torch.tensor([radius]),
        reach=torch.tensor([reach]),
        radiance=torch.tensor(radiance),
        falloff=falloff,
        shadows=True,
    )


def lamp_in_world(scene: Scene, position, **more) -> PlacedLight:
    """A lamp at a world position in the axes of the scene's own camera."""
    pose = torch.tensor(scene.camera.world_from_camera)
    return lamp((pose[:3, :3].T @ (torch.tensor(position).double() - pose[:3, 3])).tolist(), **more)


def seen(scene: Scene, height: int, width: int):
    """The rendering without its image."""
    return render(scene, scene.camera, height, width, samples=0)


def surface_of(rendering) -> Pointmap:
    """What a rendering shows, with its true normals."""
    return replace(rendering.pointmap(False), normals=rendering.normals)


def true_shadow(scene: Scene, rendering, position) -> torch.Tensor:
    """(H, W) bool: floor pixels whose segment to a lamp at a world position meets the box (body 1)."""
    pose = rendering.world_from_camera[0]
    points = rendering.points[0].double().reshape(-1, 3) @ pose[:3, :3].T + pose[:3, 3]
    rotation, centre = (torch.tensor(part) for part in scene.bodies[1].pose())
    origins, ends = (points - centre) @ rotation, (torch.tensor(position).double() - centre) @ rotation
    first, _ = intersect(scene.bodies[1], origins, ends - origins, 1e-4)
    return ((first < 1) & (rendering.object_ids.reshape(-1) == 0)).view(rendering.depth.shape[1:])


def far_from_edge(found: torch.Tensor, truth: torch.Tensor, where: torch.Tensor, pixels: int = 1) -> int:
    """How many pixels of `where` (H, W) differ from the truth and have none that agrees within `pixels` around them."""

    def near(mask: torch.Tensor) -> torch.Tensor:
        return F.max_pool2d(mask[None, None].float(), 2 * pixels + 1, 1, pixels)[0, 0] > 0

    return int((where & ((found & ~near(truth)) | (~found & ~near(~truth)))).sum())


def ball(rings=96):
    """A unit sphere in glTF axes: vertices (1, N, 3), faces (1, M, 3)."""
    polar, around = torch.linspace(0, torch.pi, rings)[:, None], torch.linspace(0, 2 * torch.pi, 2 * rings)[None]
    xyz = [polar.sin() * around.cos(), polar.cos().expand(rings, 2 * rings), polar.sin() * around.sin()]
    first = (torch.arange(rings - 1)[:, None] * 2 * rings + torch.arange(2 * rings - 1)).reshape(-1)
    right, below = first + 1, first + 2 * rings
    faces = torch.cat([torch.stack([first, right, below], -1), torch.stack([right, below + 1, below], -1)])
    return torch.stack(xyz, -1).reshape(1, -1, 3), faces[None]


def wall(distance=4.0, frames=1, size=(120, 160), image=0.25):
    depth = torch.full((frames, *size), distance)
    return surface_at_image(closed_form.pointmap(depth, image=torch.full((frames, *size, 3), image), metric=True))
