"""The three ways to name a lens agree with each other and with the closed form."""

import math

import pytest

from sam3d_geometry.geometry.lens import EQUIVALENT, FOCAL_MM, FOCAL_PIXELS, LENS_KINDS, fov_x_degrees_of_lens

FULL_FRAME, PHONE = (2000, 3000), (3000, 4000)


def test_a_full_frame_camera_is_its_own_equivalent():
    real = fov_x_degrees_of_lens(FOCAL_MM, focal_mm=35.0, sensor_width_mm=36.0)
    assert real == pytest.approx(math.degrees(2 * math.atan(18 / 35)))
    assert fov_x_degrees_of_lens(EQUIVALENT, focal_mm=35.0, size=FULL_FRAME) == pytest.approx(real)
    pixels = 35.0 / 36.0 * FULL_FRAME[1]
    assert fov_x_degrees_of_lens(FOCAL_PIXELS, focal_pixels=pixels, size=FULL_FRAME) == pytest.approx(real)


@pytest.mark.parametrize("turned", [False, True])
def test_an_equivalent_has_the_same_diagonal_field_of_view_whatever_the_shape(turned):
    height, width = PHONE[::-1] if turned else PHONE
    fov = fov_x_degrees_of_lens(EQUIVALENT, focal_mm=26.0, size=(height, width))
    across = math.tan(math.radians(fov / 2))
    diagonal = across * math.hypot(1, height / width)
    assert diagonal == pytest.approx(math.hypot(36, 24) / 2 / 26.0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "zoom"}, "Input lens_kind came as 'zoom'"),
        ({"kind": EQUIVALENT, "focal_mm": 26.0}, "wire the photo to image"),
        ({"kind": FOCAL_PIXELS, "focal_pixels": 900.0}, "wire the photo to image"),
        ({"kind": FOCAL_MM, "focal_mm": 0.0, "sensor_width_mm": 36.0}, "greater than 0"),
        ({"kind": FOCAL_PIXELS, "focal_pixels": 0.0, "size": PHONE}, "greater than 0"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        fov_x_degrees_of_lens(**given)
    assert "\n" not in str(caught.value)
    assert len(LENS_KINDS) == 3
