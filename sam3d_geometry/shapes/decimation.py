"""Decimation: fewer triangles, with the photo still in its place on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional as F

from ..geometry.camera import project
from .closing import border_edges
from .mesh import Mesh, vertex_normals

MINIMUM = 4  # triangles of the smallest solid
FINEST_CELLS, COARSEST_CELLS = 96, 8  # of a grid along the longest side, in which corners are joined
TRIALS = 3  # how much of the walls is left is only known afterwards


def sample_picture(picture: torch.Tensor, uvs: torch.Tensor) -> torch.Tensor:
    """Picture (H, W, C) at places (N, 2), u right and v down in [0, 1] -> values (N, C), bilinear."""
    grid = (uvs * 2 - 1)[None, None]
    values = F.grid_sample(picture.movedim(-1, 0)[None], grid, "bilinear", "border", align_corners=False)
    return values[0, :, 0].T.contiguous()


def _in_view(vertices: torch.Tensor) -> torch.Tensor:
    """Points (N, 3) -> (x / z, y / z, ln z), where a distance is one relative to the depth."""
    z = vertices[:, 2:]
    return torch.cat([vertices[:, :2] / z, z.log()], 1)


def _with_rim(view: torch.Tensor, faces: torch.Tensor, offset: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The mesh in view coordinates with walls from its border straight back to a rim, by `offset`.

    The collapse knows no other reason to keep a border in place: off a flat surface it would eat the corners.
    """
    border = torch.from_numpy(border_edges(faces.numpy(), len(view))).long()
    start, end = border[:, 0], border[:, 1]
    inner = start.unique()
    number = torch.zeros(len(view), dtype=torch.long)
    number[inner] = len(view) + torch.arange(len(inner))
    walls = [torch.stack([end, start, number[start]], 1), torch.stack([end, number[start], number[end]], 1)]
    rim = view[inner] + torch.tensor([0, 0, offset])
    return torch.cat([view, rim]), torch.cat([faces, *(wall.int() for wall in walls)])


def _simplify() -> Callable[..., Any]:
    """The function of fast-simplification; ValueError, one sentence, where it is not installed."""
    try:
        from fast_simplification import simplify
    except ImportError as error:
        raise ValueError(
            "Fewer triangles need the Python package `fast-simplification`, which is not installed; install it with "
            "`python -m pip install fast-simplification`, or set the number of triangles to 0."
        ) from error
    return simplify


def collapsed(vertices: torch.Tensor, faces: torch.Tensor, triangles: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Vertices (N, 3) and faces (M, 3) of a surface seen from all around -> about `triangles` of them, by edge collapse.

    Errors are lengths, the same near and far; `decimate` is for what one camera saw. Borders stay roughly in place.
    """
    if triangles < MINIMUM:
        raise ValueError(f"A mesh of {triangles} triangles was asked for; at least {MINIMUM} are needed.")
    if triangles >= len(faces):
        return vertices, faces
    # about the middle, in its own size: the collapse works in float32
    vertices = vertices.float().contiguous()
    middle, size = vertices.mean(0), vertices.std().clamp_min(1e-12)
    points, found = _simplify()(((vertices - middle) / size).numpy(), faces.int().numpy(), target_count=triangles)
    kept, corners = torch.from_numpy(found).long().unique(return_inverse=True)
    return torch.from_numpy(points).float()[kept] * size + middle, corners.view(-1, 3)


def clustered(mesh: Mesh, triangles: int) -> Mesh:
    """The mesh with at most about `triangles`, its corners joined in the cells of a grid (Rossignac and Borrel, 1993).

    Rough, but quick for millions of triangles and for loose ones; what lies on the mesh is left out. A mesh that has no more
    triangles comes back as it is.
    """
    found, cells = mesh, FINEST_CELLS
    while len(found.faces) > triangles and cells >= COARSEST_CELLS:
        found, cells = _in_cells(mesh, cells), int(cells / 1.4)
    return found


def _in_cells(mesh: Mesh, cells: int) -> Mesh:
    """The mesh with one vertex for each of `cells` along its longest side, and each triangle between them once."""
    low, high = mesh.vertices.amin(0), mesh.vertices.amax(0)
    cell = ((mesh.vertices - low) / (high - low).max().clamp_min(1e-12) * cells).long()
    _, number, count = cell.unique(dim=0, return_inverse=True, return_counts=True)
    middle = mesh.vertices.new_zeros(len(count), 3).index_add_(0, number, mesh.vertices) / count[:, None]
    faces = number[mesh.faces.long()]
    faces = faces[(faces != faces.roll(1, 1)).all(1)]
    if not len(faces):
        return mesh
    # turned so that the least number comes first: the direction around stays
    turn = (faces.argmin(1, keepdim=True) + torch.arange(3)) % 3
    return Mesh(middle, faces.gather(1, turn).unique(dim=0).int())


def decimate(mesh: Mesh, triangles: int, picture: torch.Tensor | None = None) -> Mesh:
    """The mesh with about `triangles` triangles, by quadric edge collapse (Garland and Heckbert, 1997).

    Errors are weighed relative to the depth, so what is near and what is far lose detail alike, and borders stay in place.
    Vertices move, so their place in the photo is found anew by projection, which the mesh needs its intrinsics for, colours
    from `picture` (H, W, 3) there, and normals from the faces. A mesh that has no more triangles comes back as it is.
    """
    if triangles < MINIMUM:
        raise ValueError(f"A mesh of {triangles} triangles was asked for; at least {MINIMUM} are needed.")
    if triangles >= len(mesh.faces):
        return mesh
    if mesh.intrinsics is None or (mesh.colours is not None and picture is None):
        missing = "camera" if mesh.intrinsics is None else "picture"
        raise ValueError(
            f"The mesh came without the {missing} that its fewer vertices are to be found in; give it, or keep all triangles."
        )
    simplify = _simplify()
    view = _in_view(mesh.vertices)
    near, far = (float(extreme) for extreme in view[:, 2].aminmax())
    rimmed, corners = _with_rim(view, mesh.faces, far - near + 1)
    share, points, faces = len(corners) / len(mesh.faces), view, mesh.faces.long()
    for _ in range(TRIALS):
        moved, found = simplify(rimmed.numpy(), corners.numpy(), target_count=round(triangles * share))
        points, found = torch.from_numpy(moved).float(), torch.from_numpy(found).long()
        faces = found[(points[:, 2] < far + 0.5)[found].all(1)]
        if 0.95 * triangles <= len(faces) <= 1.01 * triangles:
            break
        share *= triangles / len(faces)
    kept, faces = faces.unique(return_inverse=True)
    z = points[kept, 2:].exp()
    vertices, faces = torch.cat([points[kept, :2] * z, z], 1), faces.int()
    changed: dict[str, torch.Tensor] = {"vertices": vertices, "faces": faces}
    if mesh.normals is not None:
        changed["normals"] = vertex_normals(vertices, faces)
    uvs = project(vertices[None], mesh.intrinsics[None])[0]
    if mesh.uvs is not None:
        changed["uvs"] = uvs
    if mesh.colours is not None and picture is not None:
        changed["colours"] = sample_picture(picture, uvs)
    return replace(mesh, **changed)
