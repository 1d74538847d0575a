"""The surface that people show to their camera: depth, who is seen, and where the surface looks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..effects.light.rasterize import Raster, rasterize
from ..geometry.resize import Size, resize_mask
from ..shapes.mesh import face_normals, vertex_normals
from .bodies import Bodies

NOBODY = -1


@dataclass(frozen=True)
class Seen:
    """What each pixel of a frame sees of the people: the nearest of them.

    depth    (H, W) along z in metres, 0 where nobody
    person   (H, W) number of the person, NOBODY where nobody
    normals  (H, W, 3) unit, in camera axes, facing the camera; 0 where nobody
    """

    depth: torch.Tensor
    person: torch.Tensor
    normals: torch.Tensor


def raster_of(bodies: Bodies, frame: int, person: int, size: Size) -> Raster:
    """One person of one frame alone, at any size of its picture."""
    points, faces = bodies.points(frame, person), bodies.require_faces()
    return rasterize(points, faces, bodies.intrinsics(frame, person), *size)


def facing_of(bodies: Bodies, frame: int, person: int, raster: Raster) -> torch.Tensor:
    """Cosine (H, W) between a person's surface and the view ray that meets it; 0 where nobody."""
    points, faces = bodies.points(frame, person), bodies.require_faces()
    normals = F.normalize(face_normals(points, faces), dim=-1)
    rays = F.normalize(points[faces].mean(1), dim=-1)
    cosine = (normals * rays).sum(-1).abs()
    return torch.where(raster.face >= 0, cosine[raster.face.clamp_min(0)], 0)


def seen_people(bodies: Bodies, frame: int, size: Size) -> Seen:
    """All people of a frame at a size (height, width) of the picture; whoever is nearer hides who is behind."""
    depth = bodies.vertices.new_zeros(size)
    person = torch.full(size, NOBODY, device=depth.device)
    normals = bodies.vertices.new_zeros(*size, 3)
    for p in bodies.here(frame):
        raster = raster_of(bodies, frame, p, size)
        nearer = (raster.face >= 0) & ((depth == 0) | (raster.depth < depth))
        depth, person = torch.where(nearer, raster.depth, depth), torch.where(nearer, p, person)
        faces = bodies.require_faces()
        smooth = raster.interpolate(vertex_normals(bodies.points(frame, p), faces), faces)
        normals = torch.where(nearer[..., None], F.normalize(smooth, dim=-1), normals)
    toward = torch.where(normals[..., 2:] > 0, -normals, normals)
    return Seen(depth, person, toward)


def person_mask(bodies: Bodies, frame: int, person: int, size: Size) -> torch.Tensor | None:
    """The mask (H, W) bool that came with a person, at a size of the picture; None where none came."""
    mask = None if bodies.masks is None else bodies.masks[frame][person]
    if mask is None:
        return None
    shown = mask.float()
    return resize_mask((shown / shown.max().clamp_min(1e-6))[None], size)[0].to(bodies.vertices.device)
