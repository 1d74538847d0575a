"""The world that people are written in: the camera's own axes, or level with the floor at 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from ..geometry.pointmap import Pointmap
from .bodies import Bodies
from .contact import find_level

LEVEL_WORLD, CAMERA_WORLD, IN_PLACE = WORLDS = ("level", "camera", "in place")


@dataclass(frozen=True)
class World:
    """Transforms (T, 4, 4) float64 from camera axes to a level world with y DOWN, where they come from, in words, and whether its
    y = 0 is a floor that was seen; otherwise it lies under the lowest point that the people ever reach."""

    from_camera: torch.Tensor
    told: str
    has_floor: bool


def world_of(bodies: Bodies, pointmap: Pointmap | None, kind: str) -> tuple[torch.Tensor | None, str]:
    """Transforms (T, 4, 4) float64 from camera axes to the world (y DOWN, floor at 0), and where they come from, in words.

    `kind` is one of WORLDS; None for the camera's own axes, else the transforms of `level_world_of`.
    """
    if kind not in WORLDS:
        raise ValueError(f"World came as {kind!r}; choose one of {', '.join(WORLDS)}.")
    if kind == CAMERA_WORLD:
        return None, "the camera's axes"
    found = level_world_of(bodies, pointmap)
    return found.from_camera, found.told


def level_world_of(bodies: Bodies, pointmap: Pointmap | None, poses: torch.Tensor | None = None) -> World:
    """The level world of people: the bodies' own where somebody has found it (Place Bodies In Scene), else that of the
    `pointmap` of the same frames, else that of a camera held level.

    With the camera's `poses` (T, 4, 4), whose world is the first camera in metres, all frames share the first one's world.
    """
    if pointmap is not None and len(pointmap) not in (1, len(bodies)):
        raise ValueError(
            f"The pointmap has {len(pointmap)} frames and the people {len(bodies)}; make both from the same clip, or give one frame."
        )
    if poses is None:
        return _still_world(bodies, pointmap)
    if len(poses) != len(bodies):
        raise ValueError(
            f"camera_path came with {len(poses)} poses for {len(bodies)} frames of people; one for each frame is needed: wire Align "
            "Sequence of the same clip."
        )
    first = _still_world(bodies[:1], None if pointmap is None else pointmap[:1])
    moving = first.from_camera[:1] @ poses.cpu().double()
    moving = moving if first.has_floor else _on_lowest(bodies, moving)
    return World(moving, f"{first.told}, along the way of the camera", first.has_floor)


def _still_world(bodies: Bodies, pointmap: Pointmap | None) -> World:
    if bodies.world_from_camera is not None:
        return World(bodies.world_from_camera, "level, as found before", True)
    identity = torch.eye(4, dtype=torch.float64).repeat(len(bodies), 1, 1)
    if pointmap is None:
        told = "the camera taken as level, the floor under the lowest point of the people"
        return World(_on_lowest(bodies, identity), told, False)
    level = find_level(pointmap)
    if level is not None and pointmap.metric:
        return World(level.rigid().expand(len(bodies), 4, 4), "level, with the floor of the pointmap", True)
    from ..geometry.gravity import level_world

    identity[:, :3, :3] = level_world(pointmap).cpu().double()
    why = "no floor is seen" if level is None else "the pointmap has no meters"
    told = f"level by the pointmap, the floor under the lowest point of the people ({why})"
    return World(_on_lowest(bodies, identity), told, False)


def _on_lowest(bodies: Bodies, world: torch.Tensor) -> torch.Tensor:
    """The same world with the lowest point of everybody, over all frames, at the height 0."""
    lowest = -math.inf
    for frame in range(len(bodies)):
        down = world[frame, 1, :3].to(bodies.vertices)
        for person in bodies.here(frame):
            lowest = max(lowest, float((bodies.points(frame, person) @ down).max()))
    moved = world.clone()
    moved[:, 1, 3] = -lowest
    return moved
