"""Upright: which way is up in the world of posed views, and the world turned so that up is -y."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from ..geometry.gravity import find_up, world_from_up
from .posed import Group, PosedViews
from .view import View

MOST_ASKED = 8  # views of a group whose pointmaps are asked, evenly spaced
SURE_UP = 0.8  # confidence from which on a pointmap's up counts
AGREE_DEGREES = 8.0  # of the ups of several pointmaps
# of the cameras' directions to the right, as the share of the second eigenvalue: about 13 degrees
LEAST_DIRECTION_SPREAD = 0.05

BY_GROUND, BY_RING, BY_CAMERAS = "by the ground in the pointmaps", "by cameras held level", "as the cameras were held"


@dataclass(frozen=True)
class WorldUp:
    """direction (3,) float64 of length 1 in the world, and how it was found, in words."""

    direction: torch.Tensor
    found: str


def up_of(views: Sequence[View]) -> WorldUp:
    """Which way is up in the world of placed views of one group.

    By what their pointmaps say of the ground where that is sure and they agree; else square to the directions to the right of
    all cameras, if these were turned enough (cameras are held level more often than not); else the cameras' mean up.
    """
    poses = [view.world_from_camera for view in views if view.world_from_camera is not None]
    if not poses:
        raise ValueError("None of the views is placed; up needs at least one.")
    turns = torch.stack(poses)[:, :3, :3]
    mean = -turns[:, :, 1].mean(0)
    told = _by_ground(views)
    if told is not None:
        return WorldUp(told, BY_GROUND)
    right = turns[:, :, 0]
    values, vectors = torch.linalg.eigh(right.T @ right / len(right))
    if (
        len(poses) > 2
        and float(values[1]) > LEAST_DIRECTION_SPREAD
        and float(values[0]) < LEAST_DIRECTION_SPREAD * float(values[1])
    ):
        upright = vectors[:, 0]
        return WorldUp(upright * torch.sign(upright @ mean), BY_RING)
    return WorldUp(torch.nn.functional.normalize(mean, dim=0), BY_CAMERAS)


def _by_ground(views: Sequence[View]) -> torch.Tensor | None:
    """The mean of the sure ups of the pointmaps (3,) in the world; None where few are sure or they do not agree."""
    placed = [view for view in views if view.world_from_camera is not None]
    asked = [placed[round(k)] for k in torch.linspace(0, len(placed) - 1, min(MOST_ASKED, len(placed))).tolist()]
    ups = []
    for view in asked:
        found, pose = find_up(view.pointmap), view.world_from_camera
        assert pose is not None
        if float(found.confidence[0]) >= SURE_UP:
            ups.append(-pose[:3, :3] @ found.world_from_camera[0, 1].double())
    if 2 * len(ups) < len(asked):
        return None
    directions = torch.stack(ups)
    middle = torch.nn.functional.normalize(directions.median(0).values, dim=0)
    near = torch.rad2deg(torch.acos((directions @ middle).clamp(-1, 1))) < AGREE_DEGREES
    if int(near.sum()) * 2 < len(asked):
        return None
    return torch.nn.functional.normalize(directions[near].mean(0), dim=0)


def upright(posed: PosedViews) -> PosedViews:
    """The same views, each group's world turned about its origin so that up is -y; the first camera's heading stays +z.

    `source` says how up was found in the largest group.
    """
    views, groups, said = list(posed.views), [], ""
    for group in posed.groups:
        found = up_of([views[at] for at in group.members])
        said = said or found.found
        groups.append(_turned_group(views, group, _turn_to_up(views[group.members[0]], found)))
    return replace(posed, views=tuple(views), groups=tuple(groups), source=f"{posed.source}; up {said}")


def turn_upright(views: Sequence[View]) -> torch.Tensor:
    """(4, 4) what turns the world of placed views of one group about its origin so that up is -y."""
    move = torch.eye(4, dtype=torch.float64)
    move[:3, :3] = _turn_to_up(next(view for view in views if view.world_from_camera is not None), up_of(views))
    return move


def _turn_to_up(first: View, found: WorldUp) -> torch.Tensor:
    """(3, 3) the rotation that brings up to -y and leaves the heading of the first camera at +z."""
    pose = first.world_from_camera
    assert pose is not None
    heading = pose[:3, :3]
    return world_from_up((heading.T @ found.direction)[None])[0] @ heading.T


def _turned_group(views: list[View], group: Group, turn: torch.Tensor) -> Group:
    """Turns the views of a group and its points by a rotation (3, 3)."""
    move = torch.eye(4, dtype=torch.float64)
    move[:3, :3] = turn
    for at in group.members:
        pose = views[at].world_from_camera
        assert pose is not None
        views[at] = replace(views[at], world_from_camera=move @ pose)
    return replace(group, points=group.points @ turn.numpy().T)
