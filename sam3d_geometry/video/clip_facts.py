"""What is known of a clip, and one frame of it, in the terms that all ways of reading share."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from types import ModuleType

import numpy

from ..geometry.pixel_aspect import SQUARE, square_size

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

    height, width  of the frames in pixels as they are stored, upright: the size of what is written
    frame_rate     frames a second, an average where the rate varies
    time_base      unit of the frames' times in seconds
    frames         how many there are; an estimate for video files, None where the file does not say
    has_sound      whether there is sound to copy
    pixel_aspect   width of a pixel over its height as they are seen; not 1 in anamorphic clips
    has_alpha      whether frames come with their alpha as a fourth channel
    notes          sentences about what is unusual in the clip and what is done about it
    """

    height: int
    width: int
    frame_rate: Fraction
    time_base: Fraction
    frames: int | None
    has_sound: bool
    pixel_aspect: Fraction = SQUARE
    has_alpha: bool = False
    notes: tuple[str, ...] = ()

    @property
    def camera_size(self) -> tuple[int, int]:
        """(height, width) of the frames in square pixels, in which they are read."""
        return square_size(self.height, self.width, self.pixel_aspect)


@dataclass(frozen=True)
class Frame:
    """One frame: its number from 0, its time in units of the clip's time base, and its square pixels.

    pixels  (h, w, 3) RGB in sRGB, or (h, w, 4) where the clip has alpha; uint8, or float32 in [0, 1], the same in all of a clip
    """

    index: int
    time: int
    pixels: numpy.ndarray


@dataclass(frozen=True)
class Position:
    """The last frame that is done: its number and its time."""

    index: int
    time: int


def require_size(size: tuple[int, ...], first: tuple[int, ...], name: str, first_name: str = "the first one") -> None:
    """ValueError for a frame of (height, width), called `name`, that has another size than the clip's `first`."""
    if size[:2] != first[:2]:
        raise ValueError(
            f"{name} has {size[1]} x {size[0]} pixels and {first_name} {first[1]} x {first[0]}; all frames of a clip must "
            "have one size: resize them, or leave those of other sizes out."
        )
