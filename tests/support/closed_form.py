"""Geometry that can be written down on paper, in float64: rays, planes, spheres, a box before a wall, a box room."""

from __future__ import annotations

import math

import torch

from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject
from sam3d_geometry.geometry.pointmap import Pointmap

FOV = 60.0


def intrinsics(height, width, fov=FOV):
    return intrinsics_from_fov_x_degrees(fov, height, width)


def rays(height, width, fov=FOV):
    """(1, H, W, 3) points at depth 1, float64."""
    return unproject(torch.ones(1, height, width, dtype=torch.float64), intrinsics(height, width, fov).double())


def plane(height, width, tilt_degrees, azimuth_degrees=90.0, distance=2.0, fov=FOV):
    """Depth (1, H, W) float64 of a plane tilted away from facing the camera (0 where not in front) and its unit normal."""
    tilt, azimuth = math.radians(tilt_degrees), math.radians(azimuth_degrees)
    normal = torch.tensor(
        [math.sin(tilt) * math.cos(azimuth), math.sin(tilt) * math.sin(azimuth), -math.cos(tilt)], dtype=torch.float64
    )
    depth = distance * normal[2] / (rays(height, width, fov) @ normal)
    return torch.where((depth > 0) & (depth < 1000), depth, 0), normal


def sphere(height, width, distance=4.0, radius=1.0, fov=FOV):
    """Depth (1, H, W) float64, 0 outside the sphere, and unit normals (1, H, W, 3)."""
    ray = rays(height, width, fov)
    centre = torch.tensor([0, 0, distance], dtype=torch.float64)
    along, square = ray @ centre, ray.square().sum(-1)
    inside = along.square() - square * (distance**2 - radius**2)
    depth = torch.where(inside > 0, (along - inside.clamp_min(0).sqrt()) / square, 0)
    normals = (ray * depth[..., None] - centre) / radius
    return depth, torch.where(inside[..., None] > 0, normals, 0)


def box_room(height, width, half=(2.0, 1.5, 4.0), fov=FOV):
    """Depth, unit normals and distance in pixels to the nearest crease of a room seen from its middle."""
    ray = rays(height, width, fov)
    steps = torch.tensor(half, dtype=torch.float64) / ray.abs().clamp_min(1e-12)
    depth, axis = steps.min(-1)
    normals = torch.zeros_like(ray).scatter_(-1, axis[..., None], -ray.gather(-1, axis[..., None]).sign())
    return depth, normals, axis


def box_before_wall(height, width, near=3.0, far=5.0, tilt_degrees=0.0):
    """Depth, unit normals and mask of the box's front, a rectangle in the middle of a wall that faces the camera."""
    front, normal = plane(height, width, tilt_degrees, 20.0, near)
    box = torch.zeros(1, height, width, dtype=torch.bool)
    box[:, height // 4 : height * 5 // 8, width // 4 : width * 5 // 8] = True
    depth = torch.where(box, front, far)
    normals = torch.where(box[..., None], normal, torch.tensor([0, 0, -1.0], dtype=torch.float64))
    return depth, normals, box


def angles(a, b):
    """Degrees between unit vectors (..., 3), accurate for small ones."""
    a, b = torch.broadcast_tensors(a.double(), b.double())
    return torch.rad2deg(torch.atan2(torch.linalg.cross(a, b).norm(dim=-1), (a * b).sum(-1)))


def pointmap(depth, mask=None, image=None, fov=FOV, source_size=None, normals=None, metric=False):
    """A Pointmap of float32 depth (B, H, W)."""
    depth = depth.float()
    mask = depth > 0 if mask is None else mask
    k = intrinsics(*depth.shape[1:], fov).expand(len(depth), 3, 3)
    depth = torch.where(mask, depth, 0)
    normals = None if normals is None else torch.where(mask[..., None], normals, 0)
    image = torch.zeros(*depth.shape, 3) if image is None else image
    return Pointmap(
        unproject(depth, k),
        mask,
        k.clone(),
        image,
        normals=normals,
        metric=metric,
        source_size=source_size or tuple(depth.shape[1:]),
    )
