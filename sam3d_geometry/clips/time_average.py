"""The way an average along motion goes over a clip: forward, and for zero lag backward too, from cut to cut."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from ..geometry.progress import OnProgress
from .plain_average import check_strength

CAUSAL, ZERO_LAG = DIRECTIONS_IN_TIME = ("causal", "zero lag")

SeenFrame = TypeVar("SeenFrame")
History = TypeVar("History")


def memory_of(strength: float) -> float:
    """Frames that the average reaches over: as many as a plain average of this strength weighs, 1 / (1 - strength)."""
    check_strength(strength)
    return 1 / (1 - strength)


def check_direction(direction: str) -> None:
    """ValueError for a direction that is not one of `DIRECTIONS_IN_TIME`."""
    if direction not in DIRECTIONS_IN_TIME:
        raise ValueError(f"Direction {direction!r} is not known; choose one of {', '.join(DIRECTIONS_IN_TIME)}.")


class TimeAverage(ABC, Generic[SeenFrame, History]):
    """Frames to be averaged, with what motion is seen in (`seen`, one for each frame), and the results so far."""

    def __init__(self, seen: Sequence[SeenFrame]):
        self.seen = seen

    @abstractmethod
    def step(self, index: int, before: SeenFrame | None, history: History | None) -> History:
        """The average after a frame: `history` is that of the frame before it in time's direction, `before` what was seen then.

        Both are None where a shot starts.
        """

    @abstractmethod
    def keep(self, index: int, forward: History) -> None:
        """Keeps the average after a frame as its result."""

    @abstractmethod
    def join(self, index: int, backward: History) -> None:
        """Adds the average from the other side to a frame's result, so that the frame itself counts once."""


def run_average(
    average: TimeAverage[SeenFrame, History],
    cuts: Sequence[bool],
    direction: str,
    start: tuple[SeenFrame | None, History | None] = (None, None),
    on_progress: OnProgress | None = None,
) -> History:
    """Runs an average over all frames, from what an earlier run ended with, and gives the history after the last frame.

    `cuts` say for each frame whether a shot starts with it. `on_progress(done, total)` may raise to stop.
    """
    frames = len(average.seen)
    total = frames * (2 if direction == ZERO_LAG else 1)

    def tell(done: int) -> None:
        if on_progress is not None:
            on_progress(done, total)

    before, history = start
    for i in range(frames):
        if cuts[i]:
            before = history = None
        history = average.step(i, before, history)
        before = average.seen[i]
        average.keep(i, history)
        tell(i + 1)
    if history is None:
        raise ValueError("A clip without frames came to be steadied; at least one frame is needed.")
    last = history
    if direction == ZERO_LAG:
        before = history = None
        for i in reversed(range(frames)):
            # a cut stands in front of its frame in one direction and behind it in the other
            if i + 1 < frames and cuts[i + 1]:
                before = history = None
            history = average.step(i, before, history)
            before = average.seen[i]
            average.join(i, history)
            tell(total - i)
    return last
