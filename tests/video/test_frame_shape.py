"""Every orientation against the matrix that stands for it."""

import itertools
from types import SimpleNamespace

import numpy
import pytest

from sam3d_geometry.video.frame_shape import DISPLAY_MATRIX, StoredOrientation


def framed(a, b, c, d):
    matrix = numpy.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], numpy.int32)
    return SimpleNamespace(side_data=[_Data("SEI", b""), _Data(DISPLAY_MATRIX, matrix.tobytes())])


class _Data:
    def __init__(self, name, content):
        self.type, self._content = SimpleNamespace(name=name), content

    def __bytes__(self):
        return self._content


@pytest.mark.parametrize("signs", list(itertools.product((1, -1), repeat=2)))
@pytest.mark.parametrize("is_transposed", [False, True])
@pytest.mark.parametrize("tilt", [0, 3000])
def test_every_pixel_goes_where_the_matrix_sends_it(signs, is_transposed, tilt):
    first, second = (sign << 16 for sign in signs)
    matrix = (tilt, first, second, -tilt) if is_transposed else (first, tilt, -tilt, second)
    stored = numpy.arange(6).reshape(2, 3, 1)
    orientation = StoredOrientation.of(framed(*matrix))
    seen = orientation.turned(stored)
    assert seen.shape[:2] == orientation.size(2, 3)
    a, b, c, d = (round(number / 65536) for number in matrix)
    places = {(a * x + c * y, b * x + d * y): stored[y, x, 0] for y in range(2) for x in range(3)}
    left, top = (min(place[axis] for place in places) for axis in (0, 1))
    for (x, y), value in places.items():
        assert seen[y - top, x - left, 0] == value


def test_without_a_matrix_it_stays():
    assert StoredOrientation.of(SimpleNamespace(side_data=[])) == StoredOrientation()
