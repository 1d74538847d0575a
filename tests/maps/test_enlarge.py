"""Enlarging invents no values."""

import pytest
import torch

from sam3d_geometry.maps.enlarge import enlarge


@pytest.mark.parametrize("size", [(30, 50), (50, 66), (90, 160)])
def test_enlarging_keeps_values_in_their_range(size):
    torch.manual_seed(0)
    for values in (torch.ones(1, 3, 5), torch.rand(2, 24, 32), torch.full((1, 7, 9), 0.3)):
        large = enlarge(values, size)
        assert large.max() <= values.max() and large.min() >= values.min()
