"""Pixels that are not square: pictures of anamorphic lenses and old tapes, and their size as the camera saw them."""

from __future__ import annotations

from fractions import Fraction

SQUARE = Fraction(1)
MOST_STRETCH = 4  # anamorphic lenses and tapes stay within 2; damaged headers claim thousands


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
