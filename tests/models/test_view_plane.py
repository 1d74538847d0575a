"""Coordinates of the view plane: the middle is 0, half the diagonal 1, and a picture's edges lie half a pixel further out."""

import pytest
import torch

from sam3d_geometry.models.view_plane import add_linear_in_uv, network_plane_axes, with_uv

CPU = torch.device("cpu")


@pytest.mark.parametrize(("height", "width"), [(30, 40), (7, 7), (1, 9)])
def test_half_the_diagonal_is_one(height, width):
    u, v = network_plane_axes(height, width, width / height, CPU)
    assert u.shape == (width,) and v.shape == (height,)
    assert torch.allclose(u, -u.flip(0), atol=1e-6) and torch.allclose(v, -v.flip(0), atol=1e-6)
    pixel = 2 / (height**2 + width**2) ** 0.5
    corner = torch.stack([u[-1] + pixel / 2, v[-1] + pixel / 2])
    assert corner.norm().item() == pytest.approx(1, abs=1e-6)
    assert torch.allclose(u.diff(), torch.full((width - 1,), pixel), atol=1e-6)


def test_coordinates_are_the_last_two_channels():
    x = torch.rand(2, 3, 5, 8)
    joined = with_uv(x, 1.6)
    u, v = network_plane_axes(5, 8, 1.6, CPU)
    assert torch.equal(joined[:, :3], x)
    assert torch.equal(joined[:, 3], u.expand(2, 5, 8)) and torch.equal(joined[:, 4], v[:, None].expand(2, 5, 8))


def test_what_is_added_is_a_1x1_convolution_of_the_coordinates():
    torch.manual_seed(0)
    x, weight, bias = torch.rand(2, 4, 5, 8), torch.rand(4, 2), torch.rand(4)
    coordinates = with_uv(torch.empty(2, 0, 5, 8), 1.6)
    expected = x + torch.nn.functional.conv2d(coordinates, weight[..., None, None], bias)
    assert torch.allclose(add_linear_in_uv(x.clone(), weight, bias, 1.6), expected, atol=1e-6)
