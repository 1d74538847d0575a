"""Fewer triangles: the shape, its corners and the photo's place stay."""

import builtins

import closed_form
import pytest
import torch
from surfaces import noisy, pixels_apart, sphere

from sam3d_geometry.shapes.decimation import clustered, collapsed, decimate, sample_picture
from sam3d_geometry.shapes.mesh import face_normals
from sam3d_geometry.shapes.surface import surface_from_pointmap


def test_decimation_keeps_the_shape_and_the_photos_place():
    pytest.importorskip("fast_simplification", reason="fast-simplification is not installed")
    image = torch.rand(1, 120, 160, 3)
    mesh = surface_from_pointmap(sphere(image=image), triangles=2000)
    whole = surface_from_pointmap(sphere(image=image))
    assert 1800 <= len(mesh.faces) <= 2020 < len(whole.faces)
    assert ((mesh.vertices - torch.tensor([0, 0, 4.0])).norm(dim=1) - 1).abs().max() < 0.005 * 4
    assert pixels_apart(mesh, (120, 160)) < 0.01
    facing = (face_normals(mesh.vertices, mesh.faces) * mesh.vertices[mesh.faces[:, 0].long()]).sum(1)
    assert (facing < 0).float().mean() > 0.99
    painted = surface_from_pointmap(sphere(image=image), triangles=2000, paint="vertex colors")
    assert torch.allclose(painted.colours, sample_picture(image[0], mesh.uvs))
    assert decimate(whole, 10**6) is whole


def test_decimation_leaves_a_flat_picture_its_corners():
    pytest.importorskip("fast_simplification", reason="fast-simplification is not installed")
    pointmap = closed_form.pointmap(closed_form.plane(60, 80, 40)[0])
    whole, mesh = surface_from_pointmap(pointmap), surface_from_pointmap(pointmap, triangles=200)
    assert len(mesh.faces) < 1000
    corners = whole.vertices[[0, 79, -80, -1]]
    assert (torch.cdist(corners, mesh.vertices).amin(1) / corners[:, 2]).max() < 0.002


def test_joined_corners_keep_the_shape_and_its_outside():
    whole = surface_from_pointmap(sphere())
    few = clustered(whole, 1500)
    assert 300 < len(few.faces) <= 1500 < len(whole.faces)
    assert ((few.vertices - torch.tensor([0, 0, 4.0])).norm(dim=1) - 1).abs().max() < 0.05
    facing = (face_normals(few.vertices, few.faces) * few.vertices[few.faces[:, 0].long()]).sum(1)
    assert (facing < 0).float().mean() > 0.97
    assert clustered(whole, 10**6) is whole


@pytest.mark.parametrize("back", ["flat", "shell"])
def test_a_decimated_mesh_can_be_closed(back):
    pytest.importorskip("fast_simplification", reason="fast-simplification is not installed")
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    mesh = surface_from_pointmap(noisy(3), triangles=1500, back=back)
    assert trimesh.Trimesh(mesh.vertices.double().numpy(), mesh.faces.numpy()).is_watertight


def test_a_missing_package_is_named_in_one_sentence(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "fast_simplification":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match="pip install fast-simplification"):
        surface_from_pointmap(sphere(), triangles=100)


def test_a_closed_surface_around_the_camera_is_reduced_by_lengths():
    pytest.importorskip("fast_simplification", reason="fast-simplification is not installed")
    whole = surface_from_pointmap(sphere())
    around = whole.vertices - torch.tensor([0, 0, 4.0])
    vertices, faces = collapsed(around, whole.faces.long(), 800)
    assert len(faces) <= 840
    assert (vertices.norm(dim=1) - 1).abs().median() < 0.01
    same, kept = collapsed(around, whole.faces.long(), 10**7)
    assert same is around
    assert len(kept) == len(whole.faces)
    with pytest.raises(ValueError, match="at least 4"):
        collapsed(around, whole.faces.long(), 3)
