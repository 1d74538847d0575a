"""Errors of pictures: PSNR of a known difference, and SSIM where its formula can be written down."""

import math

import pytest
import torch

from sam3d_geometry.views.picture_errors import MOST_DB, psnr, ssim

NOISE = torch.rand(40, 50, 3, generator=torch.Generator().manual_seed(0))


def test_psnr_is_that_of_the_difference():
    picture = torch.full((8, 9, 3), 0.5)
    assert psnr(picture + 0.1, picture) == pytest.approx(20.0, abs=1e-5)
    assert psnr(picture, picture) == MOST_DB


def test_a_mask_leaves_the_rest_out():
    picture, truth = torch.zeros(12, 24, 3), torch.zeros(12, 24, 3)
    picture[:, 12:] = 1
    where = torch.zeros(12, 24, dtype=torch.bool)
    where[:, 3:21] = True
    assert psnr(picture, truth) == pytest.approx(-10 * math.log10(0.5))
    where[:, 5:] = False
    assert psnr(picture, truth, where) == MOST_DB
    assert ssim(picture, truth, where) > 0.99 > ssim(picture, truth)
    assert math.isnan(psnr(picture, truth, ~where & where)) and math.isnan(ssim(picture, truth, ~where & where))


def test_ssim_of_flat_pictures_is_its_light_term():
    one, two = torch.full((20, 20, 3), 0.4), torch.full((20, 20, 3), 0.6)
    assert ssim(one, two) == pytest.approx((2 * 0.24 + 1e-4) / (0.16 + 0.36 + 1e-4), abs=1e-6)


def test_ssim_of_a_contrast_is_its_contrast_term():
    """a * x against x about one mean: 2a / (1 + a^2) once the light terms are one."""
    truth = 0.5 + 0.4 * (torch.arange(60) % 2 * 2 - 1.0)[None, :, None].expand(60, 60, 3)
    half = 0.5 + 0.5 * (truth - 0.5)
    assert ssim(half, truth) == pytest.approx(0.8, abs=0.01)
    assert ssim(1 - truth, truth) == pytest.approx(-1, abs=0.02)
    assert ssim(NOISE, NOISE) == pytest.approx(1.0)


def test_it_is_that_of_scikit_image():
    metrics = pytest.importorskip("skimage.metrics")
    truth = (NOISE + 0.2 * torch.rand(40, 50, 3, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
    other = metrics.structural_similarity(
        truth.numpy(), NOISE.numpy(), channel_axis=-1, data_range=1.0, full=True, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False,
    )[1]  # fmt: skip
    inner = torch.zeros(40, 50, dtype=torch.bool)
    inner[5:-5, 5:-5] = True
    assert ssim(NOISE, truth, inner) == pytest.approx(float(other[5:-5, 5:-5].mean()), abs=1e-4)


def test_sizes_that_differ_are_refused():
    with pytest.raises(ValueError, match="both must be one"):
        psnr(NOISE, NOISE[:20])
    with pytest.raises(ValueError, match="both need one size"):
        ssim(NOISE, NOISE, torch.ones(3, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match="no room for SSIM"):
        ssim(NOISE[:4], NOISE[:4])
