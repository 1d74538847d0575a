"""Solids that are watertight, with a back where it is asked for."""

import closed_form
import pytest
import torch
from surfaces import noisy, sphere

from sam3d_geometry.shapes.surface import surface_from_pointmap


@pytest.mark.parametrize("back", ["flat", "shell"])
@pytest.mark.parametrize("scene", ["box", "sphere", "noise", "more noise"])
def test_a_closed_mesh_is_watertight(back, scene):
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    pointmap = {
        "box": lambda: closed_form.pointmap(closed_form.box_before_wall(60, 80, tilt_degrees=30)[0]),
        "sphere": sphere,
        "noise": lambda: noisy(0),
        "more noise": lambda: noisy(1),
    }[scene]()
    mesh = surface_from_pointmap(pointmap, back=back)
    solid = trimesh.Trimesh(mesh.vertices.double().numpy(), mesh.faces.numpy())
    assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0
    flat = surface_from_pointmap(pointmap)
    assert not trimesh.Trimesh(flat.vertices.numpy(), flat.faces.numpy()).is_watertight
    assert torch.equal(mesh.faces.unique(), torch.arange(len(mesh.vertices), dtype=torch.int32))


def test_the_flat_back_is_flat_and_behind_everything():
    mesh = surface_from_pointmap(sphere(), back="flat", thickness=0.1)
    front = surface_from_pointmap(sphere())
    back = mesh.vertices[len(front.vertices) :, 2]
    assert torch.allclose(back, front.vertices[:, 2].max() * 1.1, rtol=1e-5)
