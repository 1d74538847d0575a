"""What is said of people that were placed: numbers with units, and what to do where they do not fit."""

import pytest
from people import room_with, two_people

from sam3d_geometry.bodies.placement_report import PersonPlace, focal_disagreement
from sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics
from sam3d_geometry.geometry.transform import with_fov_x

FITS = {
    "person": 0, "track_id": 3, "frames": 2, "measured_frames": 2, "factor": 0.9, "stature_before_m": 1.8, "stature_m": 1.62,
    "inliers": 0.93, "residual_cm": 1.4, "ground_gap_cm": -0.5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {},
            "scale 0.900, 1.62 m tall (was 1.80), 93 % of its pixels on the scene, 1.4 cm from it, soles 0.5 cm below the",
        ),
        ({"inliers": 0.3}, "Few pixels fit"),
        ({"ground_gap_cm": 20.0}, "20.0 cm above the ground. That gap is wide"),
        ({"ground_gap_cm": None}, "1.4 cm from it."),
        ({"stature_m": 1.1}, "A child"),
        ({"residual_cm": None}, "not seen on the pointmap"),
    ],
)
def test_a_person_is_told_in_one_line(change, words):
    line = PersonPlace(**FITS | change).describe()
    assert words in line and "\n" not in line


def test_disagreement_is_that_of_the_vertical_fields_of_view():
    people = two_people(3)
    pointmap = room_with(people)
    assert focal_disagreement(people, pointmap) == pytest.approx(0, abs=1e-3)
    narrow = with_fov_x(pointmap, 40.0)
    wanted = (
        fov_degrees_from_intrinsics(pointmap.intrinsics)[1][0] - fov_degrees_from_intrinsics(narrow.intrinsics)[1][0]
    )
    assert focal_disagreement(people, narrow) == pytest.approx(float(wanted), abs=1e-3)
