"""A photo cut out beside its middle is told by the points that others place, and photos that were not cut are not."""

from dataclasses import replace

import numpy
import posed_points
import pytest

from sam3d_geometry.views.bundle import Rules
from sam3d_geometry.views.lenses import FoundLens
from sam3d_geometry.views.off_middle import off_middles
from sam3d_geometry.views.solving import Solved

MIDDLE = numpy.array([0.15, -0.1])  # in focal lengths


def solved(off, noise=0.3):
    """The scene as it was made, with the places of the third view measured from another middle."""
    scene, seen = posed_points.scene(4, 150)
    places = seen.place + numpy.random.default_rng(1).normal(0, noise, seen.place.shape)
    places[seen.view == 2] -= posed_points.FOCAL * off
    nothing = numpy.zeros(4)
    return Solved(
        group=[3, 5, 7, 9],
        scene=scene,
        seen=replace(seen, place=places),
        rules=Rules(1.0, numpy.zeros((1, 2)), numpy.zeros(1)),
        tracks_of=nothing,
        fit=nothing,
        spreads=numpy.zeros((4, 2)),
        focal_spreads=numpy.zeros(1),
        lenses=[FoundLens((3, 5, 7, 9), 0.9, 0.1)],
    )


def test_the_middle_of_a_cut_photo_is_found():
    found = off_middles(solved(MIDDLE))
    assert list(found) == [7]
    numpy.testing.assert_allclose(found[7], -MIDDLE, atol=0.02)


@pytest.mark.parametrize("off", [0.0, 0.01], ids=["whole", "nearly whole"])
def test_photos_that_were_not_cut_stay(off):
    assert off_middles(solved(numpy.array([off, 0.0]))) == {}
