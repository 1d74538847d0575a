"""Where the ground is: the lowest level below the camera that many surfaces facing up agree on, or a refusal."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch

from .gravity import level_world
from .normals import surface_normals
from .pointmap import Pointmap

log = logging.getLogger(__name__)

LEVEL_COSINE = 0.966  # within 15 degrees of straight up: ground, not a slope or a wall
LEVEL_BAND = 0.05  # heights that lie within 5 % of each other are one level: what an estimator's floor spreads over
HEIGHT_BIN = 0.01  # of the histogram of heights, a fifth of the band, so that no level falls between two bins
LEVEL_SHARE = 0.5  # of the fullest level: a table may fill the photo as the floor does, and the floor is the lower one
MINIMUM_GROUND = 0.01  # share of the valid pixels that must face up below the camera
MAX_SAMPLES = 1 << 20  # pixels of a whole clip that are looked at
SETTLING_STEPS = 8  # of the median within the band, which settles after two or three


@dataclass(frozen=True)
class Ground:
    """A level ground in each frame.

    camera_height  (B,) of the camera above it, in the pointmap's unit
    share          (B,) of the valid pixels that lie on it and face up, 0 to 1: how sure the finding is
    """

    camera_height: torch.Tensor
    share: torch.Tensor


def heights(pointmap: Pointmap, world_from_camera: torch.Tensor) -> torch.Tensor:
    """Height (B, H, W) above the camera in the levelled world, in the pointmap's unit; 0 where there is no geometry."""
    down = world_from_camera.to(pointmap.points)[:, 1]
    return -(pointmap.points * down[:, None, None]).sum(-1)


def find_ground(
    pointmap: Pointmap,
    world_from_camera: torch.Tensor | None = None,
    shared: bool = True,
    instead: str = "choose a photo in which the floor is seen",
) -> Ground:
    """The ground of a pointmap's frames: one height of the camera for all of them when `shared`, else one for each.

    `world_from_camera` (B, 3, 3) levels the camera; without it `gravity.level_world` does. ValueError where too few pixels
    below the camera face upward; `instead` ends its sentence with what to do then.
    """
    level = level_world(pointmap, shared) if world_from_camera is None else world_from_camera
    stride = max(1, int((pointmap.mask.numel() / MAX_SAMPLES) ** 0.5))
    below, valid = [], []
    for i in range(len(pointmap)):  # by frame: the normals of a clip are larger than the clip
        found, count = _depths_of_level_surfaces(pointmap[i], level[i], stride)
        below.append(found)
        valid.append(count)
    if shared:
        below, valid = [torch.cat(below)], [sum(valid)]
    levels = []
    for i, (found, count) in enumerate(zip(below, valid)):
        if not len(found) or len(found) < MINIMUM_GROUND * count:
            where = f" in frame {i}" if len(below) > 1 else ""
            raise ValueError(f"No ground is seen{where}: too few pixels below the camera face upward; {instead}.")
        levels.append(_lowest_level(found, count))
    camera_height, share = (torch.tensor(values).expand(len(pointmap)) for values in zip(*levels))
    log.info(
        "The ground lies %.3g below the camera, and %.0f %% of the pixels on it.", levels[0][0], 100 * levels[0][1]
    )
    return Ground(camera_height, share)


def _depths_of_level_surfaces(
    frame: Pointmap, world_from_camera: torch.Tensor, stride: int
) -> tuple[torch.Tensor, int]:
    """How far below the camera (N,) the pixels of a frame that face up lie, on the CPU, and how many pixels are valid."""
    normals = surface_normals(frame)
    down = world_from_camera.to(normals)[1]
    facing = -(normals[0, ::stride, ::stride] @ down)
    below = frame.points[0, ::stride, ::stride] @ down
    mask = frame.mask[0, ::stride, ::stride]
    return below[mask & (facing > LEVEL_COSINE) & (below > 0)].cpu(), int(mask.sum())


def _lowest_level(below: torch.Tensor, valid: int) -> tuple[float, float]:
    """The lowest of the well-filled levels among depths (N,) > 0 below the camera, and its share of `valid` pixels.

    A histogram of logarithms, so that the same relative noise spreads every level over as many bins, summed over the width
    of the band; then the median within the band about it, until it settles (mean shift with a median).
    """
    logarithm = below.double().log()
    lowest = logarithm.min()
    counts = torch.bincount(((logarithm - lowest) / HEIGHT_BIN).long())
    width = round(2 * LEVEL_BAND / HEIGHT_BIN)
    filled = torch.nn.functional.conv1d(
        counts[None, None].double(), torch.ones(1, 1, width + 1, dtype=torch.float64), padding=width // 2
    )[0, 0]
    well = torch.nonzero(filled >= LEVEL_SHARE * filled.max()).flatten()
    level = lowest + (float(well[-1]) + 0.5) * HEIGHT_BIN
    for _ in range(SETTLING_STEPS):
        inside = (logarithm - level).abs() <= LEVEL_BAND
        settled = logarithm[inside].median()
        if settled == level:
            break
        level = settled
    inside = (logarithm - level).abs() <= LEVEL_BAND
    return float(level.exp()), int(inside.sum()) / valid
