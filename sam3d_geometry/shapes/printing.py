"""Solids to print, in millimetres: reliefs of pointmaps on a plate, and closed meshes standing on the bed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import torch

from ..geometry.axes import convert_points
from ..geometry.pointmap import Pointmap
from ..maps.depth import LINEAR_CURVE, depth_range, normalise_depth
from .closing import border_edges
from .mesh import Mesh, face_normals

LEAST_MM, MOST_MM = 1.0, 10000.0
SUNK_SHARE = 0.5  # of the plate's thickness: how deep a mesh stands in it, so that a slicer joins the two


@dataclass(frozen=True)
class PrintSolid:
    """A closed surface in millimetres: x right, y away, z up from the bed at 0.

    vertices  (N, 3) float32
    faces     (M, 3) int32, counter-clockwise from outside
    """

    vertices: torch.Tensor
    faces: torch.Tensor

    @property
    def extent_mm(self) -> tuple[float, float, float]:
        """Width, depth and height."""
        x, y, z = (self.vertices.amax(0) - self.vertices.amin(0)).tolist()
        return x, y, z


def _check_sizes(size_mm: float, base_mm: float) -> None:
    if not LEAST_MM <= size_mm <= MOST_MM:
        raise ValueError(f"Input size_mm came as {size_mm:g}; {LEAST_MM:g} to {MOST_MM:g} millimetres are needed.")
    if not 0 <= base_mm <= MOST_MM:
        raise ValueError(f"Input base_mm came as {base_mm:g}; 0 to {MOST_MM:g} millimetres are needed.")


def relief_solid(
    pointmap: Pointmap,
    size_mm: float = 100.0,
    relief_mm: float = 8.0,
    base_mm: float = 2.0,
    curve: str = LINEAR_CURVE,
    clip_percent: float = 0.5,
) -> PrintSolid:
    """A pointmap of one frame -> a plate that lies on the bed, as the photo lies before one, whose height is nearness.

    Its longer side is `size_mm`, the plate `base_mm` thick and the relief on it up to `relief_mm` high; `curve` and
    `clip_percent` are those of the depth picture. What has no geometry is as the farthest. Watertight whatever the mask is.
    """
    _check_sizes(size_mm, base_mm)
    if len(pointmap) != 1:
        raise ValueError(f"A relief is made of one frame, and the pointmap has {len(pointmap)}; choose one of them.")
    if not (base_mm > 0 and 0 < relief_mm <= MOST_MM):
        raise ValueError(
            f"base_mm and relief_mm came as {base_mm:g} and {relief_mm:g}; a relief needs a plate and a height above 0 millimetres."
        )
    height, width = pointmap.size
    if min(height, width) < 2:
        raise ValueError(f"The pointmap is {width} x {height}; a relief needs at least 2 x 2 points.")
    nearness = normalise_depth(pointmap.depth, depth_range(pointmap, clip_percent=clip_percent), curve)
    nearness = torch.where(pointmap.mask, nearness, 0)[0].cpu()
    source_height, source_width = pointmap.source_size
    scale = size_mm / max(source_height, source_width)
    x = torch.linspace(0, source_width * scale, width).expand(height, width)
    y = torch.linspace(source_height * scale, 0, height)[:, None].expand(height, width)
    top = torch.stack([x, y, base_mm + nearness * relief_mm], -1).reshape(-1, 3)
    grid = torch.arange(height * width).reshape(height, width)
    rim = torch.cat(
        [grid[:-1, 0], grid[-1, :-1], grid[1:, -1].flip(0), grid[0, 1:].flip(0)]
    )  # counter-clockwise from above
    bottom = top[rim] * torch.tensor([1, 1, 0.0])
    middle = torch.tensor([[source_width * scale / 2, source_height * scale / 2, 0.0]])
    return PrintSolid(torch.cat([top, bottom, middle]).float(), _plate_faces(grid, rim))


def _plate_faces(grid: torch.Tensor, rim: torch.Tensor) -> torch.Tensor:
    """Triangles (M, 3) of a height field's top, its walls and its bottom, whose vertices follow those of the grid (H, W)."""
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    top = [torch.stack([a, d, c], -1).reshape(-1, 3), torch.stack([a, c, b], -1).reshape(-1, 3)]
    below = grid.numel() + torch.arange(len(rim))
    after, below_after = rim.roll(-1), below.roll(-1)
    walls = [torch.stack([rim, below, below_after], 1), torch.stack([rim, below_after, after], 1)]
    middle = torch.full_like(below, grid.numel() + len(rim))
    return torch.cat([*top, *walls, torch.stack([middle, below_after, below], 1)]).int()


def print_solid(mesh: Mesh, size_mm: float = 100.0, base_mm: float = 0.0) -> PrintSolid:
    """A closed mesh in OpenCV axes -> it standing on the bed, its longest side `size_mm`, on a plate `base_mm` thick (0: none).

    The photo's down is the bed's. ValueError, one sentence, for a mesh with holes.
    """
    _check_sizes(size_mm, base_mm)
    vertices, faces = _welded(mesh)
    holes = len(border_edges(faces.numpy(), len(vertices)))
    if holes:
        raise ValueError(
            f"The mesh is open ({holes} edges have a triangle on one side only) and cannot be printed; set back of Pointmap To Mesh to flat "
            "or shell, or give the pointmap itself for a relief."
        )
    upright = convert_points(vertices.double(), "blender")
    low, high = upright.amin(0), upright.amax(0)
    extent = float((high - low).max())
    if not extent > 0:
        raise ValueError("The mesh has no extent and cannot be printed; give another one.")
    lift = torch.tensor([0, 0, base_mm * (1 - SUNK_SHARE)], dtype=torch.float64)
    placed = ((upright - low) * (size_mm / extent) + lift).float()
    corners = placed[faces.long()].double()
    # six times the volume
    inside_out = torch.linalg.cross(corners[:, 1], corners[:, 2]).mul(corners[:, 0]).sum() < 0
    faces = faces.flip(1) if bool(inside_out) else faces
    if base_mm == 0:
        return PrintSolid(placed, faces)
    box, box_faces = _box_mesh(placed[:, 0].max(), placed[:, 1].max(), base_mm)
    return PrintSolid(torch.cat([placed, box]), torch.cat([faces, box_faces + len(placed)]))


def _welded(mesh: Mesh) -> tuple[torch.Tensor, torch.Tensor]:
    """Vertices (N, 3) of which no two are at one place, and the faces (M, 3) over them that have an area."""
    vertices, number = torch.unique(mesh.vertices, dim=0, return_inverse=True)
    faces = number[mesh.faces.long()]
    different = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return vertices, faces[different].int()


def _box_mesh(width: torch.Tensor, depth: torch.Tensor, height: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The eight corners of a box from the origin and its twelve triangles."""
    sides = torch.tensor([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], dtype=torch.float32)
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    faces = [triangle for a, b, c, d in quads for triangle in ((a, b, c), (a, c, d))]
    return sides * torch.tensor([float(width), float(depth), height]), torch.tensor(faces, dtype=torch.int32)


def facet_normals(solid: PrintSolid) -> numpy.ndarray:
    """(M, 3) float32 unit normals of the faces, 0 for those without area."""
    return torch.nn.functional.normalize(face_normals(solid.vertices, solid.faces), dim=-1).numpy()
