"""A room all around the camera, in closed form: walls, floor and ceiling, balls and pillars, and a window to the sky."""

import math

import torch

from sam3d_geometry.geometry.panorama import Panorama, panorama_rays
from sam3d_geometry.geometry.panorama_normals import panorama_normals

SIZE = (128, 256)
HALF = torch.tensor([3.0, 1.4, 4.0], dtype=torch.float64)
MIDDLE = torch.tensor([0.4, -0.2, 0.7], dtype=torch.float64)  # of the room, seen from the camera
BALLS = [((1.2, 0.6, 1.5), 0.5), ((-1.6, 0.2, -1.1), 0.7), ((0.1, -1.0, -2.0), 0.3), ((-0.3, 0.9, 0.2), 0.25)]
PILLARS = [((1.9, -1.4), 0.2), ((-1.2, 2.4), 0.3)]  # x and z of upright cylinders


def distance_of(rays):
    """Directions (..., 3) of any length -> distance (..., ) float64 along them to what stands there, inf through the window."""
    d = torch.nn.functional.normalize(rays.double(), dim=-1)
    walls = (torch.where(d > 0, MIDDLE + HALF, MIDDLE - HALF) / torch.where(d == 0, 1e-12, d)).min(-1)
    distance = walls.values
    at = d * distance[..., None]
    window = (walls.indices == 2) & (d[..., 2] > 0) & (at[..., 0].abs() < 0.9) & ((at[..., 1] + 0.4).abs() < 0.6)
    distance = torch.where(window, math.inf, distance)
    for centre, radius in BALLS:
        middle = torch.tensor(centre, dtype=torch.float64)
        along = d @ middle
        inside = along.square() - middle.square().sum() + radius**2
        hit = along - inside.clamp_min(0).sqrt()
        distance = torch.where((inside > 0) & (hit > 0) & (hit < distance), hit, distance)
    for (x, z), radius in PILLARS:
        a = d[..., 0].square() + d[..., 2].square()
        b = d[..., 0] * x + d[..., 2] * z
        inside = b.square() - a * (x * x + z * z - radius**2)
        hit = (b - inside.clamp_min(0).sqrt()) / a.clamp_min(1e-12)
        distance = torch.where((inside > 0) & (hit > 0) & (hit < distance), hit, distance)
    return distance


def colour_of(rays):
    """A picture (..., 3) of directions, with waves at several scales."""
    d = torch.nn.functional.normalize(rays.double(), dim=-1)
    distance = distance_of(rays)
    at = torch.where(distance.isfinite()[..., None], d * distance.clamp_max(100)[..., None], 0)
    shades = [torch.sin(3 * at[..., i] + 5 * at[..., (i + 1) % 3]) for i in range(3)]
    return (torch.stack(shades, -1) * 0.4 + 0.5).float()


def scene(size=SIZE):
    """The room as a Panorama of `size`, as of a photo four times as large."""
    rays = panorama_rays(size)
    distance = distance_of(rays)
    mask = distance.isfinite()
    distance = torch.where(mask, distance, 0).float()
    normals = panorama_normals(distance, mask, 0.05)
    source = (2 * size[0], 2 * size[1])
    return Panorama(distance, mask, colour_of(rays), normals, metric=True, source_size=source)
