"""Windows: what pooling gives, at any odd side and for pictures smaller than a window."""

import pytest
import torch
from torch.nn import functional as F

from sam3d_geometry.geometry.windows import window_any, window_mean


@pytest.mark.parametrize("side", [1, 3, 5, 9, 15])
@pytest.mark.parametrize("size", [(1, 1), (4, 7), (31, 20)])
def test_means_and_maxima_are_those_of_pooling(side, size):
    values = torch.rand(2, 3, *size)
    kept = values.clone()
    assert torch.allclose(window_mean(values, side), F.avg_pool2d(values, side, 1, side // 2), atol=1e-6)
    assert torch.equal(values, kept)
    mask = values > 0.9
    assert torch.equal(window_any(mask, side), F.max_pool2d(mask.float(), side, 1, side // 2) > 0)
    assert window_any(mask, side).dtype == torch.bool


def test_doubles_stay_doubles():
    values = torch.rand(1, 9, 9, dtype=torch.float64)
    assert torch.allclose(window_mean(values, 5), F.avg_pool2d(values, 5, 1, 2), atol=1e-14)
