"""Blend modes are the formulas of the W3C compositing specification, evaluated here one by one in float64."""

import pytest
import torch

from sam3d_geometry.maps.blend import BLEND_MODES, blend


def soft_light(b, s):
    if s <= 0.5:
        return b - (1 - 2 * s) * b * (1 - b)
    d = ((16 * b - 12) * b + 4) * b if b <= 0.25 else b**0.5
    return b + (2 * s - 1) * (d - b)


FORMULAS = {
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "overlay": lambda b, s: 2 * s * b if b <= 0.5 else (2 * b - 1) + s - (2 * b - 1) * s,
    "soft light": soft_light,
}


@pytest.mark.parametrize("opacity", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("mode", BLEND_MODES)
def test_modes_are_their_formulas(mode, opacity):
    values = [i / 8 for i in range(9)]
    base = torch.tensor(values).view(1, 9, 1, 1).expand(1, 9, 9, 3)
    overlay = torch.tensor(values).view(1, 1, 9, 1).expand(1, 9, 9, 3)
    expected = torch.tensor([[(1 - opacity) * b + opacity * FORMULAS[mode](b, s) for s in values] for b in values])
    assert torch.allclose(blend(base, overlay, opacity, mode)[0, :, :, 0], expected, atol=1e-6)


def test_either_picture_can_give_the_size():
    base, overlay = torch.rand(2, 10, 20, 3), torch.rand(1, 30, 40, 4)
    assert blend(base, overlay).shape == (2, 10, 20, 3)
    assert blend(base, overlay, size_match="resize base").shape == (2, 30, 40, 3)
    with pytest.raises(ValueError, match="20 x 10 and overlay 40 x 30"):
        blend(base, overlay, size_match="refuse")


@pytest.mark.parametrize("size", [(4, 4), (2, 2), (8, 12)])
def test_a_mask_of_any_size_limits_the_overlay(size):
    mask = torch.zeros(1, *size)
    mask[:, : size[0] // 2] = 1
    result = blend(torch.zeros(3, 4, 4, 3), torch.ones(1, 4, 4, 3), 0.5, mask=mask)
    assert (result[:, 0] == 0.5).all() and not result[:, 3].any()
    if size == (4, 4):
        assert (result[:, :2] == 0.5).all() and not result[:, 2:].any()


def test_frame_counts_must_match_or_be_one():
    with pytest.raises(ValueError, match="3 frames and input overlay has 2"):
        blend(torch.rand(3, 4, 4, 3), torch.rand(2, 4, 4, 3))


@pytest.mark.parametrize("given", [{"mode": "gone"}, {"size_match": "gone"}])
def test_unknown_choices_are_refused(given):
    with pytest.raises(ValueError, match="choose one of"):
        blend(torch.rand(1, 2, 2, 3), torch.rand(1, 2, 2, 3), **given)
