"""The world that people are written in: the camera's own axes, or level with the floor at 0."""

from __future__ import annotations

import math

import torch

from ..geometry.pointmap import Pointmap
from .bodies import Bodies
from .contact import find_level

LEVEL, CAMERA, IN_PLACE = WORLDS = ("level", "camera", "in place")


def world_of(bodies: Bodies, pointmap: Pointmap | None, kind: str) -> tuple[torch.Tensor | None, str]:
    """Transforms (T, 4, 4) float64 from camera axes to the world (y DOWN, floor at 0), and where they come from, in words.

    `kind` is one of WORLDS; None for the camera's own axes. A level world is the bodies' own where somebody has found it
    (Place Bodies In Scene), else that of the `pointmap` of the same frames, else that of a camera held level.
    Without a floor in sight it lies under the lowest point that the people ever reach.
    """
    if kind not in WORLDS:
        raise ValueError(f"World came as {kind!r}; choose one of {', '.join(WORLDS)}.")
    if kind == CAMERA:
        return None, "the camera's axes"
    if bodies.world_from_camera is not None:
        return bodies.world_from_camera, "level, as found before"
    identity = torch.eye(4, dtype=torch.float64).repeat(len(bodies), 1, 1)
    if pointmap is None:
        return _on_lowest(bodies, identity), "the camera taken as level, the floor under the lowest point of the people"
    if len(pointmap) not in (1, len(bodies)):
        raise ValueError(
            f"The pointmap has {len(pointmap)} frames and the people {len(bodies)}; make both from the same clip, or give one frame."
        )
    level = find_level(pointmap)
    if level is not None and pointmap.metric:
        return level.rigid().expand(len(bodies), 4, 4), "level, with the floor of the pointmap"
    from ..geometry.gravity import level_world

    identity[:, :3, :3] = level_world(pointmap).cpu().double()
    why = "no floor is seen" if level is None else "the pointmap has no meters"
    return _on_lowest(
        bodies, identity
    ), f"level by the pointmap, the floor under the lowest point of the people ({why})"


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
