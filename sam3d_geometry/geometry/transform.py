"""Changes of a pointmap that keep every point on its pixel's ray: scale, shift of depth, field of view, mirror, turns."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import functional as F

from .camera import intrinsics_from_fov_x_degrees, unproject, view_plane_axes
from .pointmap import Pointmap
from .pointmap_maker import FARTHEST_DEPTH, NEAREST_DEPTH, is_distance
from .unrefined import unrefined_too

MUCH_SMALLER = 1e-3  # only such a scale can make what was a distance too small for one
# clockwise, in quarter turns
QUARTER_TURNS = {"none": 0, "90 degrees": 1, "180 degrees": 2, "270 degrees": 3}


@unrefined_too
def scale_pointmap(pointmap: Pointmap, scale: float | torch.Tensor) -> Pointmap:
    """All distances times `scale`, one number or one per frame (B,) greater than 0; camera and normals stay."""
    factor = torch.as_tensor(scale, dtype=torch.float32, device=pointmap.device).reshape(-1)
    if len(factor) not in (1, len(pointmap)) or not bool((torch.isfinite(factor) & (factor > 0)).all()):
        raise ValueError(
            f"The scale came as {factor.tolist()}; one number greater than 0, or one for each of the {len(pointmap)} frames, "
            "is needed."
        )
    scaled = replace(pointmap, points=pointmap.points * factor[:, None, None, None])
    return _within_reach(scaled, factor)


def _within_reach(pointmap: Pointmap, factor: torch.Tensor) -> Pointmap:
    """The pointmap without the points that a scale has made no distances any more; ValueError where none is left of any."""
    low, high = torch.aminmax(pointmap.points)
    if float(high) < FARTHEST_DEPTH and float(low) > -FARTHEST_DEPTH and float(factor.min()) > MUCH_SMALLER:
        return pointmap
    left = pointmap.masked(is_distance(pointmap.depth))
    if not bool(left.mask.any()) and bool(pointmap.mask.any()):
        raise ValueError(
            f"A scale of {float(factor[0]):g} takes every distance of the pointmap out of what can be computed with, {NEAREST_DEPTH:g} to "
            f"{FARTHEST_DEPTH:g}; give one nearer to 1."
        )
    return left


@unrefined_too
def mirror_pointmap(pointmap: Pointmap) -> Pointmap:
    """Left and right exchanged: picture, points, normals and principal point, as of the same scene seen in a mirror."""
    intrinsics = pointmap.intrinsics.clone()
    intrinsics[:, 0, 2] = 1 - intrinsics[:, 0, 2]
    signs = pointmap.points.new_tensor([-1.0, 1.0, 1.0])
    return replace(
        pointmap,
        points=pointmap.points.flip(2) * signs,
        mask=pointmap.mask.flip(2),
        intrinsics=intrinsics,
        image=pointmap.image.flip(2),
        normals=None if pointmap.normals is None else pointmap.normals.flip(2) * signs,
    )


@unrefined_too
def _quarter_turn(pointmap: Pointmap) -> Pointmap:
    # clockwise: what was on top comes to the right, so x becomes -y and y becomes x
    def turn(directions: torch.Tensor) -> torch.Tensor:
        turned = directions.rot90(-1, (1, 2))
        return torch.stack([-turned[..., 1], turned[..., 0], turned[..., 2]], -1)

    before, intrinsics = pointmap.intrinsics, pointmap.intrinsics.clone()
    intrinsics[:, 0, 0], intrinsics[:, 1, 1] = before[:, 1, 1], before[:, 0, 0]
    intrinsics[:, 0, 2], intrinsics[:, 1, 2] = 1 - before[:, 1, 2], before[:, 0, 2]
    return replace(
        pointmap,
        points=turn(pointmap.points),
        mask=pointmap.mask.rot90(-1, (1, 2)),
        intrinsics=intrinsics,
        image=pointmap.image.rot90(-1, (1, 2)),
        normals=None if pointmap.normals is None else turn(pointmap.normals),
        source_size=(pointmap.source_size[1], pointmap.source_size[0]),
    )


def turn_pointmap(pointmap: Pointmap, quarter_turns: int) -> Pointmap:
    """The picture turned clockwise by a number of quarter turns about the view axis; points, normals and camera with it."""
    for _ in range(quarter_turns % 4):
        pointmap = _quarter_turn(pointmap)
    return pointmap


def _at_depth(pointmap: Pointmap, depth: torch.Tensor, intrinsics: torch.Tensor) -> Pointmap:
    """The pointmap with other depths (a shift at most, no scale) and another focal length; points at 0 or behind go."""
    mask = pointmap.mask & is_distance(depth)
    depth = torch.where(mask, depth, 0)
    normals = pointmap.normals
    if normals is not None:
        # A tangent is z_u r + z r_u with the ray r = point / z. n stays at right angles to it when n . r is kept and n . r_u,
        # which is n_x / fx, follows 1 / z.
        ratio = torch.where(mask, pointmap.depth / depth.clamp_min(torch.finfo(depth.dtype).tiny), 0)
        x, y = view_plane_axes(pointmap.intrinsics, *pointmap.size)
        along_ray = normals[..., 0] * x + normals[..., 1] * y + normals[..., 2]
        focal, new_focal = (k[:, (0, 1), (0, 1)][:, None, None] for k in (pointmap.intrinsics, intrinsics))
        across = normals[..., :2] * (new_focal / focal) * ratio[..., None]
        x, y = view_plane_axes(intrinsics, *pointmap.size)
        towards = along_ray - across[..., 0] * x - across[..., 1] * y
        normals = F.normalize(torch.cat([across, towards[..., None]], -1), dim=-1) * mask[..., None]
    spread = pointmap.fov_spread if torch.equal(intrinsics, pointmap.intrinsics) else None
    points = unproject(depth, intrinsics)
    return replace(pointmap, points=points, mask=mask, intrinsics=intrinsics, normals=normals, fov_spread=spread)


@unrefined_too
def shift_depth(pointmap: Pointmap, shift: float) -> Pointmap:
    """Every depth plus `shift`, in the pointmap's unit; points that would lie at the camera or behind it become invalid."""
    if not abs(shift) < float("inf"):
        raise ValueError(f"The shift of depth came as {shift}; a finite number is needed.")
    return _at_depth(pointmap, pointmap.depth + shift, pointmap.intrinsics)


@unrefined_too
def with_fov_x(pointmap: Pointmap, fov_x_degrees: float) -> Pointmap:
    """The same depths seen through a lens of this horizontal field of view in degrees; points are derived again.

    The principal point and the shape of a pixel stay; x, y and the normals follow the focal length.
    """
    wanted = intrinsics_from_fov_x_degrees(fov_x_degrees, 1, 1)[0, 0, 0].to(pointmap.device)
    intrinsics = pointmap.intrinsics.clone()
    intrinsics[:, 1, 1] *= wanted / intrinsics[:, 0, 0]
    intrinsics[:, 0, 0] = wanted
    return _at_depth(pointmap, pointmap.depth, intrinsics)


@unrefined_too
def with_intrinsics(pointmap: Pointmap, intrinsics: torch.Tensor) -> Pointmap:
    """The same depths seen by another camera in the same place, `intrinsics` (B, 3, 3), normalized; points are derived again."""
    return _at_depth(pointmap, pointmap.depth, intrinsics.to(pointmap.intrinsics))


def transform_pointmap(
    pointmap: Pointmap,
    *,
    scale: float = 1.0,
    metric: bool | None = None,
    mirror: bool = False,
    rotation: str = "none",
    fov_x_degrees: float = 0.0,
    distance_shift: float = 0.0,
) -> Pointmap:
    """All changes of this file in one: shift, scale, field of view (0 keeps it), mirror, rotation by one of QUARTER_TURNS.

    `metric` says whether the result is in metres; None keeps what the pointmap says.
    """
    if rotation not in QUARTER_TURNS:
        raise ValueError(f"Input rotation came as {rotation!r}; choose one of {', '.join(QUARTER_TURNS)}.")
    if distance_shift:
        pointmap = shift_depth(pointmap, distance_shift)
    pointmap = scale_pointmap(pointmap, scale)
    if fov_x_degrees:
        pointmap = with_fov_x(pointmap, fov_x_degrees)
    if mirror:
        pointmap = mirror_pointmap(pointmap)
    pointmap = turn_pointmap(pointmap, QUARTER_TURNS[rotation])
    return pointmap if metric is None else replace(pointmap, metric=metric)
