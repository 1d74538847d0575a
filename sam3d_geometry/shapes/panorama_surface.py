"""Meshes and point clouds of panoramas: closed around the camera, across the picture's seam and at its poles."""

from __future__ import annotations

import torch

from ..geometry.panorama import Panorama, require_panorama
from ..geometry.panorama_normals import panorama_links
from ..geometry.surfaces import DEPTH_EDGE
from .mesh import Mesh
from .mesh_islands import compacted, large_pieces
from .point_cloud import PointCloud
from .surface import PAINTS, TEXTURE, VERTEX_COLORS


def panorama_surface(
    panorama: Panorama,
    image: torch.Tensor | None = None,
    paint: str = TEXTURE,
    depth_edge: float = DEPTH_EDGE,
    smallest_island: int = 0,
) -> Mesh:
    """A panorama -> the mesh of what surrounds it, in OpenCV camera axes, facing the camera, one vertex a pixel and pole.

    Pixels are joined as `surface_links` says. With a texture the first column is there twice, at both ends of the picture;
    otherwise the mesh is joined across the seam. `image` (1, H, W, 3) is the photo at full size for the texture. Pieces of
    fewer than `smallest_island` triangles are left out.
    """
    if paint not in PAINTS:
        raise ValueError(f"Paint {paint!r} is not known; choose one of {', '.join(PAINTS)}.")
    if image is not None:
        require_panorama(image)
    height, width = panorama.size
    columns = width + 1 if paint == TEXTURE else width
    around = torch.arange(columns) % width
    grid = torch.arange(height * columns).reshape(height, columns)
    faces = torch.cat([_grid_faces(panorama, depth_edge, grid), *_pole_faces(panorama, depth_edge, grid)])
    if not len(faces):
        raise ValueError(
            "The mesh is empty; raise the jump at which surfaces are cut, or choose a panorama with geometry."
        )
    vertices, normals, colours = (
        _with_poles(values.cpu()[:, around]) for values in (panorama.points, panorama.normals, panorama.image)
    )
    keep = (
        large_pieces(faces, len(vertices), smallest_island)
        if smallest_island > 1
        else torch.ones(len(faces), dtype=torch.bool)
    )
    used, faces = compacted(faces, keep)
    uvs = None
    if paint == TEXTURE:
        u = ((torch.arange(columns) + 0.5) / width).expand(height, columns)
        v = ((torch.arange(height) + 0.5) / height)[:, None].expand(height, columns)
        uvs = torch.cat([torch.stack([u, v], -1).reshape(-1, 2), torch.tensor([[0.5, 0.0], [0.5, 1.0]])])[used]
    return Mesh(
        vertices[used],
        faces,
        uvs=uvs,
        normals=torch.nn.functional.normalize(normals[used], dim=-1),
        colours=colours[used] if paint == VERTEX_COLORS else None,
        texture=(panorama.image if image is None else image[0, ..., :3]).cpu().float() if paint == TEXTURE else None,
        metric=panorama.metric,
    )


def _with_poles(values: torch.Tensor) -> torch.Tensor:
    """Values (H, W, C) of the pixels -> (H * W + 2, C), with the means of the first and of the last row as the poles'."""
    return torch.cat([values.reshape(-1, values.shape[-1]), values[0].mean(0)[None], values[-1].mean(0)[None]])


def _grid_faces(panorama: Panorama, depth_edge: float, grid: torch.Tensor) -> torch.Tensor:
    """Triangles (M, 3) between the rows, two for every square whose four sides lie on one surface; they face inward."""
    down, across = (links.cpu() for links in panorama_links(panorama.distance, panorama.mask, depth_edge))
    whole = across[:-1] & across[1:] & down & down.roll(-1, 1)
    right = torch.arange(1, panorama.size[1] + 1) % grid.shape[1]
    left = slice(0, panorama.size[1])
    a, b = grid[:-1, left][whole], grid[:-1, right][whole]
    d, c = grid[1:, left][whole], grid[1:, right][whole]
    return torch.cat([torch.stack([a, d, c], 1), torch.stack([a, c, b], 1)]).int()


def _pole_faces(panorama: Panorama, depth_edge: float, grid: torch.Tensor) -> list[torch.Tensor]:
    """Fans (W, 3) from the first and the last row to the poles, none where a row is not one surface all around."""
    _, across = panorama_links(panorama.distance, panorama.mask, depth_edge)
    left = torch.arange(panorama.size[1])
    right = (left + 1) % grid.shape[1]
    fans = []
    for row, pole in ((0, grid.numel()), (-1, grid.numel() + 1)):
        if bool(across[row].all()):
            corners = [torch.full_like(left, pole), grid[row, left], grid[row, right]]
            fans.append(torch.stack(corners if row == 0 else [corners[0], corners[2], corners[1]], 1).int())
    return fans


def panorama_point_cloud(panorama: Panorama, stride: int = 1) -> PointCloud:
    """The valid points of every `stride`-th row and column with colours and normals, in OpenCV camera axes."""
    if stride < 1:
        raise ValueError(f"The stride came as {stride}; it must be at least 1.")
    grid = (slice(None, None, stride), slice(None, None, stride))
    mask = panorama.mask[grid]
    parts = (panorama.points, panorama.image, panorama.normals)
    points, colours, normals = (values[grid][mask].cpu() for values in parts)
    return PointCloud(points, colours, normals, metric=panorama.metric)
