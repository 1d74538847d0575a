"""Normals integrate back to the depth they came from; relief is multiplied; amount 1 changes nothing."""

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.normals import geometric_normals
from sam3d_geometry.maps.normal_detail import boost_normals, exaggerate_detail, integrate_normals, normals_at_photo


def relative_error(found, depth, mask):
    """Greatest error of depth, one free scale apart, which normals do not tell."""
    ratio = (found.double() / depth)[mask].log()
    return float((ratio - ratio.mean()).abs().max())


@pytest.mark.parametrize("tilt", [0, 30, 50])
def test_the_normals_of_a_plane_give_its_depth(tilt):
    depth, normal = closed_form.plane(48, 64, tilt, 70.0)
    mask = depth > 0
    assert bool(mask.all())
    normals = normal.float().expand(1, 48, 64, 3)
    flat = torch.full((1, 48, 64), 2.0)
    found = integrate_normals(normals, flat, mask, closed_form.intrinsics(48, 64), hold=1e4)
    assert relative_error(found, depth, mask) < 1e-3


def test_the_normals_of_a_ball_give_its_depth():
    depth, normals = closed_form.sphere(96, 128)
    mask = normals[..., 2] < -0.5
    flat = torch.where(mask, 3.3, 0.0)
    found = integrate_normals(normals.float(), flat, mask, closed_form.intrinsics(96, 128), hold=1e4)
    assert relative_error(found, depth, mask) < 5e-3


def test_wide_features_keep_the_given_depth():
    _depth, normal = closed_form.plane(48, 64, 40, 70.0)
    flat = torch.full((1, 48, 64), 2.0)
    k = closed_form.intrinsics(48, 64)
    near = integrate_normals(normal.float().expand(1, 48, 64, 3), flat, flat > 0, k, hold=1.0)
    far = integrate_normals(normal.float().expand(1, 48, 64, 3), flat, flat > 0, k, hold=100.0)
    assert (near - flat).abs().max() < 0.2 * (far - flat).abs().max()


def bumpy(height=48, width=64):
    rows, columns = torch.arange(height)[:, None], torch.arange(width)[None]
    return (2 + 0.01 * torch.sin(columns * 1.2) * torch.sin(rows * 1.1))[None]


def test_amount_one_leaves_the_pointmap_as_it_was():
    pointmap = closed_form.pointmap(bumpy())
    same = exaggerate_detail(pointmap, 1.0, 4)
    assert torch.allclose(same.points, pointmap.points, rtol=1e-5)


def test_amount_scales_the_relief_and_every_point_stays_on_its_ray():
    pointmap = closed_form.pointmap(bumpy())
    spread = [exaggerate_detail(pointmap, amount, 8).depth[:, 8:-8, 8:-8].std() for amount in (0.0, 1.0, 2.0)]
    assert spread[0] < 0.4 * spread[1] and 1.5 < spread[2] / spread[1] < 2.5
    raised = exaggerate_detail(pointmap, 2.0, 8)
    rays = pointmap.points / pointmap.depth[..., None]
    assert torch.allclose(raised.points, rays * raised.depth[..., None], atol=1e-5)


def test_a_depth_edge_stays_where_it_was():
    depth, _, _box = closed_form.box_before_wall(48, 64)
    raised = exaggerate_detail(closed_form.pointmap(depth), 4.0, 8)
    assert torch.allclose(raised.depth, depth.float(), rtol=2e-3)


@pytest.mark.parametrize("amount", [0.0, 8.0])
def test_boosted_normals_are_unit_and_face_the_camera(amount):
    pointmap = closed_form.pointmap(bumpy())
    normals = geometric_normals(pointmap.depth, pointmap.mask, pointmap.intrinsics)
    boosted = boost_normals(normals, pointmap.depth, pointmap.mask, pointmap.points, amount, 4)
    assert torch.allclose(boosted.norm(dim=-1), torch.tensor(1.0), atol=1e-4)
    assert ((boosted * pointmap.points).sum(-1) < 0).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (6, 1), (9, 12)])
@pytest.mark.parametrize("valid", [True, False])
def test_any_size_and_no_geometry_stay_what_they_are(size, valid):
    depth = torch.full((1, *size), 2.0 if valid else 0.0)
    raised = exaggerate_detail(closed_form.pointmap(depth, source_size=(18, 24)), 3.0, 4)
    normals, mask = normals_at_photo(raised)
    assert torch.allclose(raised.depth, depth, rtol=1e-4) and normals.shape == (1, 18, 24, 3)
    assert torch.isfinite(normals).all() and bool(mask.all()) == valid


def test_a_hold_of_nothing_is_refused():
    with pytest.raises(ValueError, match="hold"):
        integrate_normals(torch.zeros(1, 2, 2, 3), torch.ones(1, 2, 2), torch.ones(1, 2, 2) > 0, torch.eye(3)[None], 0)
