"""Values between pixels: torch's own where the device has it, and the same by other means where not."""

import pytest
import torch
from torch.nn import functional as F

from sam3d_geometry.geometry import sampling


@pytest.fixture
def places():
    """Inside, on the border and beyond it, and at the corners."""
    random = torch.rand(500, 2, generator=torch.Generator().manual_seed(5)) * 3 - 1.5
    return torch.cat([random, torch.tensor([[-1.0, -1], [1, 1], [-1, 1], [9, -9], [0, 0]])])


def torchs(planes, places, mode):
    return F.grid_sample(planes[None], places[None, None], mode, "border", align_corners=False)[0, :, 0]


@pytest.mark.parametrize("size", [(7, 11), (1, 5), (4, 1), (1, 1), (64, 48)])
def test_each_way_gives_what_torch_gives_with_border_padding(places, size):
    planes = torch.rand(3, *size, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(sampling.sample_bilinear(planes, places), torchs(planes, places, "bilinear"), atol=2e-6)
    cubic = torchs(planes, places, "bicubic")
    assert torch.equal(sampling.sample_cubic(planes, places), cubic)
    assert torch.allclose(sampling.cubic_by_taps(planes, places), cubic, atol=5e-6)


def test_a_device_without_cubic_takes_the_taps_in_parts(places, monkeypatch):
    planes = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(2))
    monkeypatch.setattr(sampling, "WITHOUT_CUBIC", ("cpu",))
    monkeypatch.setattr(sampling, "PLACES_AT_ONCE", 7)
    monkeypatch.setattr(F, "grid_sample", None)
    assert torch.equal(sampling.sample_cubic(planes, places), sampling.cubic_by_taps(planes, places))
