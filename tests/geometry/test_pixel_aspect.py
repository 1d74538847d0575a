"""Square pixels: sizes by hand."""

from fractions import Fraction

import pytest

from sam3d_geometry.geometry.pixel_aspect import pixel_aspect_of, square_size


@pytest.mark.parametrize(
    ("given", "aspect"),
    [(None, 1), (Fraction(0), 1), (Fraction(64, 45), Fraction(64, 45)), (Fraction(1, 3000), 1), (Fraction(5), 1), (Fraction(2), 2)],
)  # fmt: skip
def test_only_credible_aspects_count(given, aspect):
    assert pixel_aspect_of(given) == aspect


@pytest.mark.parametrize(
    ("aspect", "size"), [(Fraction(2), (10, 40)), (Fraction(1, 2), (20, 20)), (Fraction(1), (10, 20))]
)
def test_the_longer_side_of_a_pixel_is_stretched(aspect, size):
    assert square_size(10, 20, aspect) == size
