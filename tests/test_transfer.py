"""The sRGB curve: its fixed points, its inverse, and no jump where the two parts meet."""

import pytest
import torch

from sam3d_geometry.transfer import linear_from_srgb, srgb_from_linear


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
