"""How a decoded frame is turned and mirrored to be seen, as its file says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

DISPLAY_MATRIX = "DISPLAYMATRIX"


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
