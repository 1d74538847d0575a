"""Colours as web pages write them."""

import pytest

from sam3d_geometry.effects.colour import linear_from_hex, srgb_from_hex


def test_hex_colours_become_linear_light():
    assert linear_from_hex("#ffffff") == pytest.approx((1, 1, 1)) and linear_from_hex(" 000 ") == (0, 0, 0)
    assert srgb_from_hex("#ff8000") == (1.0, 128 / 255, 0.0) and srgb_from_hex("fff") == (1.0, 1.0, 1.0)
    assert linear_from_hex("#f80") == linear_from_hex("ff8800")
    assert linear_from_hex("#808080") == pytest.approx((0.21586,) * 3, abs=1e-5)


@pytest.mark.parametrize("text", ["", "red", "#12345", "#gggggg", "#ffffff00"])
def test_other_words_are_refused_by_the_inputs_name(text):
    with pytest.raises(ValueError, match="glow_color"):
        linear_from_hex(text, "glow_color")
