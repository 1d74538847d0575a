"""Curvature: 1 / R on a ball, 0 on planes, negative in a hollow; the cavity map is grey where flat."""

import closed_form
import pytest
import torch

from sam3d_geometry.maps.curvature import cavity_map, curvature_at_photo, mean_curvature


@pytest.mark.parametrize("radius", [0.5, 1.0])
@pytest.mark.parametrize("smoothing", [0, 2])
def test_a_ball_has_the_curvature_of_its_radius(radius, smoothing):
    depth, normals = closed_form.sphere(192, 256, 4.0, radius)
    pointmap = closed_form.pointmap(depth)
    middle = normals[..., 2] < -0.7
    for given in (None, normals.float()):
        found = mean_curvature(pointmap, given, smoothing)[middle]
        assert found.median() == pytest.approx(1 / radius, rel=0.03)


def test_a_hollow_is_the_negative_of_a_ball():
    depth, normals = closed_form.sphere(48, 64)
    pointmap = closed_form.pointmap(depth)
    ball = mean_curvature(pointmap, normals.float(), 0)
    assert torch.allclose(mean_curvature(pointmap, -normals.float(), 0), -ball)


@pytest.mark.parametrize("tilt", [0, 40, 70])
def test_a_plane_is_flat_up_to_the_border(tilt):
    depth, _ = closed_form.plane(48, 64, tilt, 70.0)
    near = (depth > 0) & (depth < 20)
    curvature = mean_curvature(closed_form.pointmap(depth, near))
    assert curvature.abs().max() < 5e-3


def test_the_corner_of_a_room_is_dark_and_walls_are_grey():
    depth, _, axis = closed_form.box_room(48, 64)
    cavity, _ = curvature_at_photo(closed_form.pointmap(depth), 0.5, smoothing=2)
    same = torch.nn.functional.max_pool2d(axis[:, None].float(), 9, 1, 4) == -torch.nn.functional.max_pool2d(
        -axis[:, None].float(), 9, 1, 4
    )
    assert (cavity[same[:, 0]] - 0.5).abs().max() < 0.01
    assert cavity.min() < 0.4 and cavity.max() < 0.51


def test_cavity_of_a_ball_of_the_feature_size():
    assert cavity_map(torch.tensor([[[2.0, 0.0, -2.0]]]), 0.5).tolist() == [[[0.75, 0.5, 0.25]]]
    with pytest.raises(ValueError, match="feature size"):
        cavity_map(torch.zeros(1, 1, 1), 0.0)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1), (8, 9)])
@pytest.mark.parametrize("valid", [True, False])
def test_any_size_and_no_geometry_are_flat(size, valid):
    depth = torch.full((1, *size), 2.0 if valid else 0.0)
    cavity, curvature = curvature_at_photo(closed_form.pointmap(depth, source_size=(30, 20)), 0.1)
    assert cavity.shape == curvature.shape == (1, 30, 20)
    assert torch.allclose(cavity, torch.tensor(0.5), atol=1e-3) and torch.isfinite(curvature).all()
