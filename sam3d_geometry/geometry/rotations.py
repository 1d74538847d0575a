"""Rotations and directions from angles that people turn, and quaternions of rotations."""

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


def quaternion_xyzw(rotations: torch.Tensor) -> torch.Tensor:
    """Matrices (..., 3, 3) -> unit quaternions (..., 4) in the order x, y, z, w, with w >= 0."""
    m = rotations
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    # four times the products of the quaternion with itself; the column of its largest part is exact
    off = lambda i, j: m[..., i, j] + m[..., j, i]  # noqa: E731
    turn = lambda i, j: m[..., i, j] - m[..., j, i]  # noqa: E731
    rows = [
        [1 + xx - yy - zz, off(0, 1), off(0, 2), turn(2, 1)],
        [off(0, 1), 1 - xx + yy - zz, off(1, 2), turn(0, 2)],
        [off(0, 2), off(1, 2), 1 - xx - yy + zz, turn(1, 0)],
        [turn(2, 1), turn(0, 2), turn(1, 0), 1 + xx + yy + zz],
    ]
    products = torch.stack([torch.stack(row, -1) for row in rows], -2)
    largest = products.diagonal(dim1=-2, dim2=-1).argmax(-1)
    chosen = torch.gather(products, -2, largest[..., None, None].expand(*largest.shape, 1, 4))[..., 0, :]
    unit = torch.nn.functional.normalize(chosen, dim=-1)
    return torch.where(unit[..., 3:] < 0, -unit, unit)
