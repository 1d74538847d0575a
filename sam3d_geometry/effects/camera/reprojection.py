"""A photo with depth seen from another camera: what is visible, its colours, and the edges of surfaces antialiased."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from ...geometry.strips import STRIP_PIXELS
from ...geometry.surfaces import DEPTH_EDGE
from .homography import pixel_homography
from .patch_colours import colours_at, colours_seen, put
from .patches import Patches
from .visibility import LinesOfSight, Visible, row_and_column, visible

EDGE_POINTS = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # rotated grid in an edge pixel


@dataclass(frozen=True)
class NewView:
    """What a new camera sees of a photo.

    image          (H, W, 3) colours; 0 where nothing of the photo is seen
    seen           (H, W) share of the pixel that shows a part of the photo, 0 to 1
    inverse_depth  (H, W) 1 / depth along z from the new camera; 0 in the sky and where nothing is seen
    pixel          (H, W) number of the photo's pixel that is seen, row by row; of no meaning where nothing is
    """

    image: torch.Tensor
    seen: torch.Tensor
    inverse_depth: torch.Tensor
    pixel: torch.Tensor


def reproject(
    patches: Patches, new_from_old: torch.Tensor, new_intrinsics: torch.Tensor, antialias: bool = True
) -> NewView:
    """What the camera with normalised intrinsics (3, 3) sees of a photo; `new_from_old` (4, 4) takes points to its axes.

    The camera of the photo itself gives back the photo, bit for bit. `antialias` looks at the pixels where two surfaces
    meet at four points instead of one.
    """
    still = torch.equal(new_from_old.cpu().double(), torch.eye(4, dtype=torch.float64))
    if still and torch.equal(patches.intrinsics, new_intrinsics.to(patches.intrinsics)):
        w = patches.inverse_depth
        numbers = torch.arange(w.numel(), device=w.device).view_as(w)
        return NewView(patches.image.clone(), torch.ones_like(w), w.clone(), numbers)
    size = height, width = patches.height, patches.width
    homography = pixel_homography(patches.intrinsics, new_intrinsics, new_from_old, height, width)
    lines = LinesOfSight(patches, homography)
    seen = visible(lines)
    colours = colours_seen(patches, seen)
    coverage = (seen.new_w >= 0).to(colours.dtype)
    if antialias:
        edges = torch.nonzero(_meeting(seen.new_w.view(size)).view(-1))[:, 0]
        for where in edges.split(STRIP_PIXELS // len(EDGE_POINTS)):
            mean, share = _mean_of_points(lines, seen, where)
            put(colours, where, mean)
            coverage.scatter_(0, where, share)
    image = colours.view(3, height, width).movedim(0, -1)
    return NewView(image, coverage.view(size), seen.new_w.clamp_min(0).view(size), seen.patch.view(size))


def _meeting(new_w: torch.Tensor) -> torch.Tensor:
    """(H, W) bool: pixels whose new inverse depth differs from a neighbour's to the side or above as surfaces do."""
    meeting = torch.zeros_like(new_w, dtype=torch.bool)
    for dim in (0, 1):
        length = new_w.shape[dim] - 1
        first, second = new_w.narrow(dim, 0, length), new_w.narrow(dim, 1, length)
        apart = (first - second).abs_() > torch.maximum(first, second).clamp_(min=0).mul_(DEPTH_EDGE)
        meeting.narrow(dim, 0, length).logical_or_(apart)
        meeting.narrow(dim, 1, length).logical_or_(apart)
    return meeting


def _mean_of_points(lines: LinesOfSight, seen: Visible, where: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean colours (3, M) of what is seen at the four points of pixels (M,), and the share (M,) of them that sees anything.

    The points ask the nearest patch that the pixel or one of its neighbours shows, and, where that is not met, the farthest.
    """
    near, near_patch = seen.new_w.index_select(0, where), seen.patch.index_select(0, where)
    far, far_patch = torch.where(near >= 0, near, math.inf), near_patch
    for at in lines.neighbours(where):
        new_w, patch = seen.new_w.index_select(0, at), seen.patch.index_select(0, at)
        nearer, farther = new_w > near, (new_w >= 0) & (new_w < far)
        near, near_patch = torch.where(nearer, new_w, near), torch.where(nearer, patch, near_patch)
        far, far_patch = torch.where(farther, new_w, far), torch.where(farther, patch, far_patch)
    points = len(EDGE_POINTS)
    row, column = row_and_column(where, lines.width)
    px = torch.cat([column + right for right, _ in EDGE_POINTS])
    py = torch.cat([row + down for _, down in EDGE_POINTS])
    sight = lines.ask(near_patch.repeat(points), px, py)
    behind = torch.nonzero(sight.new_w < 0)[:, 0]
    sight.replace(behind, lines.ask(*(t.index_select(0, behind) for t in (far_patch.repeat(points), px, py))))
    # each point counts for the surface that it sees, whose colour is that of the pixel's middle: no blur within a surface
    x, y = sight.x - (px - column.repeat(points)), sight.y - (py - row.repeat(points))
    hit = torch.nonzero(sight.new_w >= 0)[:, 0]
    colours = px.new_zeros(3, len(px))
    put(colours, hit, colours_at(lines.patches, *(t.index_select(0, hit) for t in (x, y, sight.patch))))
    hits = (sight.new_w >= 0).view(points, -1).sum(0)
    return colours.view(3, points, -1).sum(1) / hits.clamp_min(1), hits / points
