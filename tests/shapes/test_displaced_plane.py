"""The displaced plane: a grid of the asked size whose height is the depth picture, with the photo straight on it."""

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.maps.depth import depth_range, fixed_range
from sam3d_geometry.shapes.displaced_plane import displaced_plane
from sam3d_geometry.shapes.mesh import face_normals


def plane(pointmap, **options):
    return displaced_plane(pointmap, depth_range(pointmap), **options)


@pytest.mark.parametrize("subdivisions", [1, 7, 128, 400])
def test_it_has_so_many_squares_and_the_photos_shape(subdivisions):
    mesh = plane(closed_form.pointmap(closed_form.box_room(60, 80)[0]), subdivisions=subdivisions)
    assert len(mesh.faces) == 2 * subdivisions**2 and len(mesh.vertices) == (subdivisions + 1) ** 2
    extent = mesh.vertices.amax(0) - mesh.vertices.amin(0)
    assert torch.allclose(extent[:2], torch.tensor([1, 0.75])) and 0 <= extent[2] <= 0.5
    # the photo lies straight on it, seen from the front
    assert torch.allclose(mesh.uvs - 0.5, mesh.vertices[:, :2] / torch.tensor([1, 0.75]), atol=1e-6)
    assert (face_normals(mesh.vertices, mesh.faces)[:, 2] < 0).all()


def test_height_is_what_the_curve_says():
    depth = torch.cat([torch.full((1, 40, 20), 2.0), torch.full((1, 40, 20), 4.0), torch.full((1, 40, 20), 8.0)], 2)
    pointmap, shown = closed_form.pointmap(depth), fixed_range(2.0, 8.0, 1)
    for curve, middle in (("disparity", 1 / 3), ("linear", 2 / 3), ("log", 0.5)):
        mesh = displaced_plane(pointmap, shown, subdivisions=6, height=0.9, curve=curve)
        z = -mesh.vertices[:, 2].view(7, 7)[3]
        assert torch.allclose(z[[0, 3, 6]], 0.9 * torch.tensor([1, middle, 0]), atol=1e-4), curve


def test_where_there_is_no_geometry_it_is_flat_or_left_out():
    depth, _ = closed_form.sphere(60, 80)
    pointmap = closed_form.pointmap(depth)
    mesh = plane(pointmap, subdivisions=40)
    outside = (mesh.uvs - 0.5).abs().amax(1) > 0.45
    assert (mesh.vertices[outside, 2] == 0).all() and mesh.vertices[:, 2].min() < -0.3
    assert 0 < len(plane(pointmap, subdivisions=40, drop_invalid=True).faces) < len(mesh.faces)
    empty = plane(closed_form.pointmap(torch.zeros(1, 9, 9)), subdivisions=4)
    assert torch.isfinite(empty.vertices).all() and (empty.vertices[:, 2] == 0).all()


def test_the_photo_is_its_texture():
    pointmap, photo = closed_form.pointmap(closed_form.box_room(30, 40)[0]), torch.rand(1, 90, 120, 3)
    assert torch.equal(plane(pointmap, image=photo).texture, photo[0])
    assert torch.equal(plane(pointmap).texture, pointmap.image[0])


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1)], ids=str)
def test_tiny_maps(size):
    assert torch.isfinite(plane(closed_form.pointmap(torch.full((1, *size), 2.0)), subdivisions=8).vertices).all()


def test_bad_input_is_named():
    pointmap = closed_form.pointmap(torch.ones(1, 4, 4))
    with pytest.raises(ValueError, match="0 subdivisions"):
        plane(pointmap, subdivisions=0)
    with pytest.raises(ValueError, match="the pointmap has 2"):
        plane(Pointmap.cat([pointmap, pointmap]))
    with pytest.raises(ValueError, match="The mesh is empty"):
        plane(closed_form.pointmap(torch.zeros(1, 9, 9)), drop_invalid=True)
