"""Camera motion for video frames: lists of cameras to give to `development.scenes.renderer.render`, one a frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .scene import UP, Camera, rotation_from_axis_angle


def travel(
    start: Camera, frames: int, right: float = 0.0, down: float = 0.0, forward: float = 0.0, yaw_degrees: float = 0.0
) -> list[Camera]:
    """A steady move and turn in the axes of `start`, the first frame; the amounts are those of the last frame."""
    shares = [k / max(frames - 1, 1) for k in range(_checked(frames))]
    return [start.moved(s * right, s * down, s * forward, s * yaw_degrees) for s in shares]


def orbit(start: Camera, frames: int, centre: Sequence[float], degrees: float = 360.0) -> list[Camera]:
    """A ride on a level circle about the world point `centre`, which keeps its place in the picture."""
    centre, poses = np.asarray(centre, float), []
    for k in range(_checked(frames)):
        rotation = rotation_from_axis_angle(np.asarray(UP) * math.radians(degrees * k / frames))
        pose = np.eye(4)
        pose[:3, :3] = rotation @ start.world_from_camera[:3, :3]
        pose[:3, 3] = centre + rotation @ (start.world_from_camera[:3, 3] - centre)
        poses.append(replace(start, world_from_camera=pose))
    return poses


def hand_held(cameras: Sequence[Camera], seed: int = 0, metres: float = 0.01, degrees: float = 0.4) -> list[Camera]:
    """The same path with the smooth unrest of a hand: up to about `metres` and `degrees` off, without a jump."""
    random = np.random.default_rng(seed)
    phases, speeds = random.uniform(0, 2 * math.pi, (6, 3)), random.uniform(0.05, 0.45, (6, 3))
    time = np.arange(len(cameras))[:, None, None]
    sway = np.sin(phases + speeds * time).mean(-1) * (metres, metres, metres, degrees, degrees, degrees)
    return [camera.moved(*offsets) for camera, offsets in zip(cameras, sway)]


def stereo_pair(left: Camera, baseline: float = 0.064) -> list[Camera]:
    """Left and right eye, parallel, `baseline` metres apart: disparity in pixels is fx * width * baseline / depth."""
    return [left, left.moved(right=baseline)]


def _checked(frames: int) -> int:
    if frames < 1:
        raise ValueError(f"frames came as {frames}; a camera path needs at least 1.")
    return frames
