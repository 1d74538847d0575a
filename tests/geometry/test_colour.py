"""The sRGB curve: its fixed points, its inverse, no jump where its parts meet; colours as web pages write them."""

import pytest
import torch

from sam3d_geometry.clips.flow import grey_frames
from sam3d_geometry.effects.camera.stereo import ANAGLYPH_HALF_COLOR, anaglyph
from sam3d_geometry.geometry.colour import (
    BEHIND_ALPHA,
    eight_bit,
    linear_from_hex,
    linear_from_srgb,
    luminance,
    on_screen,
    put_over_gray,
    srgb_from_hex,
    srgb_from_linear,
    without_nan,
)


def test_hex_colours_become_linear_light():
    assert linear_from_hex("#ffffff") == pytest.approx((1, 1, 1)) and linear_from_hex(" 000 ") == (0, 0, 0)
    assert srgb_from_hex("#ff8000") == (1.0, 128 / 255, 0.0) and srgb_from_hex("fff") == (1.0, 1.0, 1.0)
    assert srgb_from_hex("red") == (1.0, 0.0, 0.0) and srgb_from_hex(" SlateGray ") == srgb_from_hex("#708090")
    assert linear_from_hex("#f80") == linear_from_hex("ff8800")
    assert linear_from_hex("#808080") == pytest.approx((0.21586,) * 3, abs=1e-5)


@pytest.mark.parametrize("text", ["", "redd", "rgb(1, 2, 3)", "#12345", "#gggggg", "#ffffff00"])
def test_other_words_are_refused_by_the_inputs_name(text):
    with pytest.raises(ValueError, match="glow_color"):
        linear_from_hex(text, "glow_color")


def test_the_two_are_inverse_on_every_16_bit_value_and_beyond_one():
    values = torch.cat([torch.arange(65536, dtype=torch.float64) / 65535, torch.tensor([-0.2, 1.5, 4.0])])
    assert (srgb_from_linear(linear_from_srgb(values)) - values).abs().max() < 1e-6


@pytest.mark.parametrize(("srgb", "linear"), [(0.0, 0.0), (1.0, 1.0), (0.5, 0.2140411), (0.04045, 0.0031308)])
def test_values_of_the_standard(srgb, linear):
    assert linear_from_srgb(torch.tensor(srgb)).item() == pytest.approx(linear, rel=1e-4)


def test_the_curve_rises_without_a_jump():
    values = torch.linspace(0.0400, 0.0409, 1000, dtype=torch.float64)
    steps = linear_from_srgb(values).diff()
    assert steps.min() > 0 and steps.max() < 3 * steps.min()


def test_eight_bits_keep_what_they_can_say_and_cut_off_the_rest():
    levels = torch.arange(256)
    assert torch.equal(eight_bit(levels / 255), levels.byte())
    assert torch.equal(eight_bit((levels[:-1] + 0.49) / 255), levels[:-1].byte())
    assert torch.equal(eight_bit((levels[1:] - 0.49) / 255), levels[1:].byte())
    assert eight_bit(torch.tensor([-0.5, 1.5])).tolist() == [0, 255]


def test_what_is_asked_for_eight_bits_stays_as_it_was():
    values = torch.rand(4, 5)
    kept = values.clone()
    eight_bit(values)
    assert torch.equal(values, kept)


def test_flow_and_glasses_see_the_same_luminance():
    picture = torch.rand(6, 7, 3, generator=torch.Generator().manual_seed(0))
    grey = luminance(picture)
    assert torch.equal(torch.from_numpy(grey_frames(picture[None])[0]), eight_bit(grey))
    assert torch.equal(anaglyph(picture, picture, ANAGLYPH_HALF_COLOR)[..., 0], grey)


def test_a_picture_is_cleaned_only_where_something_is_wrong():
    clean = torch.tensor([[0.0, 0.25, 1.0]])
    assert without_nan(clean) is clean
    wrong = torch.tensor([[float("nan"), float("inf"), -float("inf"), -0.5, 2.0, 0.25]])
    assert without_nan(wrong).tolist() == [[0.0, 1.0, 0.0, 0.0, 1.0, 0.25]]
    assert wrong[0, 3] == -0.5


def test_light_on_a_screen_is_undone_from_alpha_and_ends_at_white():
    light = torch.tensor([[0.25, 0.0, 9.0, 0.5], [float("nan"), -1.0, 0.3, 0.0]])
    seen = on_screen(light)
    assert torch.allclose(linear_from_srgb(seen[0, :3]), torch.tensor([0.5, 0.0, 1.0]), atol=1e-6)
    assert seen[0, 3] == 0.5 and (seen[1] == 0).all()
    assert on_screen(light[:, :1]).shape == (2, 3) and torch.equal(
        on_screen(light[:, :3]), srgb_from_linear(torch.tensor([[0.25, 0.0, 1.0], [0.0, 0.0, 0.3]]))
    )


def test_what_is_transparent_is_put_over_gray():
    picture = torch.tensor([[0.2, 0.4, 1.0, 1.0], [0.2, 0.4, 1.0, 0.0], [1.0, 0.0, 0.5, 0.5]])
    wanted = torch.tensor([[0.2, 0.4, 1.0], [BEHIND_ALPHA] * 3, [0.75, 0.25, 0.5]])
    assert torch.allclose(put_over_gray(picture), wanted)
