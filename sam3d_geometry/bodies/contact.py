"""Where people stand: how low the soles of their feet reach, and how far from the ground that is."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch

from ..geometry.gravity import level_world
from ..geometry.ground import find_ground
from ..geometry.pointmap import Pointmap
from ..geometry.transform import with_intrinsics
from .bodies import Bodies
from .camera_change import level_by_camera
from .size import statures
from .skeleton import joints

log = logging.getLogger(__name__)

MOST_FRAMES = 6  # of a clip in which a shared ground is looked for: each takes as long as placing four people
SIDES = ("left", "right")
# how far, in statures, a foot reaches from its bones; its length over ankle to ball
FOOT_REACH, FOOT_LENGTH = 0.05, 1.7
SOLE_SHARE = 0.01  # of a foot's vertices that may lie lower than its sole
STANDING_SHARE = 0.25  # of the frames, those in which the feet are lowest, tell where a person stands


@dataclass(frozen=True)
class Level:
    """A level ground, in the pointmap's unit.

    world_from_camera  (T, 3, 3) rotation to a level world with x right, y down, z forward
    camera_height      (T,) of the camera above the ground
    """

    world_from_camera: torch.Tensor
    camera_height: torch.Tensor

    def scaled(self, factor: float) -> Level:
        """The same ground in another unit."""
        return Level(self.world_from_camera, self.camera_height * factor)

    def rigid(self) -> torch.Tensor:
        """(T, 4, 4) float64 from camera axes to the level world, with the ground at y = 0."""
        transform = torch.eye(4, dtype=torch.float64).repeat(len(self.camera_height), 1, 1)
        transform[:, :3, :3] = self.world_from_camera.cpu().double()
        transform[:, 1, 3] = -self.camera_height.cpu().double()
        return transform


def find_level(
    pointmap: Pointmap,
    world_from_camera: torch.Tensor | None = None,
    shared: bool = True,
    cameras: torch.Tensor | None = None,
) -> Level | None:
    """The ground of a pointmap, or None where none is seen; `world_from_camera` (B, 3, 3) says which way is up.

    A `shared` ground is that of a camera that stands still; it is found in MOST_FRAMES evenly spaced frames. Seen by other
    `cameras` (B, 3, 3) than the pointmap's, the ground is that of the same depths on their rays.
    """
    rotation = level_world(pointmap, shared) if world_from_camera is None else world_from_camera
    count = len(pointmap)
    chosen = torch.linspace(0, count - 1, min(count, MOST_FRAMES if shared else count)).round().long().tolist()
    scene = pointmap[chosen]
    if cameras is not None:
        rotation = level_by_camera(rotation, pointmap.intrinsics, cameras)
        scene = with_intrinsics(scene, cameras[chosen])
    try:
        ground = find_ground(scene, rotation[chosen], shared)
    except ValueError as error:  # a close-up has no ground, and people can be placed without
        log.info("People are placed without a ground: %s", error)
        return None
    height = ground.camera_height.cpu()
    return Level(rotation.cpu(), height[:1].expand(count) if shared else height)


def sole_depths(bodies: Bodies, frame: int, person: int, down: torch.Tensor) -> torch.Tensor:
    """How far along `down` (3,) from the camera the soles of the left and the right foot (2,) reach, in metres."""
    points, joint_places = (
        bodies.points(frame, person),
        bodies.joints[frame, person] + bodies.translations[frame, person],
    )
    reach = FOOT_REACH * float(statures(bodies[frame : frame + 1])[0, person])
    along = points @ down.to(points)
    found = []
    for side in SIDES:
        ankle, ball = joint_places[joints([f"{side[0]}_foot", f"{side[0]}_ball"])]
        axis = (ball - ankle) * FOOT_LENGTH
        share = ((points - ankle) @ axis / axis.square().sum().clamp_min(1e-12)).clamp(0, 1)
        near = (points - ankle - share[:, None] * axis).norm(dim=-1) < reach
        lengths = along[near] if bool(near.any()) else along
        found.append(torch.quantile(lengths, 1 - SOLE_SHARE))
    return torch.stack(found)


def standing_gaps(bodies: Bodies, level: Level, person: int) -> torch.Tensor:
    """For each frame in which a person is there, the camera's height over how far down the lower sole lies (N,).

    1 stands on the ground, below 1 is sunk into it, above 1 is in the air; feet above the camera are left out.
    """
    ratios = []
    for frame in torch.nonzero(bodies.present[:, person]).flatten().tolist():
        lowest = float(sole_depths(bodies, frame, person, level.world_from_camera[frame, 1]).max())
        if lowest > 0:
            ratios.append(float(level.camera_height[frame]) / lowest)
    return torch.tensor(ratios, dtype=torch.float64)


def standing_ratio(ratios: torch.Tensor) -> float | None:
    """What `standing_gaps` is where the person stands: of its lowest frames; None where there are none."""
    return float(torch.quantile(ratios, STANDING_SHARE)) if len(ratios) else None
