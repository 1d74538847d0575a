"""Scenes whose geometry can be written down on paper, for tests; the camera sits at the origin and looks along +z."""

from __future__ import annotations

import math

import numpy as np

from .scene import Body, Camera, Material, Scene, rotation_from_axis_angle

INFINITY = math.inf
FLOOR_UP = rotation_from_axis_angle([math.pi / 2, 0, 0])  # body z points up, along the world's -y


def plane_normal(tilt_degrees: float, azimuth_degrees: float) -> np.ndarray:
    """Unit normal (3,) facing the camera of `tilted_plane`; OpenCV camera axes."""
    tilt, azimuth = math.radians(tilt_degrees), math.radians(azimuth_degrees)
    return np.array([math.sin(tilt) * math.cos(azimuth), math.sin(tilt) * math.sin(azimuth), -math.cos(tilt)])


def tilted_plane(
    distance: float = 2.0, tilt_degrees: float = 30.0, azimuth_degrees: float = 90.0, fov_x_degrees: float = 60.0
) -> Scene:
    """An endless plane that crosses the optical axis at `distance` metres, `tilt_degrees` away from facing the camera.

    Its depth on the ray (x, y, 1) is distance * n_z / (n . (x, y, 1)) with n = plane_normal(tilt, azimuth).
    """
    inward = -plane_normal(tilt_degrees, azimuth_degrees)
    axis = np.cross([0, 0, 1], inward)
    length = np.linalg.norm(axis)
    turn = axis / length * math.atan2(length, inward[2]) if length > 0 else np.zeros(3)
    look = Material("checker", (0.75, 0.7, 0.6), (0.3, 0.35, 0.4), scale=4 / distance)
    plane = Body("plane", (0, 0, distance), (INFINITY, INFINITY, 1), rotation_from_axis_angle(turn), look)
    return Scene((plane,), Camera(fov_x_degrees=fov_x_degrees), name="tilted plane")


def sphere_on_plane(
    distance: float = 3.0, radius: float = 0.6, camera_height: float = 1.0, fov_x_degrees: float = 60.0
) -> Scene:
    """A sphere (object 1) standing on a level floor (object 0); above the horizon there is sky."""
    floor = Body(
        "plane", (0, camera_height, 0), (INFINITY, INFINITY, 1), FLOOR_UP, Material("checker", (0.7,) * 3, scale=2)
    )
    sphere = Body(
        "ellipsoid",
        (0, camera_height - radius, distance),
        (radius,) * 3,
        material=Material("noise", (0.8, 0.3, 0.2), scale=6),
    )
    return Scene((floor, sphere), Camera(fov_x_degrees=fov_x_degrees), name="sphere on a plane")


def box_before_wall(
    distance: float = 2.0,
    wall_distance: float = 4.0,
    half_size: tuple[float, float, float] = (0.5, 0.5, 0.3),
    yaw_degrees: float = 0.0,
    fov_x_degrees: float = 60.0,
) -> Scene:
    """A box (object 1) whose centre is `distance` away before a wall (object 0) that fills the view."""
    wall = Body("plane", (0, 0, wall_distance), (INFINITY, INFINITY, 1), material=Material("bricks", scale=2))
    turn = rotation_from_axis_angle([0, math.radians(yaw_degrees), 0])
    box = Body("box", (0, 0, distance), half_size, turn, Material("stripes", (0.2, 0.5, 0.8), (0.8, 0.8, 0.7), scale=5))
    return Scene((wall, box), Camera(fov_x_degrees=fov_x_degrees), name="box before a wall")


def box_room(half_size: tuple[float, float, float] = (2.0, 1.4, 3.0), fov_x_degrees: float = 75.0) -> Scene:
    """The inside of a closed box around the camera, half_size (x, y, z): depth is the nearest of six planes."""
    room = Body("box", (0, 0, 0), half_size, material=Material("tiles", (0.75, 0.72, 0.65), scale=2))
    return Scene((room,), Camera(fov_x_degrees=fov_x_degrees), name="box room")
