"""Novel views: pictures from cameras that took no photo, blended from the photos that see the surface there (image-based rendering).

Photos are weighed by the angle between their rays and the new one, as in Buehler et al., Unstructured Lumigraph Rendering, 2001;
a photo that the surface itself hides, or that sees it at a flat angle or near its border, does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..effects.light.rasterize import Raster, rasterize
from ..geometry.camera import project
from ..geometry.resize import resize_mask, size_for_long_edge
from ..shapes.decimation import sample_picture
from ..shapes.mesh import Mesh, face_normals
from .novel_cameras import NovelCamera
from .posed_depth import moved
from .texture import BORDER, LONGEST_TEST, OCCLUDED
from .view import View

BLENDED = 3  # photos that a pixel is made of
LEAST_PAINT_COSINE = 0.05  # between the surface and a photo's ray
SHARPEST = 0.02  # radians between rays: a photo this near to the new camera is as good as its own
LEAST_TOLD = 0.3  # of the surface in a picture, below which it is torn
OUTLINE_RIM, RIM_WORTH = 2, 0.02  # pixels inside of a mask's outline, whose colours are mixed with what is behind
MOST_DEGREES = 80.0  # between rays, beyond which a photo says little of what is seen


@dataclass(frozen=True)
class NovelView:
    """A picture from a new camera.

    image  (H, W, 3) float32; where no photo sees the surface it has the mesh's own colour, and elsewhere black
    depth  (H, W) float32 along z, 0 where there is no surface
    holes  (H, W) float32, 1 where no photo tells what is seen
    mask   (H, W) bool, where the outside of the surface is seen
    """

    image: torch.Tensor
    depth: torch.Tensor
    holes: torch.Tensor
    mask: torch.Tensor

    @property
    def told(self) -> float:
        """Share of the surface in the picture that photos tell; 0 where there is no surface."""
        hit = self.depth > 0
        return float((self.holes[hit] < 0.5).float().mean()) if bool(hit.any()) else 0.0


def novel_report(shares: Sequence[tuple[str, float]]) -> str:
    """Names of pictures and how much of each is told by photos, in words; those under LEAST_TOLD are not to be used."""
    lines = [
        f"{name}: photos tell {100 * share:.0f} % of the surface"
        + (", too little to be used." if share < LEAST_TOLD else ".")
        for name, share in shares
    ]
    usable = sum(share >= LEAST_TOLD for _, share in shares)
    return "\n".join([f"{usable} of {len(lines)} pictures show enough that photos have seen.", *lines])


@dataclass(frozen=True)
class _Source:
    """A photo ready to be asked: its depth by the mesh, and how far its colours may be used (h, w)."""

    view: View
    camera_from_world: torch.Tensor
    centre: torch.Tensor
    depth: torch.Tensor
    usable: torch.Tensor


def novel_views(
    mesh: Mesh, views: Sequence[View], cameras: Sequence[NovelCamera], size: tuple[int, int]
) -> Iterator[NovelView]:
    """A mesh in world axes and placed views -> a picture of `size` (height, width) for every camera, one after the other.

    Where every view has a mask of the object, what lies beside the object is no hole. ValueError where no view is placed.
    """
    placed = [view for view in views if view.world_from_camera is not None]
    if not placed:
        raise ValueError(f"None of the {len(views)} views is placed; pose them first.")
    sources = [_source(mesh, view) for view in placed]
    alone = all(view.mask is not None for view in placed)
    for camera in cameras:
        yield _seen_by(mesh, sources, camera, size, alone)


def _source(mesh: Mesh, view: View) -> _Source:
    pose = view.world_from_camera
    assert pose is not None
    camera_from_world = torch.linalg.inv(pose)
    size = size_for_long_edge((view.photo.shape[0], view.photo.shape[1]), LONGEST_TEST)
    seen = moved(mesh.vertices, camera_from_world)
    depth = rasterize(seen, mesh.faces.long(), view.intrinsics.float(), *size).depth
    return _Source(view, camera_from_world, pose[:3, 3].float(), depth, _usable(view, size))


def _usable(view: View, size: tuple[int, int]) -> torch.Tensor:
    """(h, w) 1 inside the object, RIM_WORTH beside its outline, 0 outside; 1 where there is no mask."""
    if view.mask is None:
        return torch.ones(size)
    inside = resize_mask(view.mask[None], size)[0].float()
    well_inside = -F.max_pool2d(-inside[None, None], 2 * OUTLINE_RIM + 1, 1, OUTLINE_RIM)[0, 0]
    return torch.maximum(well_inside, RIM_WORTH * inside)


def _seen_by(
    mesh: Mesh, sources: Sequence[_Source], camera: NovelCamera, size: tuple[int, int], alone: bool
) -> NovelView:
    faces = mesh.faces.long()
    seen = moved(mesh.vertices, torch.linalg.inv(camera.world_from_camera))
    raster = rasterize(seen, faces, camera.intrinsics.float(), *size)
    hit = raster.face >= 0
    points = raster.interpolate(mesh.vertices, faces)[hit]
    normals = torch.nn.functional.normalize(face_normals(mesh.vertices, mesh.faces), dim=-1)[raster.face[hit]]
    ray = torch.nn.functional.normalize(points - camera.world_from_camera[:3, 3].float(), dim=-1)
    outside = (normals * ray).sum(-1) < 0
    colours, worth = blended(points, normals, ray, sources)
    told = outside & (worth > 0)
    image, holes = torch.zeros(*size, 3), torch.full(size, 0.0 if alone else 1.0)
    own = _own_colours(mesh, raster, hit)
    image[hit] = torch.where(told[:, None], colours, torch.where(outside[:, None], own, 0))
    holes[hit] = (~told).float()
    mask = torch.zeros(size, dtype=torch.bool)
    mask[hit] = outside
    return NovelView(image, raster.depth, holes, mask)


def _own_colours(mesh: Mesh, raster: Raster, hit: torch.Tensor) -> torch.Tensor:
    """Colours (N, 3) of the mesh itself where it is hit; black where it has none."""
    faces = mesh.faces.long()
    if mesh.texture is not None and mesh.uvs is not None:
        return sample_picture(mesh.texture, raster.interpolate(mesh.uvs, faces)[hit].clamp(0, 1))
    if mesh.colours is not None:
        return raster.interpolate(mesh.colours, faces)[hit]
    return torch.zeros(int(hit.sum()), 3)


def blended(
    points: torch.Tensor, normals: torch.Tensor, ray: torch.Tensor, sources: Sequence[_Source]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Surface points, normals and rays to them (N, 3) -> their colours (N, 3) from the best photos, and the worth of the best (N,)."""
    told = [_worth_and_places(points, normals, ray, source) for source in sources]
    worth = torch.stack([one[0] for one in told])
    count = min(BLENDED, len(sources))
    best, which = worth.topk(count, 0)
    # the first photo that is left out counts nothing, so that colours change without steps
    floor = worth.topk(count + 1, 0).values[-1] if len(sources) > count else torch.zeros_like(worth[0])
    weight = (best - floor).clamp_min(0) + 1e-6 * best
    total = torch.zeros_like(points)
    for k, source in enumerate(sources):
        share = torch.where(which == k, weight, 0).sum(0)
        used = share > 0
        if bool(used.any()):
            total[used] += share[used, None] * sample_picture(source.view.photo.float(), told[k][1][used].clamp(0, 1))
    return total / weight.sum(0).clamp_min(1e-12)[:, None], best[0]


def _worth_and_places(
    points: torch.Tensor, normals: torch.Tensor, ray: torch.Tensor, source: _Source
) -> tuple[torch.Tensor, torch.Tensor]:
    """How much a photo is worth at points (N,), 0 where it does not see them, and their places in it (N, 2)."""
    inside = moved(points, source.camera_from_world)
    places = project(inside[None], source.view.intrinsics.float()[None])[0]
    height, width = source.depth.shape
    z = inside[:, 2]
    away = torch.minimum(places, 1 - places) * torch.tensor([width, height]) / (BORDER * min(width, height))
    fade = away.amin(1).clamp(0, 1)
    visible = (z > 1e-6) & (away > 0).all(1)
    spots = places.clamp(0, 1)
    column, row = (spots[:, 0] * width).long().clamp_max(width - 1), (spots[:, 1] * height).long().clamp_max(height - 1)
    own = torch.nn.functional.normalize(points - source.centre, dim=-1)
    cosine = -(normals * own).sum(-1)
    there = source.depth[row, column]
    # a pixel of its depth spans more of it the flatter it sees the surface
    pixel = there / (source.view.intrinsics[0, 0] * width).float()
    visible &= (cosine > LEAST_PAINT_COSINE) & (there > 0)
    visible &= z <= there * (1 + OCCLUDED) + pixel / cosine.clamp_min(LEAST_PAINT_COSINE)
    angle = torch.acos((own * ray).sum(-1).clamp(-1, 1))
    nearness = (1 - angle / torch.deg2rad(torch.tensor(MOST_DEGREES))).clamp_min(1e-3)
    worth = source.usable[row, column] * fade * nearness * cosine / (angle + SHARPEST) ** 2
    return torch.where(visible, worth, 0), places
