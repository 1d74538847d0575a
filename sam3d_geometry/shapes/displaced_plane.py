"""The displaced plane: a subdivided rectangle pushed toward the viewer where the photo is near."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ..geometry.pointmap import Pointmap
from ..geometry.resize import require_photo
from ..maps.depth import DepthRange, normalise_depth
from .mesh import Mesh, vertex_normals

SUBDIVISIONS = 128


def _picture_at_vertices(
    picture: torch.Tensor, mask: torch.Tensor, subdivisions: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Picture and mask (H, W) -> values of the valid pixels around each vertex, their share, both (N + 1, N + 1)."""
    place = torch.linspace(-1, 1, subdivisions + 1)
    grid = torch.stack(torch.meshgrid(place, place, indexing="xy"), -1)[None]
    weight = mask.float()
    planes = torch.stack([picture * weight, weight])[None]
    # where the plane has fewer vertices than the map has pixels, each vertex stands for several
    shrunk = (max(1, min(mask.shape[0], subdivisions + 1)), max(1, min(mask.shape[1], subdivisions + 1)))
    planes = F.adaptive_avg_pool2d(planes, shrunk)
    values, share = F.grid_sample(planes, grid, "bilinear", "border", align_corners=False)[0]
    return values / share.clamp_min(1e-6), share


def displaced_plane(
    pointmap: Pointmap,
    shown: DepthRange,
    image: torch.Tensor | None = None,
    subdivisions: int = SUBDIVISIONS,
    height: float = 0.5,
    curve: str = "disparity",
    drop_invalid: bool = False,
) -> Mesh:
    """A pointmap of one frame -> a plane of `subdivisions` squares a side, displaced by the depth picture, the photo on it.

    The plane is 1 wide, lies across the view axis with its middle at the origin, and rises by `height` toward the viewer where
    the depth picture (see `normalise_depth` for `shown` and `curve`) is white; OpenCV axes. Where there is no geometry it
    stays flat, or is left out with `drop_invalid`. `image` (1, H, W, 3) is the photo at full size.
    """
    if len(pointmap) != 1:
        raise ValueError(f"A plane is made of one frame, and the pointmap has {len(pointmap)}; choose one of them.")
    require_photo(pointmap, image)
    if subdivisions < 1:
        raise ValueError(f"The plane was to have {subdivisions} subdivisions; at least 1 is needed.")
    pointmap = pointmap.to("cpu")
    nearness = normalise_depth(pointmap.depth, shown, curve)[0]
    nearness, share = _picture_at_vertices(nearness, pointmap.mask[0], subdivisions)
    nearness = torch.where(share > 0, nearness, 0)
    place = torch.linspace(0, 1, subdivisions + 1)
    v, u = torch.meshgrid(place, place, indexing="ij")
    aspect = pointmap.source_size[0] / pointmap.source_size[1]
    vertices = torch.stack([u - 0.5, (v - 0.5) * aspect, -nearness * height], -1).view(-1, 3)
    number = torch.arange(len(vertices), dtype=torch.int32).view(subdivisions + 1, subdivisions + 1)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    quads = torch.stack([a, d, c, a, c, b], -1)
    if drop_invalid:
        valid = share >= 0.5
        quads = quads[valid[:-1, :-1] & valid[:-1, 1:] & valid[1:, 1:] & valid[1:, :-1]]
    picture = pointmap.image if image is None else image[:1, ..., :3].cpu().float()
    faces = quads.reshape(-1, 3)
    normals = vertex_normals(vertices, faces)
    return Mesh(vertices, faces, uvs=torch.stack([u, v], -1).view(-1, 2), normals=normals, texture=picture[0])
