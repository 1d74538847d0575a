"""OBJ holds what was given, with its material and picture beside it."""

import numpy
import pytest
from PIL import Image
from shape_files import SIZE, assert_the_texture_is_the_right_way_up, painted_mesh, read, scene, textured_mesh, written

from sam3d_geometry.files import save_files, writers_of
from sam3d_geometry.shapes.surface import surface_from_pointmap


def test_an_obj_names_its_material_and_picture(tmp_path):
    mesh, painted = textured_mesh(), painted_mesh()
    paths = save_files(tmp_path / "a_b", writers_of(mesh, "obj", "gltf", "a_b"))
    assert (
        sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in paths) == ["a_b.jpg", "a_b.mtl", "a_b.obj"]
    )
    assert "mtllib a_b.mtl" in paths[0].read_text() and "map_Kd a_b.jpg" in (tmp_path / "a_b.mtl").read_text()
    assert Image.open(tmp_path / "a_b.jpg").size == (SIZE[1], SIZE[0])
    assert list(writers_of(painted, "obj", "gltf", "x")) == [".obj"]


@pytest.mark.parametrize("name", ["a b", "a\tb", "a\u00a0b"])
def test_a_name_with_spaces_that_would_lose_the_material_is_refused(name):
    with pytest.raises(ValueError, match="choose a name without spaces"):
        writers_of(textured_mesh(), "obj", "gltf", name)
    assert list(writers_of(painted_mesh(), "obj", "gltf", name)) == [".obj"]


def test_the_texture_is_the_right_way_up(tmp_path):
    found = read(tmp_path, textured_mesh(), "obj")
    assert_the_texture_is_the_right_way_up(found, textured_mesh(), found.visual.material.image)


def test_vertex_colours_follow_the_positions():
    lines = written(painted_mesh(), "obj").decode().splitlines()
    first = next(line for line in lines if line.startswith("v ")).split()
    assert numpy.allclose([float(v) for v in first[4:]], painted_mesh().colours[0], atol=1e-4)


def test_it_says_what_its_numbers_mean():
    metric = surface_from_pointmap(scene(metric=True))
    assert '# axes: "blender: x right, y into the scene, z up"' in written(metric, "obj", "blender").decode()
