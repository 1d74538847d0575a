"""What is known of a clip, and one frame of it, in the terms that all ways of reading share."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType

import numpy

DEFAULT_FRAME_RATE = Fraction(24)
OLDEST_AV = 16  # 14 joins segments to videos that cannot be decoded


def import_av() -> ModuleType:
    """PyAV, imported when first needed: photos work without it."""
    try:
        import av
    except ImportError as error:
        raise ImportError(
            "Reading and writing video needs PyAV, which ComfyUI brings; install it with: pip install av"
        ) from error
    if int(av.__version__.split(".")[0]) < OLDEST_AV:
        raise ImportError(f"PyAV {av.__version__} is too old to write video here; update it with: pip install -U av")
    return av


@dataclass(frozen=True)
class ClipFacts:
    """What is known of a clip before its first frame is read.

    height, width  of the frames as they are shown, a camera's rotation applied
    frame_rate     frames a second, an average where the rate varies
    time_base      unit of the frames' times in seconds
    frames         how many there are; an estimate for video files, None where the file does not say
    has_sound      whether there is sound to copy
    """

    height: int
    width: int
    frame_rate: Fraction
    time_base: Fraction
    frames: int | None
    has_sound: bool


@dataclass(frozen=True)
class Frame:
    """One frame: its number from 0, its time in units of the clip's time base, its pixels (H, W, 3) uint8 RGB."""

    index: int
    time: int
    pixels: numpy.ndarray


@dataclass(frozen=True)
class Position:
    """The last frame that is done: its number and its time."""

    index: int
    time: int


def require_size(pixels: numpy.ndarray, facts: ClipFacts, name: str) -> None:
    """ValueError for a frame, called `name`, that has another size than the clip's first one."""
    if pixels.shape[:2] != (facts.height, facts.width):
        raise ValueError(
            f"{name} has {pixels.shape[1]} x {pixels.shape[0]} pixels and the first one "
            f"{facts.width} x {facts.height}; all frames of a clip must have one size."
        )
