"""Resizing keeps what it must on any device."""

import pytest
import torch
from torch.nn import functional as F

from sam3d_geometry.models.antialiased_resize import resize_antialiased


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_equals_interpolate(mode):
    images = torch.rand(2, 3, 20, 30)
    expected = F.interpolate(images, (7, 40), mode=mode, align_corners=False, antialias=True)
    assert torch.equal(resize_antialiased(images, (7, 40), mode), expected)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_constant_stays_constant_in_float32(mode):
    resized = resize_antialiased(torch.full((1, 1, 9, 11), 0.25, dtype=torch.float16), (4, 30), mode)
    assert resized.dtype == torch.float32 and torch.allclose(resized, torch.tensor(0.25), atol=1e-6)


def test_fine_stripes_average_out():
    stripes = torch.tensor([0.0, 1.0]).repeat(64).expand(1, 1, 8, 128)
    assert (resize_antialiased(stripes, (8, 16), "bilinear") - 0.5).abs().max() < 0.05
    assert F.interpolate(stripes, (8, 16), mode="nearest").std() == 0
