"""Curvature of the surfaces of a pointmap: how normals turn from point to point, and the cavity map made of it."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ..geometry.normals import surface_normals
from ..geometry.pointmap import Pointmap
from ..geometry.surfaces import average_on_surfaces, linked_difference, surface_links
from .enlarge import enlarge


def mean_curvature(pointmap: Pointmap, normals: torch.Tensor | None = None, smoothing: int = 4) -> torch.Tensor:
    """Mean curvature (B, H, W) in 1 / unit: 1 / R on a ball of radius R, negative in a hollow, 0 on planes.

    Of the derivatives of `normals` (B, H, W, 3; the pointmap's own or computed ones if None) over the points, by the first
    and second fundamental forms (do Carmo, Differential Geometry of Curves and Surfaces, 3.3). Normals are first averaged
    over `smoothing` pixels of the same surface, across creases but not across depth edges; 0 where there is no geometry.
    """
    if normals is None:
        normals = surface_normals(pointmap)
    links = surface_links(pointmap.depth, pointmap.mask)
    if smoothing > 0:
        normals = F.normalize(average_on_surfaces(normals, pointmap.depth, pointmap.mask, smoothing), dim=-1)
    points_u, points_v = (linked_difference(pointmap.points, links[dim - 1], dim) for dim in (2, 1))
    normals_u, normals_v = (linked_difference(normals, links[dim - 1], dim) for dim in (2, 1))

    def dot(a, b):
        return (a * b).sum(-1)

    e, f, g = dot(points_u, points_u), dot(points_u, points_v), dot(points_v, points_v)
    turn_u, turn_v = dot(points_u, normals_u), dot(points_v, normals_v)
    turn_uv = 0.5 * (dot(points_u, normals_v) + dot(points_v, normals_u))
    area = e * g - f * f
    # a pixel without a neighbour on both axes spans no area, and so has no curvature
    known = pointmap.mask & (area > 1e-6 * e * g) & (area > 0)
    curvature = (e * turn_v - 2 * f * turn_uv + g * turn_u) / (2 * torch.where(known, area, 1))
    return torch.where(known, curvature, 0)


def cavity_map(curvature: torch.Tensor, feature_size: float) -> torch.Tensor:
    """Curvature (B, H, W) in 1 / unit -> (B, H, W) in [0, 1]: 0.5 flat, brighter on ridges, darker in hollows.

    A ball of radius `feature_size` (in the pointmap's unit) comes to 0.75; smaller ones approach 1.
    """
    if feature_size <= 0:
        raise ValueError(f"The feature size of a cavity map came as {feature_size:g}; it must be greater than 0.")
    bend = curvature * feature_size
    return 0.5 + 0.5 * bend / (1 + bend.abs())


def curvature_at_photo(
    pointmap: Pointmap, feature_size: float, smoothing: int = 4, normals: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cavity map and mean curvature in 1 / unit, both (B, H, W) at the photo's size."""
    curvature = mean_curvature(pointmap, normals, smoothing)
    cavity = cavity_map(curvature, feature_size)
    return enlarge(cavity, pointmap.source_size), enlarge(curvature, pointmap.source_size)
