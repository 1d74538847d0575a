"""What a head puts out becomes points by the formula that its config names, at every pixel."""

import pytest
import torch

from sam3d_geometry.models.point_remap import REMAPS, remap_points

FORMULAS = {
    "linear": lambda x, y, z: (x, y, z),
    "sinh": lambda x, y, z: (x.sinh(), y.sinh(), z.sinh()),
    "exp": lambda x, y, z: (x * z.exp(), y * z.exp(), z.exp()),
    "sinh_exp": lambda x, y, z: (x.sinh(), y.sinh(), z.exp()),
}


@pytest.mark.parametrize("remap", REMAPS)
def test_points_are_those_of_the_formula(remap):
    raw = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    points = remap_points(raw.clone(), remap)
    assert points.shape == (2, 4, 5, 3) and points.is_contiguous()
    assert torch.allclose(points, torch.stack(FORMULAS[remap](*raw.unbind(1)), -1), rtol=1e-6)
