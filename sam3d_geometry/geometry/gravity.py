"""Which way is up: a levelled world frame from the planes of a pointmap and the lines of its picture, or from given angles."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import Any

import torch

from .kept import KEPT
from .picture_lines import line_planes, log_lines
from .plane_patches import plane_patches
from .pointmap import Pointmap
from .rotations import rotation_from_degrees
from .unrefined import as_estimated
from .up_evidence import Planes, directions_grid, find_planes, log_planes, log_prior

log = logging.getLogger(__name__)

FRAMES_FOR_UP = 12  # of a clip whose frames share one direction, evenly spaced: they see the same ground
COMPARED_DIRECTIONS = 24  # of the likeliest directions whose neighbourhoods are compared
HYPOTHESIS = math.radians(9)  # directions this near belong to the same finding
SURE_WITHIN = math.radians(6)  # the confidence is the probability that up lies this near
REFINED_WITHIN = math.radians(7)  # planes this near to level or upright say exactly where up is
FADES_BEYOND = math.radians(1.5)  # beyond it a patch's say fades
LEVEL_PULL = 1e-4  # of the level camera, which decides what nothing else does
LYING, STANDING, LINES = 3.0, 1.0, 0.5  # how far a patch or all lines count when up is made exact
WORDS = ((0.8, "sure"), (0.5, "likely"), (0.25, "doubtful"), (0.0, "a guess"))  # least confidence -> word
DOUBTFUL = 0.5  # the log warns below it


@dataclass(frozen=True)
class Up:
    """Which way is up in every frame, and how sure that is.

    world_from_camera  (B, 3, 3) from OpenCV camera axes to a levelled world: x right, y down along gravity, z forward
    confidence         (B,) probability, 0 to 1, that it is right within 6 degrees
    """

    world_from_camera: torch.Tensor
    confidence: torch.Tensor

    def word(self, frame: int = 0) -> str:
        """How sure the finding of a frame is, in a word."""
        return next(word for least, word in WORDS if float(self.confidence[frame]) >= least)

    def angles(self, frame: int = 0) -> tuple[float, float]:
        """Degrees by which the camera looks up, and is turned clockwise, in a frame."""
        x, y, z = (-self.world_from_camera[frame, 1]).tolist()
        return math.degrees(math.asin(max(-1.0, min(1.0, z)))), math.degrees(math.atan2(-x, -y))

    def record(self, frame: int = 0) -> dict[str, Any]:
        """A frame as JSON holds it: the rotation, the confidence, and both in words."""
        return {
            "world_from_camera": self.world_from_camera[frame].tolist(),
            "up_confidence": round(float(self.confidence[frame]), 3),
            "up": self.describe(frame),
        }

    def describe(self, frame: int = 0) -> str:
        """One line about a frame: how the camera was held, and how sure that is."""
        pitch, roll = self.angles(frame)
        sure = f"{self.word(frame)}, confidence {float(self.confidence[frame]):.2f}"
        return (
            f"camera looks {'up' if pitch >= 0 else 'down'} by {abs(pitch):.1f} degrees, rolled by {roll:.1f} ({sure})"
        )


def world_from_pitch_roll(pitch_degrees: float, roll_degrees: float, frames: int = 1) -> torch.Tensor:
    """Rotation (B, 3, 3) from OpenCV camera axes to a levelled world (x right, y down along gravity, z forward).

    `pitch_degrees` is how far the camera looks up, `roll_degrees` how far it is turned clockwise about its view axis.
    """
    return rotation_from_degrees(0, pitch_degrees, roll_degrees).float().expand(frames, 3, 3).clone()


def world_from_up(up: torch.Tensor) -> torch.Tensor:
    """Unit up directions (B, 3) in OpenCV camera axes -> world_from_camera (B, 3, 3) that keeps the camera's heading.

    A camera that looks straight down or up has no heading: then the top of its picture is ahead, or behind.
    """
    down = -up
    forward = torch.zeros_like(down)
    forward[:, 2] = 1
    steep = (up[:, 2].abs() > 1 - 1e-6)[:, None]
    forward = torch.where(steep, up[:, 2:].sign() * torch.tensor([0.0, 1.0, 0.0]).to(up), forward)
    forward = torch.nn.functional.normalize(forward - (forward * down).sum(-1, keepdim=True) * down, dim=-1)
    right = torch.linalg.cross(down, forward)
    return torch.stack([right, down, forward], 1)


def _exact_up(up: torch.Tensor, planes: Planes, lines: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The unit vector near `up` (3,) that is nearest to parallel to what lies and square to what stands and to lines (M, 3).

    Weighted least squares with weights that fade with the angle (iteratively): the largest eigenvector of a 3 x 3 matrix.
    Each plane has one normal: the scatter of a single wall's own patches must not decide about the roll.
    """
    level = up.new_tensor([0.0, -1.0, 0.0])
    for _ in range(8):
        standing = torch.asin((planes.normals @ up).clamp(-1, 1)).abs()
        matrix = LEVEL_PULL * level[:, None] * level
        for angle, sign in ((math.pi / 2 - standing, LYING), (standing, -STANDING)):
            weight = (
                sign * planes.share * planes.flat / (1 + (angle / FADES_BEYOND) ** 2) ** 2 * (angle < REFINED_WITHIN)
            )
            matrix = matrix + (planes.normals * weight[:, None]).T @ planes.normals
        off = torch.asin((lines @ up).clamp(-1, 1)).abs()
        weight = LINES * weights / (1 + (off / FADES_BEYOND) ** 2) ** 2 * (off < REFINED_WITHIN)
        matrix = matrix - (lines * weight[:, None]).T @ lines
        better = torch.linalg.eigh(matrix).eigenvectors[:, -1]
        up = better * torch.sign(better @ up)
    return up


def _likeliest(frames: Pointmap, source: str) -> tuple[torch.Tensor, float]:
    """Up (3,) by the planes and the pictures of frames that share it, and its probability."""
    lines, weights = line_planes(frames)
    seen = as_estimated(frames)
    grid, planes = directions_grid(), find_planes(plane_patches(seen, source), seen)
    score = log_prior(grid) + log_planes(grid, planes) + log_lines(grid, lines, weights)
    probability = torch.softmax(score, 0)
    best = score.topk(COMPARED_DIRECTIONS).indices
    cosine = grid[best] @ grid.T
    start = best[((cosine > math.cos(HYPOTHESIS)) * probability).sum(1).argmax()]
    near = grid @ grid[start] > math.cos(HYPOTHESIS)
    start = torch.where(near, score, -torch.inf).argmax()
    up = grid[start]
    if not len(planes.share) and not len(lines):
        up = up.new_tensor([0.0, -1.0, 0.0])
    else:
        exact = _exact_up(up, planes, lines, weights)
        up = exact if float(exact @ up) > math.cos(HYPOTHESIS) else up
    return up, float(probability[grid @ up > math.cos(SURE_WITHIN)].sum())


def find_up(pointmap: Pointmap, shared: bool = True, source: str = "auto") -> Up:
    """Which way is up in a pointmap's frames: one direction for all of them when `shared`, so that a clip does not flicker.

    `source` is that of `normals_from_pointmap`. Where nothing tells, the camera is level and the confidence is low.
    """
    count = len(pointmap)
    if shared:
        chosen = torch.linspace(0, count - 1, min(count, FRAMES_FOR_UP)).round().long().tolist()
        groups = [chosen]
    else:
        groups = [[i] for i in range(count)]
    asked = sorted({i for group in groups for i in group})
    read = pointmap if len(asked) == count else pointmap[asked]
    found = KEPT.of(
        pointmap, ("up", shared, source), read, lambda: [_likeliest(pointmap[group], source) for group in groups]
    )
    up = torch.stack([direction for direction, _ in found])
    confidence = torch.tensor([sure for _, sure in found])
    rotation = world_from_up(up).float().to(pointmap.device).expand(count, 3, 3)
    result = Up(rotation, confidence.expand(count))
    worst = int(confidence.argmin())
    tell = log.warning if float(confidence[worst]) < DOUBTFUL else log.info
    tell("Which way is up: %s.", result.describe(worst))
    return result


def level_world(pointmap: Pointmap, shared: bool = True, source: str = "auto") -> torch.Tensor:
    """The rotation world_from_camera (B, 3, 3) of a pointmap's frames; see `find_up`."""
    return find_up(pointmap, shared, source).world_from_camera
