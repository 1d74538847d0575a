"""Texture: the photos themselves, in a grid, as the atlas of a mesh; each face shows the photo that saw it best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from ..effects.light.rasterize import rasterize
from ..geometry.camera import project
from ..geometry.colour import linear_from_srgb, srgb_from_linear
from ..geometry.resize import resize_image, resize_mask, size_for_long_edge
from ..shapes.decimation import sample_picture
from ..shapes.mesh import Mesh, face_normals
from ..shapes.surface import PAINTS, PLAIN, VERTEX_COLORS
from .exposure import gains_of
from .posed_depth import moved
from .view import View

LONGEST_TILE = 1024
LONGEST_TEST = 512  # of the pictures in which occlusion is looked up
OCCLUDED = 0.01  # a face this share of its depth behind what the view sees is hidden
SEAM_COST = 0.35  # how much a neighbour of another photo costs, in shares of the best view's worth
SWEEPS = 8
UNSEEN_SQUARE = 8  # pixels of the square for faces that no photo sees
BORDER = 0.04  # of the photo's shorter side: faces this near to its border are worth less, down to nothing


@dataclass(frozen=True)
class FaceSighting:
    """What one photo shows of the faces of a mesh.

    worth   (M,) float32: cosine times pixels, 0 where hidden, turned away or outside
    places  (N, 2) float32: place of each vertex in the photo
    """

    worth: torch.Tensor
    places: torch.Tensor


def sighting(mesh: Mesh, view: View) -> FaceSighting:
    """The faces of a mesh in world axes as a placed view sees them."""
    pose = view.world_from_camera
    assert pose is not None
    seen = moved(mesh.vertices, torch.linalg.inv(pose))
    faces, intrinsics = mesh.faces.long(), view.intrinsics.float()
    height, width = size_for_long_edge((view.photo.shape[0], view.photo.shape[1]), LONGEST_TEST)
    raster = rasterize(seen, faces, intrinsics, height, width)
    places = project(seen[None], intrinsics[None])[0]
    corners, spots = seen[faces], places[faces]
    z = corners[..., 2]
    normals = torch.nn.functional.normalize(face_normals(seen, mesh.faces), dim=-1)
    middle = corners.mean(1)
    cosine = -(normals * torch.nn.functional.normalize(middle, dim=-1)).sum(-1)
    away = torch.minimum(spots, 1 - spots) * torch.tensor([width, height]) / (BORDER * min(width, height))
    inward = away.amin((1, 2)).clamp(0, 1)
    visible = (away > 0).all(-1) & (z > 1e-6)
    tolerance = OCCLUDED * z + 2 * (corners - middle[:, None]).norm(dim=-1)
    visible &= _depth_there(raster.depth, spots, z) >= z - tolerance
    if view.mask is not None:
        mask = resize_mask(view.mask[None], (height, width))[0].float()
        inside = sample_picture(mask[..., None], spots.reshape(-1, 2).clamp(0, 1))[:, 0].view(z.shape)
        visible &= inside > 0.9
    first = spots[:, 1] - spots[:, 0]
    second = spots[:, 2] - spots[:, 0]
    pixels = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).abs() * height * width
    worth = torch.where(visible.all(1) & (cosine > 0.05), cosine * pixels * inward**2, 0)
    return FaceSighting(worth, places)


def _depth_there(depth: torch.Tensor, places: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """What the view sees at places (M, 3, 2): its depth there, and the vertex's own where it sees nothing."""
    height, width = depth.shape
    column = (places[..., 0] * width).floor().clamp(0, width - 1).long()
    row = (places[..., 1] * height).floor().clamp(0, height - 1).long()
    there = depth[row, column]
    return torch.where(there > 0, there, z)


def labels_of(worth: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
    """Worth (V, M) of each view for each face -> number of the view that the face shows (M,), -1 where none sees it.

    The best view, and that of the neighbours where it is nearly as good: iterated conditional modes over face neighbours,
    half of the faces at a time (Besag, 1986).
    """
    share = worth / worth.amax(0).clamp_min(1e-12)
    unseen = worth.amax(0) <= 0
    label = share.argmax(0)
    label[unseen] = -1
    one, other = _neighbours(faces)
    for sweep in range(SWEEPS):
        votes = torch.zeros_like(share)
        for a, b in ((one, other), (other, one)):
            there = label[b] >= 0
            votes.index_put_((label[b[there]], a[there]), torch.ones(int(there.sum())), accumulate=True)
        score = torch.where(worth > 0, share + SEAM_COST * votes, -1)
        better = score.argmax(0)
        turn = (torch.arange(len(label)) + sweep) % 2 == 0
        label = torch.where(turn & ~unseen, better, label)
    return label


def _neighbours(faces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pairs of faces that share an edge."""
    corners = faces.long()
    edges = torch.cat([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]).sort(1).values
    owner = torch.arange(len(corners)).repeat(3)
    key = edges[:, 0] * (int(corners.max()) + 1) + edges[:, 1]
    key, order = key.sort()
    owner = owner[order]
    same = key[1:] == key[:-1]
    return owner[:-1][same], owner[1:][same]


@dataclass(frozen=True)
class Atlas:
    """Photos in a grid, and a patch of one colour below them.

    picture  (H, W, 3) float32
    corner   (V + 1, 2) float32 place of the top left corner of each photo, and of the patch, in the picture
    size     (V + 1, 2) float32 width and height of each, in shares of the picture
    """

    picture: torch.Tensor
    corner: torch.Tensor
    size: torch.Tensor

    def places(self, label: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
        """Places (N, 2) in photos `label` (N,), -1 for the patch -> places in the atlas."""
        number = torch.where(label < 0, len(self.corner) - 1, label)
        inside = torch.where(label[:, None] < 0, 0.5, inside.clamp(0, 1))
        return self.corner[number] + inside * self.size[number]


def atlas_of(photos: Sequence[torch.Tensor], longest: int, patch: torch.Tensor) -> Atlas:
    """Photos (H, W, 3), made no larger than `longest`, side by side in a nearly square grid, and the colour `patch` (3,)."""
    tiles = [resize_image(p[None], size_for_long_edge((p.shape[0], p.shape[1]), longest))[0] for p in photos]
    cell_height, cell_width = max(t.shape[0] for t in tiles), max(t.shape[1] for t in tiles)
    columns = max(1, round((len(tiles) * cell_height / cell_width) ** 0.5))
    rows = -(-len(tiles) // columns)
    height, width = rows * cell_height + UNSEEN_SQUARE, columns * cell_width
    picture = patch.expand(height, width, 3).clone()
    corner, size = [], []
    for i, tile in enumerate(tiles):
        top, left = i // columns * cell_height, i % columns * cell_width
        picture[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
        corner.append([left / width, top / height])
        size.append([tile.shape[1] / width, tile.shape[0] / height])
    corner.append([0.0, rows * cell_height / height])
    size.append([UNSEEN_SQUARE / width, UNSEEN_SQUARE / height])
    return Atlas(picture, torch.tensor(corner), torch.tensor(size))


def textured(mesh: Mesh, views: Sequence[View], paint: str, longest: int) -> tuple[Mesh, torch.Tensor]:
    """A mesh in world axes painted by placed views, and the old number of each of its vertices (N',).

    `paint` is one of PAINTS. With a texture, vertices between faces of two photos are doubled; the photos' exposures are
    levelled, and faces that no photo sees have the mean colour of the others.
    """
    if paint not in PAINTS:
        raise ValueError(f"Paint {paint!r} is not known; choose one of {', '.join(PAINTS)}.")
    everything = torch.arange(len(mesh.vertices))
    if paint == PLAIN:
        return mesh, everything
    sightings = [sighting(mesh, view) for view in views]
    worth = torch.stack([found.worth for found in sightings])
    label = labels_of(worth, mesh.faces)
    samples = [sample_picture(v.photo, s.places.clamp(0, 1)) for v, s in zip(views, sightings, strict=True)]
    seen = torch.stack([_at_vertices(found.worth, mesh) for found in sightings])
    gains = gains_of(linear_from_srgb(torch.stack(samples)), seen)
    light = linear_from_srgb(torch.stack(samples)) * gains[:, None]
    total = (light * seen[..., None]).sum(0)
    colours = srgb_from_linear(total / seen.sum(0)[:, None].clamp_min(1e-9)).clamp(0, 1)
    dark = seen.sum(0) <= 0
    mean = colours[~dark].mean(0) if bool((~dark).any()) else torch.full((3,), 0.5)
    colours[dark] = mean
    if paint == VERTEX_COLORS:
        return replace(mesh, colours=colours), everything
    level = [srgb_from_linear(linear_from_srgb(v.photo) * gain).clamp(0, 1) for v, gain in zip(views, gains)]
    atlas = atlas_of(level, longest, mean)
    return _split(mesh, label, torch.stack([found.places for found in sightings]), atlas)


def _at_vertices(worth: torch.Tensor, mesh: Mesh) -> torch.Tensor:
    """Sum (N,) over the faces at each vertex."""
    total = torch.zeros(len(mesh.vertices))
    for corner in range(3):
        total.index_add_(0, mesh.faces[:, corner].long(), worth)
    return total


def _split(mesh: Mesh, label: torch.Tensor, places: torch.Tensor, atlas: Atlas) -> tuple[Mesh, torch.Tensor]:
    """The mesh with one vertex for each photo that shows it, and where those are in the atlas."""
    corners = mesh.faces.long()
    key = (label[:, None] + 1) * len(mesh.vertices) + corners
    unique, faces = torch.unique(key, return_inverse=True)
    of, photo = unique % len(mesh.vertices), torch.div(unique, len(mesh.vertices), rounding_mode="floor") - 1
    inside = places[photo.clamp_min(0), of]
    normals = None if mesh.normals is None else mesh.normals[of]
    made = replace(
        mesh,
        vertices=mesh.vertices[of],
        faces=faces.view(-1, 3).int(),
        normals=normals,
        uvs=atlas.places(photo, inside),
        texture=atlas.picture,
    )
    return made, of
