"""Windows of pixels combined: as slow windows give them, at borders as well."""

import pytest
import torch
from torch.nn import functional as F

from sam3d_geometry.effects.camera.neighbourhood import NEIGHBOURS, around

SIZES = [(1, 1), (1, 6), (7, 1), (6, 9)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_the_greatest_and_the_least_are_those_of_the_window(size, steps):
    values = torch.rand(size, generator=torch.Generator().manual_seed(1))
    greatest = F.max_pool2d(values[None], 2 * steps + 1, 1, steps)[0]
    assert torch.equal(around(values, torch.maximum, steps), greatest)
    assert torch.equal(around(-values, torch.minimum, steps), -greatest)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_of_the_window_is_the_greatest_of_truth_values(size):
    values = torch.rand(size, generator=torch.Generator().manual_seed(2)) > 0.8
    assert torch.equal(around(values, torch.logical_or), around(values.float(), torch.maximum) > 0)


def test_what_is_given_stays_as_it_is():
    values = torch.rand(5, 6)
    before = values.clone()
    around(values, torch.maximum, 2)
    assert torch.equal(values, before)


def test_the_neighbours_are_the_eight_around():
    assert len(set(NEIGHBOURS)) == 8 and {max(abs(down), abs(right)) for down, right in NEIGHBOURS} == {1}
