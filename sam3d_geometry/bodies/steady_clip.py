"""A clip of people held steady, from what is known of its scene and camera to the people in their level world."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from ..geometry.pointmap import Pointmap
from .bodies import Bodies
from .rig import Rig
from .shot import Steadying
from .steady import shot_starts, steady_bodies
from .steady_report import steady_report
from .world import level_world_of


@dataclass(frozen=True)
class SteadyClip:
    """Steadied people who know their level world, when their feet stand (T, P, 2), left and right, and what was done, in lines."""

    bodies: Bodies
    contacts: torch.Tensor
    report: str


def steady_clip(
    bodies: Bodies,
    how: Steadying,
    *,
    pointmap: Pointmap | None = None,
    poses: torch.Tensor | None = None,
    rig: Rig | None = None,
) -> SteadyClip:
    """The people of a clip held steady in the level world that the bodies or the `pointmap` tell, as `level_world_of` has it.

    `poses` (T, 4, 4) are those of a camera that moves, in metres; cuts are looked for in the pointmap's pictures.
    """
    world = level_world_of(bodies, pointmap, poses)
    done = steady_bodies(bodies, world.from_camera, how, cuts=shot_starts(pointmap), has_floor=world.has_floor, rig=rig)
    report = steady_report(bodies, done, world.from_camera, how, world.told)
    return SteadyClip(replace(done.bodies, world_from_camera=world.from_camera), done.contacts, report)
