"""How a decoded frame becomes a picture as it is meant to be seen: of square pixels, turned and mirrored as the file says."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy

SQUARE = Fraction(1)
MOST_STRETCH = 4  # anamorphic lenses and tapes stay within 2; damaged headers claim thousands
DISPLAY_MATRIX = "DISPLAYMATRIX"


def pixel_aspect_of(given: Fraction | None) -> Fraction:
    """Width of a pixel over its height by what a file says; 1 where it says nothing or nothing credible."""
    if not given or not Fraction(1, MOST_STRETCH) <= given <= MOST_STRETCH:
        return SQUARE
    return Fraction(given)


def square_size(height: int, width: int, pixel_aspect: Fraction) -> tuple[int, int]:
    """(height, width) of a picture in square pixels: the side that its pixels are longer along is stretched, so no pixel is lost."""
    if pixel_aspect >= 1:
        return height, round(width * pixel_aspect)
    return round(height / pixel_aspect), width


@dataclass(frozen=True)
class StoredOrientation:
    """How a stored picture is turned to be seen: first its sides change places, then it is mirrored left-right or upside down."""

    is_transposed: bool = False
    flips_x: bool = False
    flips_y: bool = False

    @staticmethod
    def of(frame) -> StoredOrientation:
        """The nearest orientation to the display matrix of a decoded frame (FFmpeg's libavutil/display.h); as stored without one."""
        content = next((bytes(data) for data in frame.side_data if data.type.name == DISPLAY_MATRIX), None)
        if content is None:
            return StoredOrientation()
        # x' = a x + c y and y' = b x + d y, in fixed point
        a, b, _, c, d = numpy.frombuffer(content, numpy.int32)[:5].tolist()
        if abs(b) + abs(c) > abs(a) + abs(d):
            return StoredOrientation(True, c < 0, b < 0)
        return StoredOrientation(False, a < 0, d < 0)

    def size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) as seen of a stored picture, and as stored of one that is seen."""
        return (width, height) if self.is_transposed else (height, width)

    def turned(self, pixels: numpy.ndarray) -> numpy.ndarray:
        """Stored pixels (H, W, C) as they are seen."""
        if self == StoredOrientation():
            return pixels
        seen = pixels.swapaxes(0, 1) if self.is_transposed else pixels
        return numpy.ascontiguousarray(seen[:: -1 if self.flips_y else 1, :: -1 if self.flips_x else 1])
