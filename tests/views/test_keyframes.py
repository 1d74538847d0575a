"""Keyframes: even steps of a moving picture, the sharp ones of them, none of a still or shaken one, and not too many."""

import numpy
import pytest

pytest.importorskip("cv2")

from sam3d_geometry.views.keyframes import KeyframePicker, KeyframeSettings, sharpness

WIDE = (numpy.kron(numpy.random.default_rng(0).random((14, 60)), numpy.ones((8, 8))) * 255).astype(numpy.uint8)


def frames(shifts, blurred=()):
    import cv2

    for k, shift in enumerate(shifts):
        grey = numpy.ascontiguousarray(WIDE[:, round(shift) : round(shift) + 160])
        yield k, cv2.GaussianBlur(grey, (0, 0), 3) if k in blurred else grey


def picked(shifts, blurred=(), **settings):
    picker = KeyframePicker(KeyframeSettings(**settings))
    for index, grey in frames(shifts, blurred):
        picker.offer(index, grey)
    return [frame.index for frame in picker.chosen()]


def test_a_pan_gives_even_steps():
    found = picked(numpy.arange(60) * 2.0, step=0.1)
    steps = numpy.diff(found) * 2.0 / 160
    assert 6 <= len(found) <= 11 and (steps > 0.06).all() and (steps < 0.14).all()


def test_the_sharp_ones_are_taken():
    blurred = {k for k in range(60) if k % 4}
    assert set(picked(numpy.arange(60) * 2.0, blurred, step=0.1)) & blurred == set()
    sharp, soft = (next(iter(frames([0], which)))[1] for which in ((), (0,)))
    assert sharpness(sharp) > 4 * sharpness(soft)


def test_nothing_moves_or_the_camera_shakes_on_the_spot():
    assert picked(numpy.zeros(20)) == [0]
    assert len(picked(numpy.tile([0.0, 4.0], 20), step=0.1)) == 1


def test_of_many_so_many_are_left_along_the_way():
    found = picked(numpy.arange(100) * 2.0, step=0.03, most=5)
    assert len(found) == 5 and found[0] < 4 and found[-1] > 90
    assert numpy.diff(found).min() > 15
    with pytest.raises(ValueError, match="1 keyframes were asked for; at least 2 are needed"):
        KeyframeSettings(most=1)
