"""Fits over windows are the least squares planes of their pixels."""

import pytest
import torch

from sam3d_geometry.geometry.window_fits import WindowFits


@pytest.mark.parametrize("radius", [1, 3, 6])
@pytest.mark.parametrize("stride", [1, 4])
def test_every_window_has_the_plane_that_lstsq_gives(radius, stride):
    values = 5 + torch.rand(20, 27, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    fit = WindowFits(values, torch.ones_like(values, dtype=torch.bool)).window(radius, stride)
    y, x = (axis.flatten().double() for axis in torch.meshgrid(*[torch.arange(-radius, radius + 1)] * 2, indexing="ij"))
    design = torch.stack((x, y, torch.ones_like(x)), 1)
    windows = values.unfold(0, 2 * radius + 1, stride).unfold(1, 2 * radius + 1, stride).flatten(2)
    plane = windows @ torch.linalg.pinv(design).T
    left = (windows - plane @ design.T).square().sum(-1) / (len(x) - 3)
    for found, wanted in zip((fit.slope_x, fit.slope_y, fit.mean, fit.left_over), (*plane.unbind(-1), left)):
        assert torch.allclose(found.double(), wanted, rtol=1e-5, atol=1e-6)


def test_a_window_that_holds_an_invalid_pixel_is_not_valid():
    values = torch.rand(9, 9, dtype=torch.float64)
    valid = torch.ones(9, 9, dtype=torch.bool)
    valid[4, 2] = False
    found = WindowFits(values, valid).window(1).valid
    wanted = torch.ones(7, 7, dtype=torch.bool)
    wanted[2:5, 0:3] = False
    assert torch.equal(found, wanted)


def test_a_map_smaller_than_the_window_has_no_fit():
    assert WindowFits(torch.rand(4, 9).double(), torch.ones(4, 9, dtype=torch.bool)).window(2) is None
