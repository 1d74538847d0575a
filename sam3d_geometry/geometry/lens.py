"""The horizontal field of view of a photo from what is known of its lens."""

from __future__ import annotations

import math

from .camera import fov_x_degrees_from_focal_mm, fov_x_degrees_from_focal_pixels
from .resize import Size

FOCAL_MM, EQUIVALENT, FOCAL_PIXELS = LENS_KINDS = ("focal mm", "35 mm equivalent", "focal pixels")
FULL_FRAME_DIAGONAL_MM = math.hypot(36, 24)  # what "35 mm equivalent" is measured by (CIPA DCG-001)


def fov_x_degrees_of_lens(
    kind: str, *, focal_mm: float = 0.0, sensor_width_mm: float = 0.0, focal_pixels: float = 0.0, size: Size = (0, 0)
) -> float:
    """Horizontal field of view in degrees of a photo of `size` (height, width) in pixels, by one of LENS_KINDS.

    A 35 mm equivalent is the focal length that gives the same diagonal field of view on 36 x 24 mm (CIPA DCG-001), so that a
    photo of 4:3 has a narrower sensor than 36 mm. ValueError where a number that the kind needs is not there.
    """
    if kind not in LENS_KINDS:
        raise ValueError(f"Input lens_kind came as {kind!r}; choose one of {', '.join(LENS_KINDS)}.")
    height, width = size
    if kind == FOCAL_PIXELS:
        if width < 1:
            raise ValueError("A focal length in pixels needs the photo's width; wire the photo to image, or set width.")
        return fov_x_degrees_from_focal_pixels(focal_pixels, width)
    if kind == EQUIVALENT:
        if min(size) < 1:
            raise ValueError(
                "A 35 mm equivalent needs the photo's shape; wire the photo to image, or set width and height."
            )
        sensor_width_mm = FULL_FRAME_DIAGONAL_MM * width / math.hypot(width, height)
    return fov_x_degrees_from_focal_mm(focal_mm, sensor_width_mm)
