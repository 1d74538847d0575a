"""Spline upsampling is exact on linear maps, border included, and keeps within the range of its taps inside."""

import pytest
import torch

from sam3d_geometry.models.spline import upsample


@pytest.mark.parametrize("size", [(7, 9), (64, 48), (33, 500)])
def test_a_linear_map_stays_linear_up_to_the_border(size):
    def plane(height, width):
        y = (torch.arange(height) + 0.5) / height
        x = (torch.arange(width) + 0.5) / width
        return (2 + 3 * y[:, None] - x[None, :])[None]

    assert torch.allclose(upsample(plane(8, 12), size), plane(*size), atol=1e-5)


def test_a_step_does_not_ring():
    step = torch.zeros(1, 10, 10)
    step[:, :, 5:] = 1
    fine = upsample(step, (80, 80))
    assert fine.min() >= -1e-6 and fine.max() <= 1 + 1e-6
    assert (fine.diff(dim=2) >= -1e-6).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (3, 1)])
def test_single_rows_and_columns_are_repeated(size):
    assert torch.allclose(upsample(torch.full((2, 1, 1), 4.0), size), torch.full((2, *size), 4.0))
