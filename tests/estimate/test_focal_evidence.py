"""Flat fronts get a usual lens and say so, relief decides by itself, and noise of depth lengthens no lens."""

import math

import pytest
import torch
from walls import SIZE, affine_points, wall

from sam3d_geometry.estimate.focal import recover_focal_and_shift


def recovered(depth, directions, noise=0.0):
    found = recover_focal_and_shift(affine_points(depth, directions, noise), torch.ones(1, *SIZE, dtype=torch.bool))
    fov = 2 * math.degrees(math.atan(SIZE[1] / math.hypot(*SIZE) / float(found.focal)))
    return fov, found


@pytest.mark.parametrize("fov", [20, 60, 90])
@pytest.mark.parametrize("noise", [0.0, 0.005])
def test_a_frontal_wall_gets_a_usual_lens_and_says_so(fov, noise):
    found, result = recovered(*wall(fov), noise)
    assert 5 < found < 110 and float(result.spread) > 0.1
    assert abs(float(result.shift)) < 10  # the depth of the wall that such a lens sees, and not infinity


@pytest.mark.parametrize("fov", [20, 60, 90])
@pytest.mark.parametrize(("tilt", "relief"), [(2, 0.0), (10, 0.0), (0, 0.01), (5, 0.1), (0, 0.5)])
def test_what_has_relief_gets_its_own_lens(fov, tilt, relief):
    found, result = recovered(*wall(fov, tilt, relief))
    assert found == pytest.approx(fov, rel=2e-3) and float(result.spread) < 0.02


@pytest.mark.parametrize("fov", [20, 60, 90])
@pytest.mark.parametrize(("tilt", "relief"), [(10, 0.0), (0, 0.1), (10, 0.01), (30, 0.0)])
def test_noise_of_depth_lengthens_no_lens_much(fov, tilt, relief):
    found, _ = recovered(*wall(fov, tilt, relief), noise=0.005)
    assert found == pytest.approx(fov, rel=0.02)  # least squares alone: 4 to 50 % off


@pytest.mark.parametrize("fov", [20, 60, 90])
def test_rough_relief_is_not_taken_for_noise(fov):
    """It moves points along the rays of their pixels, which noise of one coordinate does not."""
    depth, directions = wall(fov, 10, 0.1)
    generator = torch.Generator().manual_seed(2)
    rough = depth * (1 + 0.05 * torch.randn(depth.shape, generator=generator, dtype=torch.float64))
    found, result = recovered(rough, directions)
    assert found == pytest.approx(fov, rel=1e-4) and float(result.spread) < 0.01


def test_a_wall_that_is_turned_little_is_as_sure_as_its_noise_lets_it():
    spreads = [float(recovered(*wall(60, tilt), noise=0.005)[1].spread) for tilt in (2, 10, 30)]
    assert spreads == sorted(spreads, reverse=True)
