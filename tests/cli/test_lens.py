"""The field of view that the options for the camera stand for."""

import pytest

from sam3d_geometry.cli.lens import Lens


def test_the_focal_length_is_along_the_long_side_of_the_picture():
    lens = Lens(fov=None, focal_mm=18.0, focal_px=None, sensor_width_mm=36.0)
    assert lens.fov_x_degrees((200, 300)) == (pytest.approx(90.0), "given")
    upright, _ = lens.fov_x_degrees((300, 200))
    assert upright == pytest.approx(67.38, abs=0.01)  # 2 atan(12 / 18)


def test_a_field_of_view_from_exif_is_said_to_be_found_where_there_is_none():
    lens = Lens(fov="exif", focal_mm=None, focal_px=None, sensor_width_mm=36.0)
    assert lens.fov_x_degrees((2, 3), 50.0) == (50.0, "exif")
    assert lens.fov_x_degrees((2, 3)) == (None, "estimated")
