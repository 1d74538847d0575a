"""Normals of a panorama's surfaces, across its seam too."""

from __future__ import annotations

import torch

from .panorama import panorama_rays
from .surfaces import linked_difference, surface_links

# columns of the other side that are put beside each side: a step of depth is judged by those around it
SEAM_COLUMNS = 4


def wrapped(values: torch.Tensor, reach: int = SEAM_COLUMNS) -> torch.Tensor:
    """A panorama's map (H, W, ...) with `reach` columns of the other side at both sides."""
    return torch.cat([values[:, -reach:], values, values[:, :reach]], 1)


def panorama_links(distance: torch.Tensor, mask: torch.Tensor, edge: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Whether a pixel and the one below (H - 1, W), and it and the one to the right (H, W), which wraps, lie on one surface."""
    reach = min(SEAM_COLUMNS, distance.shape[1])
    down, across = surface_links(wrapped(distance, reach)[None], wrapped(mask, reach)[None], edge)
    width = distance.shape[1]
    return down[0, :, reach : reach + width], across[0, :, reach : reach + width]


def panorama_normals(distance: torch.Tensor, mask: torch.Tensor, edge: float) -> torch.Tensor:
    """Distance (H, W) along the rays and its mask -> unit normals (H, W, 3) facing the camera, 0 where there is none.

    The cross product of the surface's two derivatives, each taken on its own surface: `edge` as in `surface_links`.
    """
    reach = min(SEAM_COLUMNS, distance.shape[1])
    rays = panorama_rays((distance.shape[0], distance.shape[1]), distance.device)
    points = wrapped(rays.cpu().double() * distance.cpu().double()[..., None], reach)[None]
    down, across = surface_links(wrapped(distance, reach)[None].cpu(), wrapped(mask, reach)[None].cpu(), edge)
    normals = torch.linalg.cross(linked_difference(points, down, 1), linked_difference(points, across, 2))
    normals = torch.nn.functional.normalize(normals[0, :, reach:-reach], dim=-1).float().to(distance.device)
    facing = (normals * rays).sum(-1, keepdim=True)
    normals = torch.where(facing > 0, -normals, normals)
    # a point alone, and one without a neighbour in a direction, faces the camera
    return torch.where(facing == 0, -rays, normals) * mask[..., None]
