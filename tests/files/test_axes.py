"""What goes into a file is in the axes that it names, up and outward there too."""

import numpy
import pytest
import torch
from shape_files import painted_mesh, read, relative, scene, textured_mesh

from sam3d_geometry.files import AXES, layout
from sam3d_geometry.geometry.axes import convert_points
from sam3d_geometry.shapes.surface import surface_from_pointmap


@pytest.mark.parametrize(("file_format", "axes"), [("glb", "gltf"), *((f, a) for f in ("ply", "obj") for a in AXES)])
def test_a_mesh_comes_back_in_its_axes(tmp_path, file_format, axes):
    mesh = textured_mesh()
    found = read(tmp_path, mesh, file_format, axes)
    assert relative(found.vertices, convert_points(mesh.vertices, AXES[axes]).numpy()) < 1e-5
    # faces face away from the sphere's middle; the cross product of left-handed axes turns with their clockwise order
    inward = convert_points(torch.tensor([0, 0, 4.0]), AXES[axes]).numpy() - found.triangles_center
    assert ((found.face_normals * inward).sum(1) < 0).mean() > 0.99
    assert numpy.allclose(found.vertex_normals, layout(mesh, axes).normals, atol=1e-4)


def test_up_is_up_in_every_axes():
    mesh = textured_mesh()
    highest = mesh.vertices[:, 1].argmin()
    for axes, up in (("gltf", 1), ("blender", 2), ("unreal", 2), ("unity", 1)):
        assert layout(mesh, axes).positions[:, up].argmax() == highest, axes
    assert layout(mesh, "unreal").positions[:, 0].min() > 250  # forward, in centimetres where the unit is the metre


def test_the_note_says_what_the_numbers_mean():
    metric = surface_from_pointmap(scene(metric=True))
    note = layout(metric, "unreal").note
    assert (note["unit"], note["handedness"]) == ("centimetre", "left") and "z up" in note["axes"]
    assert layout(surface_from_pointmap(scene()), "unity").note["unit"] == "unknown scale"


def test_vertices_are_painted_from_the_texture_only_where_asked():
    assert layout(textured_mesh()).colours is None
    painted = layout(textured_mesh(), paint_vertices=True).colours
    assert numpy.abs(painted - painted_mesh().colours.numpy()).max() < 0.01
