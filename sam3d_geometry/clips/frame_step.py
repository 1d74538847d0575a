"""How a frame follows from an earlier one: found once, for all that steadies a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy

from .ego_motion import Match, Motion
from .flow import followed


@dataclass(frozen=True)
class FrameStep:
    """What is known of how a frame follows from the one `before` it, given by its luminance (H, W) uint8.

    match   where the frame's pixels were
    motion  of the camera, from the frame's axes to those of the one before, in the unit of their depths; None where it was not
            solved, or too little was seen
    """

    before: numpy.ndarray
    match: Match
    motion: Motion | None = None

    def is_from(self, before: numpy.ndarray) -> bool:
        """Whether this is the step from a frame of this luminance."""
        return numpy.array_equal(self.before, before)

    def scaled(self, unit: float) -> FrameStep:
        """The same in a unit that is so many times as small."""
        motion = self.motion and Motion(self.motion.rotation, self.motion.translation * unit)
        return replace(self, motion=motion)


Steps = Sequence[FrameStep | None]  # of B frames; None where nothing is known


def step_from(steps: Steps | None, index: int, before: numpy.ndarray) -> FrameStep | None:
    """The step of a frame from one of this luminance; None where another one, or none, is known."""
    return None if steps is None else if_from(steps[index], before)


def if_from(step: FrameStep | None, before: numpy.ndarray) -> FrameStep | None:
    """The step, where it is known and from a frame of this luminance."""
    return step if step is not None and step.is_from(before) else None


def followed_steps(greys: numpy.ndarray, before: numpy.ndarray | None) -> Steps:
    """The steps of frames of luminance (B, H, W) uint8 from the one before each, the first from `before` where there is one."""
    steps: list[FrameStep | None] = []
    for grey in greys:
        if before is None or before.shape != grey.shape:
            steps.append(None)
        else:
            steps.append(FrameStep(before, Match(*followed(grey, before))))
        before = grey
    return tuple(steps)
