"""Stages that a clip's geometry runs through chunk by chunk, with a state that outlives the chunk and a kill.

A stage never holds its state itself: it is given one and returns the next, so that a reader can run ahead of the writer
and a job can go on from the state that belongs to the last frame on the disk.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy
import torch

from ..clips.align import AlignState, Keyframe, Placed, align_sequence
from ..clips.cuts import CUT_THRESHOLD
from ..clips.ego_motion import Motion, SolverFrame
from ..clips.flow import opencv_for_flow
from ..clips.frame_step import Steps
from ..clips.plain_average import TemporalState, smooth_pointmap
from ..clips.smooth_geometry import GeometryHistory, MotionState, smooth_along_motion
from ..clips.smooth_images import ImageMotionState
from ..clips.steady import AVERAGE, MOTION, OFF
from ..clips.validity import Validity
from ..estimate.edge_refinement import RefinedLevel, RefineState
from ..geometry.pointmap import Pointmap
from ..maps.depth import DepthRange, RangeState, adaptive_range

STATES = {
    kind.__name__: kind
    for kind in (
        AlignState,
        GeometryHistory,
        ImageMotionState,
        Keyframe,
        Motion,
        MotionState,
        Placed,
        RangeState,
        RefineState,
        RefinedLevel,
        SolverFrame,
        TemporalState,
        Validity,
    )
}


def pack(value: Any) -> Any:
    """A state as tensors and plain values in dicts, lists and tuples, to be saved."""
    if is_dataclass(value):
        return {"kind": type(value).__name__, **{f.name: pack(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, torch.Tensor):
        return value.cpu()
    if isinstance(value, numpy.ndarray):
        return {"kind": "array", "values": torch.from_numpy(value)}
    return tuple(pack(v) for v in value) if isinstance(value, tuple) else value


def unpack(packed: Any) -> Any:
    """The state again."""
    if isinstance(packed, dict):
        if packed["kind"] == "array":
            return packed["values"].numpy()
        return STATES[packed["kind"]](**{name: unpack(value) for name, value in packed.items() if name != "kind"})
    return tuple(unpack(p) for p in packed) if isinstance(packed, tuple) else packed


class Staged(NamedTuple):
    """A chunk's pointmap after a stage, the state after it, and what is known of the frames' motion then."""

    pointmap: Pointmap
    state: Any
    steps: Steps | None


class Stage(Protocol):
    """What a stage offers; `state` is None at the start of a clip."""

    name: ClassVar[str]  # of the step as `timings` tells of it
    follows_motion: ClassVar[bool]  # whether it takes steps

    def __call__(self, pointmap: Pointmap, state: Any, steps: Steps | None = None) -> Staged:
        """The chunk's pointmap, worked over, and the state after it; `steps` are what is known of its frames' motion."""
        ...

    def fingerprint(self) -> dict:
        """Name and settings as plain values: jobs with other ones do not go on from each other's states."""
        ...


@dataclass(frozen=True)
class Smooth:
    """The exponential moving average of `temporal.smooth_pointmap` over the clip."""

    strength: float = 0.3
    cut_threshold: float = CUT_THRESHOLD
    name: ClassVar[str] = "average"
    follows_motion: ClassVar[bool] = False

    def __call__(self, pointmap: Pointmap, state: TemporalState | None, steps: Steps | None = None) -> Staged:
        return Staged(*smooth_pointmap(pointmap, self.strength, state, self.cut_threshold), steps)

    def fingerprint(self) -> dict:
        return {"stage": "smooth", **asdict(self)}


@dataclass(frozen=True)
class Align:
    """One scale from cut to cut, frame by frame: `align.align_sequence` as a stream."""

    one_focal: bool = True
    cut_threshold: float = CUT_THRESHOLD
    name: ClassVar[str] = "align"
    follows_motion: ClassVar[bool] = True

    def __call__(self, pointmap: Pointmap, state: AlignState | None, steps: Steps | None = None) -> Staged:
        aligned, state, done = align_sequence(
            pointmap,
            state,
            one_focal=self.one_focal,
            cut_threshold=self.cut_threshold,
            streaming=True,
            measure=False,
            steps=steps,
        )
        return Staged(aligned, state, done.steps)

    def fingerprint(self) -> dict:
        return {"stage": "align", **asdict(self)}


@dataclass(frozen=True)
class SmoothAlongMotion:
    """The average along motion of `motion_smoothing.smooth_along_motion` over the clip."""

    strength: float = 0.8
    cut_threshold: float = CUT_THRESHOLD
    name: ClassVar[str] = "smoothing"
    follows_motion: ClassVar[bool] = True

    def __call__(self, pointmap: Pointmap, state: MotionState | None, steps: Steps | None = None) -> Staged:
        smoothed = smooth_along_motion(pointmap, self.strength, state, cut_threshold=self.cut_threshold, steps=steps)
        return Staged(*smoothed, steps)

    def fingerprint(self) -> dict:
        return {"stage": "smooth along motion", **asdict(self)}


@dataclass(frozen=True)
class AdaptiveRange:
    """The range of depths to show, which follows the frames; it leaves the geometry alone."""

    clip_percent: float = 0.5

    def __call__(self, pointmap: Pointmap, state: RangeState | None) -> tuple[DepthRange, RangeState]:
        return adaptive_range(pointmap, state, self.clip_percent)

    def fingerprint(self) -> dict:
        return {"stage": "adaptive range", **asdict(self)}


STREAM_STEADYINGS = (MOTION, AVERAGE, OFF)  # a stream sees no later frames


def steadying(steady_by: str, strength: float, one_camera: bool = True) -> list[Stage]:
    """The stages that steady a clip: by motion aligns it and averages along motion, by average averages at fixed pixels."""
    if steady_by not in STREAM_STEADYINGS:
        raise ValueError(f"Input steady_by came as {steady_by!r}; choose one of {', '.join(STREAM_STEADYINGS)}.")
    if steady_by == MOTION:
        opencv_for_flow()  # before a clip is begun
        return [Align(one_camera), SmoothAlongMotion(strength)]
    return [Smooth(strength)] if steady_by == AVERAGE and strength else []
