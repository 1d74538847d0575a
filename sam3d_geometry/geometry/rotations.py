"""Rotations and directions from angles that people turn."""

from __future__ import annotations

import math

import torch


def rotation_from_degrees(yaw: float, pitch: float, roll: float) -> torch.Tensor:
    """(3, 3) float64 that turns a camera: positive yaw looks right, positive pitch up, positive roll leans clockwise."""
    y, p, r = (math.radians(angle) for angle in (yaw, pitch, roll))
    about_y = torch.tensor(
        [[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]], dtype=torch.float64
    )
    about_x = torch.tensor(
        [[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]], dtype=torch.float64
    )
    about_z = torch.tensor(
        [[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]], dtype=torch.float64
    )
    return about_y @ about_x @ about_z


def direction_from_angles(azimuth_degrees: float, elevation_degrees: float) -> tuple[float, float, float]:
    """Unit direction (x right, y down, z forward): azimuth to the right of straight ahead, elevation upward."""
    azimuth, elevation = math.radians(azimuth_degrees), math.radians(elevation_degrees)
    level = math.cos(elevation)
    return level * math.sin(azimuth), -math.sin(elevation), level * math.cos(azimuth)
