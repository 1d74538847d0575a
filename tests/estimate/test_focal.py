"""Focal length and shift come back from points of a known camera, and equal upstream's answer where that is right."""

import pytest
import torch

from sam3d_geometry.estimate.focal import recover_focal_and_shift
from sam3d_geometry.geometry.camera import diagonal_focal_from_fov_x_degrees, intrinsics_from_fov_x_degrees, unproject

FOVS = torch.tensor([25.0, 45.0, 60.0, 80.0, 105.0])


def affine_points(noise=0.0, size=(90, 120)):
    """Points (5, H, W, 3) of bumpy scenes with their z shifted; their focal lengths and the shifts to undo that."""
    torch.manual_seed(1)
    bumps = torch.nn.functional.interpolate(torch.rand(5, 1, 6, 6) * 3 + 1, size, mode="bicubic")[:, 0].clamp_min(0.3)
    points = unproject(bumps, intrinsics_from_fov_x_degrees(FOVS, *size))
    shift = torch.tensor([0.0, 0.2, 0.5, 0.7, 0.9]) * bumps.flatten(1).min(1).values
    points = points * (1 + noise * torch.randn_like(points))
    points[..., 2] -= shift[:, None, None]
    return points, diagonal_focal_from_fov_x_degrees(FOVS, size[1] / size[0]), shift


def masks(points, kind):
    full = torch.ones(points.shape[:3], dtype=torch.bool)
    return full if kind == "all" else full & (torch.rand(points.shape[:3]) > 0.3)


@pytest.mark.parametrize("kind", ["all", "30 % masked"])
def test_an_exact_scene_gives_its_camera(kind):
    points, focal, shift = affine_points()
    found = recover_focal_and_shift(points, masks(points, kind))
    assert torch.allclose(found.focal, focal, rtol=1e-4)
    assert torch.allclose(found.shift, shift, atol=1e-4)
    assert bool((found.spread < 0.01).all())


@pytest.mark.parametrize("kind", ["all", "30 % masked"])
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1])
def test_least_squares_are_upstreams_and_stay_where_the_scene_tells(noise, kind):
    geometry = pytest.importorskip("moge.utils.geometry_torch", reason="the moge package is not installed")
    points, *_ = affine_points(noise)
    mask = masks(points, kind)
    theirs, their_shift = geometry.recover_focal_shift(points, mask)
    ours = recover_focal_and_shift(points, mask, least_squares_only=True)
    assert torch.allclose(ours.focal, theirs, rtol=1e-5) and torch.allclose(ours.shift, their_shift, atol=1e-5)
    if not noise:
        weighed = recover_focal_and_shift(points, mask)
        assert torch.equal(weighed.focal, ours.focal) and torch.equal(weighed.shift, ours.shift)


def test_a_known_focal_leaves_only_the_shift():
    points, focal, shift = affine_points()
    found = recover_focal_and_shift(points, masks(points, "all"), focal)
    assert torch.equal(found.focal, focal) and torch.allclose(found.shift, shift, atol=1e-3)
    assert torch.equal(found.spread, torch.zeros(5))


def test_a_frame_does_not_depend_on_its_batch():
    points, *_ = affine_points(0.05)
    mask = masks(points, "all")
    together = recover_focal_and_shift(points, mask)
    alone = recover_focal_and_shift(points[3:4], mask[3:4])
    assert torch.equal(together.focal[3:4], alone.focal) and torch.equal(together.shift[3:4], alone.shift)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 2)], ids=str)
def test_degenerate_images_get_finite_answers(size):
    points = torch.rand(2, *size, 3) + 1
    found = recover_focal_and_shift(points, torch.ones(2, *size, dtype=torch.bool))
    assert torch.isfinite(found.focal).all() and torch.isfinite(found.shift).all() and (found.focal > 0).all()
    assert not found.spread.isnan().any()


def test_nothing_valid_and_poisoned_values_do_not_spread():
    points, focal, _shift = affine_points()
    points[0] = torch.nan
    points[1, ::3] = torch.inf
    mask = masks(points, "all")
    mask[2] = False
    recovered = recover_focal_and_shift(points, mask)
    found, found_shift = recovered.focal, recovered.shift
    assert found[0] == found[2] == 1 and found_shift[0] == found_shift[2] == 0
    assert torch.allclose(found[3:], focal[3:], rtol=1e-4) and torch.allclose(found[1], focal[1], rtol=1e-3)
