"""The numbers in the names of frames are their times, as far as they are frame numbers."""

from pathlib import Path

import pytest

from sam3d_geometry.video.frame_numbers import frame_times, last_number, spread_evenly


def files(*numbers, name="shot.{:04d}"):
    return [Path("frames") / (name.format(n) + ".png") for n in numbers]


@pytest.mark.parametrize(
    ("given", "times", "said"),
    [
        (files(7), [0], None),
        (files(7, 8, 9), [0, 1, 2], None),
        (files(1001, 1003, 1004), [0, 2, 3], "(1002); the frame before them stays on in their place"),
        (files(1, 2, 6, 7, 11), [0, 1, 5, 6, 10], "(3 to 5, 8 to 10)"),
        (files(10, 20, 30), [0, 1, 2], "Only every 10th number is there"),
        (files(10, 20, 40), [0, 1, 3], "(30)"),
        (files(1, 2, 900, 901), [0, 1, 2, 3], "too many for frames; the frames follow each other"),
        (files(*range(0, 40, 3), 40), [*range(0, 40, 3), 40], "(1 to 2, 4 to 5, 7 to 8, 10 to 11, 13 to 14 and 8 gaps more)"),
        ([Path("a_1.png"), Path("b_5.png")], [0, 1], None),
        ([Path("1.png"), Path("01.png"), Path("3.png")], [0, 1, 2], None),
        ([Path("a.png"), Path("b.png")], [0, 1], None),
    ],
)  # fmt: skip
def test_times(given, times, said):
    found = frame_times(given)
    assert found.times == times
    assert found.note is None if said is None else said in found.note


@pytest.mark.parametrize(
    ("count", "length", "wanted"), [(1, 9, [4]), (3, 9, [1, 4, 7]), (2, 1, [0]), (4, 3, [0, 1, 2]), (3, 0, [])]
)
def test_a_few_frames_lie_in_the_middle_of_equal_parts(count, length, wanted):
    assert spread_evenly(count, length) == wanted


def test_the_last_number_counts():
    assert last_number(Path("take2_0123.final.png")) == 123
    assert last_number(Path("take.png")) is None
