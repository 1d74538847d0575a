"""The ratio of depths: exact where all pixels agree, and not moved by occluders, background, or a spread of noise."""

import math

import pytest
import torch

from sam3d_geometry.bodies.depth_fit import MINIMUM_PIXELS, fit_ratio, inner


def depths(count=4000):
    return 4 + 0.3 * torch.rand(count, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.37])
def test_all_pixels_that_agree_give_their_ratio(ratio):
    body = depths()
    fit = fit_ratio(ratio * body, body, torch.ones_like(body))
    assert fit.log_ratio == pytest.approx(math.log(ratio), abs=1e-4)
    assert fit.inliers == 1 and fit.spread < 1e-3 and fit.pixels == len(body)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45])
@pytest.mark.parametrize("covered_by", [0.6, 1.5])
def test_an_occluder_or_background_over_many_of_them_moves_it_by_less_than_noise(share, covered_by):
    body = depths()
    noise = 0.02 * torch.randn(len(body), generator=torch.Generator().manual_seed(2))
    scene = 0.8 * body + noise
    covered = torch.arange(len(body)) < share * len(body)
    fit = fit_ratio(torch.where(covered, covered_by * body, scene), body, torch.ones_like(body))
    assert fit.log_ratio == pytest.approx(math.log(0.8), abs=1e-3)
    assert fit.inliers == pytest.approx(1 - share, abs=0.02)
    assert fit.spread == pytest.approx(0.02 / (0.8 * 4.15), rel=0.1)


def test_pixels_without_weight_or_depth_do_not_count_and_too_few_tell_nothing():
    body = depths(200)
    scene = body.clone()
    scene[100:] = 0
    weights = torch.ones_like(body)
    weights[: 100 - MINIMUM_PIXELS] = 0
    assert fit_ratio(scene, body, weights).pixels == MINIMUM_PIXELS
    weights[99] = 0
    assert fit_ratio(scene, body, weights) is None


def test_the_rim_is_left_out_where_enough_remains():
    mask = torch.zeros(40, 40, dtype=torch.bool)
    mask[10:30, 10:30] = True
    assert int(inner(mask).sum()) == 16 * 16
    mask[12:30] = False
    assert torch.equal(inner(mask), mask)
