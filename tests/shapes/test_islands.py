"""Islands found by runs are those that scipy's labelling finds."""

import pytest
import torch
from scipy.ndimage import label

from sam3d_geometry.shapes.islands import small_islands


@pytest.mark.parametrize("seed", range(8))
def test_the_islands_are_those_of_a_labelling_of_pixels(seed):
    torch.manual_seed(seed)
    land = torch.rand(37, 53) > 0.42
    across, down = land[:, 1:] & land[:, :-1], land[1:] & land[:-1]
    found = small_islands(across, down, land.to(torch.uint8), 6)
    labels, _ = label(land.numpy())
    labels = torch.from_numpy(labels).long()
    size = torch.bincount(labels.view(-1))[labels]
    # a pixel without a link is no island
    wanted = land & (size < 6) & (size > 1)
    assert wanted.any() and torch.equal(found, wanted)


def test_none_when_all_are_large_enough():
    land = torch.ones(5, 7, dtype=torch.bool)
    assert small_islands(land[:, 1:], land[1:], land.to(torch.uint8), 35) is None
