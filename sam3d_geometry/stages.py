"""Stages that a clip's geometry runs through chunk by chunk, with a state that outlives the chunk and a kill.

A stage never holds its state itself: it is given one and returns the next, so that a reader can run ahead of the writer
and a job can go on from the state that belongs to the last frame on the disk.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

from .cuts import CUT_THRESHOLD
from .pointmap import Pointmap
from .temporal import TemporalState, smooth_pointmap


class Stage(Protocol):
    """What a stage offers; `state` is None at the start of a clip."""

    def __call__(self, pointmap: Pointmap, state: Any) -> tuple[Pointmap, Any]:
        """The chunk's pointmap, worked over, and the state after it."""

    def pack(self, state: Any) -> Any:
        """A state as tensors and plain values in dicts, lists and tuples, to be saved."""

    def unpack(self, packed: Any) -> Any:
        """The state again."""

    def fingerprint(self) -> dict:
        """Name and settings as plain values: jobs with other ones do not go on from each other's states."""


@dataclass(frozen=True)
class Smooth:
    """The exponential moving average of `temporal.smooth_pointmap` over the clip."""

    strength: float = 0.3
    cut_threshold: float = CUT_THRESHOLD

    def __call__(self, pointmap: Pointmap, state: TemporalState | None) -> tuple[Pointmap, TemporalState]:
        return smooth_pointmap(pointmap, self.strength, state, self.cut_threshold)

    def pack(self, state: TemporalState) -> dict:
        return {"value": tuple(v.cpu() for v in state.value), "look": state.look.cpu(), "size": tuple(state.size)}

    def unpack(self, packed: dict) -> TemporalState:
        return TemporalState(tuple(packed["value"]), packed["look"], tuple(packed["size"]))

    def fingerprint(self) -> dict:
        return {"stage": "smooth", **asdict(self)}
