"""What live graphs keep from run to run: the state of each named stream, and the inputs that name it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from comfy_api.latest import io

from .fields import field

_MAX_STREAMS = 32  # a stream holds a frame or two


class Streams:
    """The states of named streams; the stream unused for longest goes when there are too many."""

    def __init__(self, capacity: int = _MAX_STREAMS):
        self._capacity = capacity
        self._states: OrderedDict[tuple[str, str], Any] = OrderedDict()

    def recall(self, kind: str, stream: str, restart: bool) -> Any | None:
        """What a stream's last run of this kind of node left, or None."""
        return None if restart or not stream else self._states.get((kind, stream))

    def remember(self, kind: str, stream: str, state: Any) -> None:
        """Keeps a stream's state for its next run; nothing without a name."""
        if not stream:
            return
        self._states[kind, stream] = state
        self._states.move_to_end((kind, stream))
        while len(self._states) > self._capacity:
            self._states.popitem(last=False)


STREAMS = Streams()


def stream_inputs() -> list[io.Input]:
    """How cuts are found, and the name under which a live graph continues from run to run."""
    return [
        field(
            "cut_threshold",
            "How different two frames must look to count as a cut, where everything starts again (0 to 1; 1 never).",
            is_advanced=True,
        ),
        field(
            "stream",
            "A name under which the last frame is kept for the next run, for live graphs that run frame by frame. Empty: no run "
            "knows of an earlier one. Two nodes of one kind need two names.",
            is_advanced=True,
        ),
        field("restart", "On: forgets the stream's last frame.", is_advanced=True),
    ]


def steady_inputs() -> list[io.Input]:
    """How a clip is steadied and how strongly."""
    return [
        field(
            "steady_by",
            "motion: averages follow the motion, so nothing ghosts. motion both ways: later frames count too, steadier and "
            "without lag (one way in a stream). average: each pixel with the same pixel of earlier frames.",
            options=("motion both ways", "motion", "average"),
        ),
        field(
            "strength",
            "Weight of earlier frames (0 off, 0.95 strongest). Averages span about 1 / (1 - strength) frames: 0.8 is 5 frames. "
            "With average take less, such as 0.3: it smears what moves.",
        ),
    ]
