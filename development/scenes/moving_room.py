"""A short film with exact geometry: a hand-held camera goes through a furnished room in which things move."""

from __future__ import annotations

import math

import numpy as np

from .camera_path import hand_held, travel
from .closed_form import FLOOR_UP
from .renderer import Rendering, render
from .scene import Body, Camera, Light, Material, Scene, rotation_from_axis_angle

FRAME_RATE = 24.0
MOVING = (10, 11, 12)  # object ids
WALL_FACING_CAMERA = rotation_from_axis_angle([math.pi, 0, 0])
WALL_ON_THE_LEFT = rotation_from_axis_angle([0, math.pi / 2, 0])


def _upright(degrees: float) -> np.ndarray:
    return rotation_from_axis_angle([0, math.radians(degrees), 0])


def moving_room() -> Scene:
    """A room 6 m deep with boxes, a column and a ball at rest, and a ball, a box and a capsule that move (`MOVING`)."""
    still = (
        Body("plane", (0, 1.3, 0), (math.inf,) * 2 + (1,), FLOOR_UP, Material("wood", (0.5, 0.35, 0.2), scale=1.5)),
        Body(
            "plane",
            (0, 0, 6),
            (math.inf,) * 2 + (1,),
            WALL_FACING_CAMERA,
            Material("bricks", (0.6, 0.5, 0.45), scale=1.5, bump=0.3),
        ),
        Body(
            "plane", (-2.6, 0, 0), (math.inf,) * 2 + (1,), WALL_ON_THE_LEFT, Material("noise", (0.7, 0.7, 0.6), scale=3)
        ),
        Body("box", (-1.5, 0.85, 4.2), (0.4, 0.45, 0.3), _upright(20), Material("marble", (0.7, 0.6, 0.5), scale=3)),
        Body("box", (1.9, 0.5, 5.0), (0.5, 0.8, 0.3), _upright(-15), Material("stripes", (0.2, 0.5, 0.7), scale=4)),
        Body("cylinder", (0.9, 0.2, 3.4), (0.15, 0.15, 1.1), FLOOR_UP, Material("checker", (0.8, 0.7, 0.3), scale=4)),
        Body("ellipsoid", (-0.6, 1.0, 2.6), (0.3,) * 3, material=Material("noise", (0.8, 0.3, 0.2), scale=7)),
    )
    ball = Material("checker", (0.2, 0.7, 0.4), (0.8, 0.8, 0.2), scale=5)
    moving = (
        Body(
            "ellipsoid",
            (-1.6, -0.1, 3.4),
            (0.35,) * 3,
            material=ball,
            velocity=(0.9, 0, 0),
            spin=(0, 0, 1.5),
            object_id=10,
        ),
        Body(
            "box",
            (0.3, 0.8, 4.6),
            (0.3, 0.5, 0.3),
            material=Material("tiles", (0.7, 0.3, 0.6), scale=5),
            velocity=(0, 0, -0.8),
            spin=(0, 0.8, 0),
            object_id=11,
        ),
        Body(
            "capsule",
            (2.0, 0.4, 3.2),
            (0.25, 0.25, 0.45),
            FLOOR_UP,
            Material("noise", (0.3, 0.3, 0.8), scale=6),
            velocity=(-0.7, 0, 0.2),
            object_id=12,
        ),
    )
    light = Light(towards=(-0.3, -0.9, -0.5), occlusion_radius=0.3)
    return Scene(still + moving, Camera(fov_x_degrees=62), light, name="moving room")


def film(frames: int, height: int, width: int, samples: int = 2) -> Rendering:
    """`frames` pictures of the moving room at `FRAME_RATE`, with exact depth, normals, object ids and poses."""
    scene = moving_room()
    path = travel(scene.camera, frames, right=0.010 * frames, forward=0.014 * frames, yaw_degrees=-0.12 * frames)
    cameras = hand_held(path, seed=3, metres=0.02, degrees=0.6)
    return render(scene, cameras, height, width, times=[k / FRAME_RATE for k in range(frames)], samples=samples)
