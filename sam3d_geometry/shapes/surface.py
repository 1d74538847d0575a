"""Surface: the triangle mesh of what a photo shows, in camera space."""

from __future__ import annotations

import torch

from ..geometry.normals import surface_normals
from ..geometry.pointmap import Pointmap
from ..geometry.resize import require_photo
from ..geometry.surfaces import DEPTH_EDGE
from .closing import OPEN_BACK, SHELL_THICKNESS, close_back
from .decimation import decimate
from .mesh import Mesh
from .triangulation import GRAZING_DEGREES, triangulate

TEXTURE, VERTEX_COLORS, PLAIN = PAINTS = ("texture", "vertex colors", "none")


def surface_from_pointmap(
    pointmap: Pointmap,
    image: torch.Tensor | None = None,
    paint: str = TEXTURE,
    depth_edge: float = DEPTH_EDGE,
    grazing_degrees: float = GRAZING_DEGREES,
    smallest_island: int = 0,
    triangles: int = 0,
    back: str = OPEN_BACK,
    thickness: float = SHELL_THICKNESS,
) -> Mesh:
    """A pointmap of one frame -> the mesh of its surface, in OpenCV camera axes, one vertex per pixel before decimation.

    `image` (1, H, W, 3) is the photo at full size for the texture, in place of the pointmap's own. `paint` says how colour is
    carried: one of PAINTS. For depth_edge, grazing_degrees and smallest_island see `triangulate`; for
    `triangles` (0 keeps all) `decimate`; for back and thickness `close_back`.
    """
    if len(pointmap) != 1:
        raise ValueError(f"A mesh is made of one frame, and the pointmap has {len(pointmap)}; choose one of them.")
    require_photo(pointmap, image)
    if paint not in PAINTS:
        raise ValueError(f"Paint {paint!r} is not known; choose one of {', '.join(PAINTS)}.")
    normals = surface_normals(pointmap)
    pointmap, normals = pointmap.to("cpu"), normals.cpu()
    height, width = pointmap.size
    intrinsics = pointmap.intrinsics[0]
    found = triangulate(pointmap.depth[0], pointmap.mask[0], intrinsics, depth_edge, grazing_degrees, smallest_island)
    picture = (pointmap.image if image is None else image[:1, ..., :3].cpu().float())[0]
    places = torch.empty(height, width, 2)
    places[..., 0] = (torch.arange(width) + 0.5) / width
    places[..., 1] = ((torch.arange(height) + 0.5) / height)[:, None]
    mesh = Mesh(
        _at_pixels(pointmap.points[0], found.pixels),
        found.faces,
        uvs=_at_pixels(places, found.pixels) if paint == TEXTURE else None,
        normals=_at_pixels(normals[0], found.pixels),
        colours=_at_pixels(pointmap.image[0], found.pixels) if paint == VERTEX_COLORS else None,
        texture=picture if paint == TEXTURE else None,
        intrinsics=intrinsics,
        metric=pointmap.metric,
    )
    if triangles:
        mesh = decimate(mesh, triangles, pointmap.image[0])
    return close_back(mesh, back, thickness)


def _at_pixels(values: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    """Values (H, W, C) at flat pixel numbers (N,) -> (N, C)."""
    flat = values.reshape(-1, values.shape[-1])
    return flat if len(pixels) == len(flat) else flat.index_select(0, pixels)
