"""Noise is measured by its median, weights fall to 0 where it cannot reach, and means around pixels count what counts."""

import pytest
import torch

from sam3d_geometry.clips.noise import AGREEING, AVERAGED_PIXELS, agreement, spread, windowed_mean


def test_the_spread_is_the_standard_deviation_whatever_a_third_of_the_values_is():
    residuals = 0.03 * torch.randn(20000, generator=torch.Generator().manual_seed(0))
    assert spread(residuals, 0.001) == pytest.approx(0.03, rel=0.02)
    residuals[::10] = 50
    assert spread(residuals, 0.001) == pytest.approx(0.03, rel=0.2)
    assert spread(residuals * 0, 0.001) == 0.001


def test_agreement_is_whole_without_a_residual_and_nothing_beyond_the_noise():
    weights = agreement(torch.tensor([0.0, 0.1, -0.1, 0.5 * AGREEING * 0.2, AGREEING * 0.2, -3.0]), 0.2)
    assert weights[0] == 1 and weights[1] == weights[2] and 0 < weights[1] < 1
    assert weights[3] == pytest.approx((1 - 0.25) ** 2)
    assert weights[4:].tolist() == [0, 0]


@pytest.mark.parametrize("size", [(1, 1), (3, 20), (15, 12)], ids=str)
def test_the_mean_is_that_of_the_pixels_that_count(size):
    generator = torch.Generator().manual_seed(0)
    values, counted = torch.rand(size, generator=generator), torch.rand(size, generator=generator) > 0.6
    mean, reach = windowed_mean(values, counted), AVERAGED_PIXELS // 2
    for row in range(size[0]):
        for column in range(size[1]):
            window = slice(max(row - reach, 0), row + reach + 1), slice(max(column - reach, 0), column + reach + 1)
            seen = values[window][counted[window]]
            assert mean[row, column] == pytest.approx(seen.mean().item() if len(seen) else 0, abs=1e-5)
