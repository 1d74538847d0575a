"""People moved from the camera they were found with into another one, as rigid bodies, so that they stay on their pixels; and the
camera of people who stay, for what is compared with them."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..geometry.pointmap import Pointmap
from .bodies import Bodies
from .rotation_maths import least_turn

SAME_CAMERA = 1e-3  # of the focal length: cameras that differ by less are one
FITTED_VERTICES = 800  # vertices of a person that its new place is fitted to


def in_camera_of(bodies: Bodies, pointmap: Pointmap) -> tuple[Bodies, float]:
    """People in the camera of a pointmap of as many frames, and how far their pixels have moved on the mean.

    Focal lengths are those of the pointmap's vertical field of view. A person keeps its shape and its turn; its place is the
    one that brings its surface nearest to where it was in the picture, by least squares.
    """
    focal = pointmap.intrinsics[:, 1, 1].to(bodies.focal) * bodies.image_size[0]
    stride = max(1, bodies.vertex_count // FITTED_VERTICES)
    points = bodies.vertices[:, :, ::stride]
    before = bodies.projected(points)
    middle = points.new_tensor([bodies.image_size[1] / 2, bodies.image_size[0] / 2])
    slopes = (before - middle) / focal[:, None, None, None]
    translations = bodies.translations.clone()
    for t in range(len(bodies)):
        for p in bodies.here(t):
            translations[t, p] = _place_on_slopes(points[t, p], slopes[t, p])
    changed = torch.where(bodies.present, focal[:, None], 0)
    moved = replace(bodies, focal=changed, translations=translations)
    shift = (moved.projected(points) - before).norm(dim=-1)[bodies.present]
    return moved, float(shift.mean())


def _place_on_slopes(points: torch.Tensor, slopes: torch.Tensor) -> torch.Tensor:
    """Translation (3,) with which points (N, 3) come nearest to being seen at x / z, y / z = `slopes` (N, 2).

    Each coordinate is one linear equation, x + tx - slope (z + tz) = 0.
    """
    x, s = points.cpu().double(), slopes.cpu().double()
    count = len(x)
    matrix = torch.zeros(2 * count, 3, dtype=torch.float64)
    matrix[:count, 0] = matrix[count:, 1] = 1
    matrix[:count, 2], matrix[count:, 2] = -s[:, 0], -s[:, 1]
    given = torch.cat([s[:, 0] * x[:, 2] - x[:, 0], s[:, 1] * x[:, 2] - x[:, 1]])
    return torch.linalg.lstsq(matrix, given[:, None]).solution[:, 0].to(points)


def cameras_of(bodies: Bodies, pointmap: Pointmap) -> torch.Tensor | None:
    """The cameras (B, 3, 3) that people of as many frames were found with, the pointmap's where nobody is; None where all are alike."""
    own = pointmap.intrinsics.clone()
    for t in range(len(bodies)):
        for p in bodies.here(t)[:1]:
            own[t] = bodies.intrinsics(t, p).to(own)
    focal, other = (k[:, (0, 1), (0, 1)] for k in (own, pointmap.intrinsics))
    return None if bool(((focal / other - 1).abs() < SAME_CAMERA).all()) else own


def level_by_camera(world_from_camera: torch.Tensor, intrinsics: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """(B, 3, 3) that level what the camera `intrinsics` (B, 3, 3) sees -> those that level the same depths seen by the `other` one.

    A floor stays a plane: its points keep their depth, and what is across follows the focal length, so that its normal does too.
    """
    level = world_from_camera.cpu().double()
    down = level[:, 1]
    focal, new_focal = (k.cpu().double()[:, (0, 1), (0, 1)] for k in (intrinsics, other))
    moved = torch.cat([down[:, :2] * new_focal / focal, down[:, 2:]], 1)
    turned = level @ least_turn(torch.nn.functional.normalize(moved, dim=1), down)
    return turned.to(world_from_camera)
