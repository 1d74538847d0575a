"""Decimation: fewer triangles, with the photo still in its place on them."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import functional as F

from .camera import project
from .mesh import Mesh, vertex_normals

MINIMUM = 4


def sample_picture(picture: torch.Tensor, uvs: torch.Tensor) -> torch.Tensor:
    """Picture (H, W, C) at places (N, 2), u right and v down in [0, 1] -> values (N, C), bilinear."""
    grid = (uvs * 2 - 1)[None, None]
    values = F.grid_sample(picture.movedim(-1, 0)[None], grid, "bilinear", "border", align_corners=False)
    return values[0, :, 0].T.contiguous()


def decimate(mesh: Mesh, triangles: int, picture: torch.Tensor | None = None) -> Mesh:
    """The mesh with about `triangles` triangles, by quadric edge collapse (Garland and Heckbert, 1997).

    Vertices move, so their place in the photo is found anew by projection, which the mesh needs its intrinsics for, colours
    from `picture` (H, W, 3) there, and normals from the faces. A mesh that has no more triangles comes back as it is.
    """
    if triangles < MINIMUM:
        raise ValueError(f"A mesh of {triangles} triangles was asked for; at least {MINIMUM} are needed.")
    if triangles >= len(mesh.faces):
        return mesh
    try:
        from fast_simplification import simplify
    except ImportError as error:
        raise ValueError(
            "Fewer triangles need the Python package `fast-simplification`, which is not installed; install it with "
            "`python -m pip install fast-simplification`, or set the number of triangles to 0."
        ) from error
    points, faces = simplify(mesh.vertices.numpy(), mesh.faces.numpy(), target_count=triangles)
    vertices, faces = torch.from_numpy(points).float(), torch.from_numpy(faces).int()
    changed = {"vertices": vertices, "faces": faces}
    if mesh.normals is not None:
        changed["normals"] = vertex_normals(vertices, faces)
    uvs = project(vertices[None], mesh.intrinsics[None])[0]
    if mesh.uvs is not None:
        changed["uvs"] = uvs
    if mesh.colours is not None:
        changed["colours"] = sample_picture(picture, uvs)
    return replace(mesh, **changed)
