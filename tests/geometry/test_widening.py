"""A region grows by whole pixels to all sides, and each picture by itself."""

import torch

from sam3d_geometry.geometry.widening import widened


def test_a_region_grows_to_all_sides_and_not_into_other_frames():
    region = torch.zeros(2, 9, 11, dtype=torch.bool)
    region[0, 3, 4] = region[0, 0, 10] = True
    found = widened(region, 2)
    wanted = torch.zeros_like(region)
    wanted[0, 1:6, 2:7] = wanted[0, :3, 8:] = True
    assert found.dtype == torch.bool and torch.equal(found, wanted)
    assert torch.equal(widened(region, 0), region)
