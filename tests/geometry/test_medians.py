"""A weighted median against the plain one of values that are repeated."""

import pytest
import torch

from sam3d_geometry.geometry.medians import weighted_median


@pytest.mark.parametrize("seed", range(5))
def test_weights_are_how_often_a_value_counts(seed):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(31, generator=generator, dtype=torch.float64)
    times = torch.randint(0, 5, (31,), generator=generator)
    assert weighted_median(values, times.double()) == float(values.repeat_interleave(times).median())
