"""Rotations of joints: matrices from and to quaternions, Euler angles and rotation vectors, and the least turn between directions."""

from __future__ import annotations

import torch

from ..geometry.rotations import quaternion_xyzw


def rotation_from_euler(radians: torch.Tensor) -> torch.Tensor:
    """Angles (..., 3) about the fixed axes x, then y, then z -> matrices (..., 3, 3): Rz Ry Rx, as the rig reads its angles."""
    (sx, sy, sz), (cx, cy, cz) = radians.sin().unbind(-1), radians.cos().unbind(-1)
    rows = [
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
        [-sy, cy * sx, cy * cx],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def euler_zxy_degrees(rotations: torch.Tensor) -> torch.Tensor:
    """Matrices (..., 3, 3) = Rz Rx Ry -> the angles (..., 3) z, x, y in degrees, as the channels of a BVH file have them."""
    x = torch.asin(rotations[..., 2, 1].clamp(-1, 1))
    z = torch.atan2(-rotations[..., 0, 1], rotations[..., 1, 1])
    y = torch.atan2(-rotations[..., 2, 0], rotations[..., 2, 2])
    # looking along an axis z and y turn alike: all of it goes to z
    locked = rotations[..., 2, 1].abs() > 1 - 1e-14
    z = torch.where(locked, torch.atan2(rotations[..., 1, 0], rotations[..., 0, 0]), z)
    y = torch.where(locked, 0, y)
    return torch.rad2deg(torch.stack([z, x, y], -1))


def rotation_from_xyzw(quaternions: torch.Tensor) -> torch.Tensor:
    """Quaternions (..., 4) x, y, z, w of any length -> matrices (..., 3, 3)."""
    x, y, z, w = torch.nn.functional.normalize(quaternions, dim=-1).unbind(-1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def continuous(quaternions: torch.Tensor) -> torch.Tensor:
    """Quaternions (T, ..., 4) with signs chosen so that each frame takes the short way from the one before."""
    turned = (quaternions[1:] * quaternions[:-1]).sum(-1) < 0
    first = torch.zeros_like(quaternions[:1, ..., 0], dtype=torch.bool)
    flips = torch.cat([first, turned]).int().cumsum(0) % 2 == 1
    return torch.where(flips[..., None], -quaternions, quaternions)


def vector_from_rotation(rotations: torch.Tensor) -> torch.Tensor:
    """Matrices (..., 3, 3) -> axis times angle (..., 3) in radians, at most pi long."""
    quaternion = quaternion_xyzw(rotations)
    axis = quaternion[..., :3]
    sine = axis.norm(dim=-1, keepdim=True)
    angle = 2 * torch.atan2(sine, quaternion[..., 3:])
    return axis * torch.where(sine > 1e-12, angle / sine.clamp_min(1e-12), 2.0)


def rotation_from_vector(vectors: torch.Tensor) -> torch.Tensor:
    """Axis times angle (..., 3) in radians -> matrices (..., 3, 3)."""
    angle = vectors.norm(dim=-1, keepdim=True)
    half = angle / 2
    scale = torch.where(angle > 1e-12, half.sin() / angle.clamp_min(1e-12), 0.5)
    return rotation_from_xyzw(torch.cat([vectors * scale, half.cos()], -1))


def are_rotations(matrices: torch.Tensor, doubt: float) -> bool:
    """Whether every R R' of matrices (..., 3, 3) misses the identity by less than `doubt`; nan does not."""
    off = (matrices @ matrices.mT - torch.eye(3).to(matrices)).abs()
    return bool((off < doubt).all())


def least_turn(start: torch.Tensor, end: torch.Tensor) -> torch.Tensor:
    """The smallest rotations (..., 3, 3) that take directions `start` (..., 3) to directions `end` (..., 3)."""
    start, end = (torch.nn.functional.normalize(direction, dim=-1) for direction in torch.broadcast_tensors(start, end))
    cosine = (start * end).sum(-1, keepdim=True)
    axis = torch.linalg.cross(start, end)
    # opposite directions: half a turn about any axis square to them
    away = torch.zeros_like(start).scatter(-1, start.abs().argmin(-1, keepdim=True), 1.0)
    across = torch.linalg.cross(start, away)
    opposite = cosine < -1 + 1e-12
    quaternion = torch.where(
        opposite, torch.cat([across, torch.zeros_like(cosine)], -1), torch.cat([axis, 1 + cosine], -1)
    )
    return rotation_from_xyzw(quaternion)


def best_rotation(moving: torch.Tensor, fixed: torch.Tensor) -> torch.Tensor:
    """Rotations (..., 3, 3) that bring vectors `moving` (..., N, 3) nearest to `fixed` (..., N, 3) (Kabsch)."""
    u, _, vh = torch.linalg.svd(fixed.transpose(-1, -2) @ moving)
    sign = torch.det(u @ vh)
    signs = torch.stack([torch.ones_like(sign), torch.ones_like(sign), sign], -1)
    return (u * signs[..., None, :]) @ vh
