"""Keyframes of a clip: few frames that overlap enough to be matched, lie far enough apart to measure depth, and are sharp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy

from ..clips.flow import opencv_for_flow, optical_flow

KEYFRAME_LONG_EDGE = 320  # pixels of the pictures in which motion and sharpness are measured
MOVING = 0.75  # share of the picture
STAYED = 0.25  # of a step: a picture that is nearer to the last keyframe shows the same


@dataclass(frozen=True)
class KeyframeSettings:
    """most: frames that are taken. step: of the long edge, by which the picture moves from one to the next. room: share
    of that step within which the sharpest frame is taken."""

    most: int = 24
    step: float = 0.08
    room: float = 0.3

    def __post_init__(self) -> None:
        if self.most < 2:
            raise ValueError(f"{self.most} keyframes were asked for; at least 2 are needed.")


@dataclass(frozen=True)
class Keyframe:
    """Number of a frame, its sharpness, and how far the picture had moved to it since the first, in long edges."""

    index: int
    sharpness: float
    way: float


def sharpness(grey: numpy.ndarray) -> float:
    """Variance of the Laplacian of a picture (H, W) uint8: less where it is blurred by motion or focus."""
    cv2 = opencv_for_flow()
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


class KeyframePicker:
    """Is offered the frames of a clip one after the other, small and grey, and keeps those that become keyframes.

    Motion is added up from frame to frame, since flow does not follow an object that has turned far: MOVING of the picture moves
    by less. Of the frames about a step on the sharpest is taken, unless the picture is back where it was. Of a clip that gives
    more than `most` they are thinned evenly along the way.
    """

    def __init__(self, settings: KeyframeSettings | None = None):
        self.settings = settings or KeyframeSettings()
        self._taken: list[Keyframe] = []
        self._last = self._before = numpy.zeros((0, 0), numpy.uint8)
        self._way = 0.0
        self._about: list[tuple[Keyframe, numpy.ndarray]] = []

    def offer(self, index: int, grey: numpy.ndarray) -> None:
        """A frame (H, W) uint8 of at most KEYFRAME_LONG_EDGE."""
        if self._before.shape == grey.shape:
            self._way += _motion(self._before, grey)
        self._before, frame = grey, Keyframe(index, sharpness(grey), self._way)
        if not self._taken or self._last.shape != grey.shape:
            self._take(frame, grey)
            return
        step, room = self.settings.step, self.settings.room
        since = self._way - self._taken[-1].way
        if len(self._taken) == 1 and self._way < step * room and frame.sharpness > self._taken[0].sharpness:
            self._taken = []  # a sharper first one
            self._take(frame, grey)
        elif since >= step * (1 - room):
            self._about.append((frame, grey))
            if since >= step * (1 + room):
                self._settle()

    def _take(self, frame: Keyframe, grey: numpy.ndarray) -> None:
        self._taken.append(frame)
        self._last, self._about = grey, []

    def _settle(self) -> None:
        about = self._about
        frame, grey = max(about, key=lambda entry: entry[0].sharpness)
        if _motion(self._last, grey) >= self.settings.step * STAYED:
            self._take(frame, grey)
            least = frame.way + self.settings.step * (1 - self.settings.room)
            self._about = [entry for entry in about if entry[0].way >= least]  # of which the next one may be taken
        else:  # the camera shook, and is where it was
            self._taken[-1] = replace(self._taken[-1], way=frame.way)
            self._about = []

    def chosen(self) -> list[Keyframe]:
        """The keyframes so far, in order; one for a clip in which nothing moves."""
        while self._about:
            self._settle()
        return list(_thinned(self._taken, self.settings.most))


def _motion(before: numpy.ndarray, after: numpy.ndarray) -> float:
    """Length in long edges by which MOVING of the picture moves at most."""
    return float(optical_flow(before, after).norm(dim=-1).quantile(MOVING)) / max(after.shape)


def _thinned(frames: list[Keyframe], most: int) -> Iterator[Keyframe]:
    if len(frames) <= most:
        yield from frames
        return
    ways = numpy.array([frame.way for frame in frames])
    wanted = numpy.linspace(ways[0], ways[-1], most)
    yield from (frames[at] for at in sorted({int(numpy.abs(ways - way).argmin()) for way in wanted}))
