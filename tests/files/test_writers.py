"""Every format writes meshes and point clouds, whole or not at all."""

import pytest
import torch
from shape_files import cloud, read, relative, scene, textured_mesh

from sam3d_geometry.files import SHAPE_FORMATS, layout, save_files, writers_of
from sam3d_geometry.maps.depth import depth_range
from sam3d_geometry.shapes.displaced_plane import displaced_plane
from sam3d_geometry.shapes.mesh import Mesh


@pytest.mark.parametrize("file_format", SHAPE_FORMATS)
def test_a_point_cloud_comes_back(tmp_path, file_format):
    points = cloud()
    found = read(tmp_path, points, file_format)
    assert type(found).__name__ == "PointCloud" and relative(found.vertices, layout(points).positions) < 1e-5
    if file_format != "obj":
        assert len(found.colors) == len(points.points)


def test_files_appear_whole_or_not_at_all(tmp_path):
    mesh = textured_mesh()

    def broken(file):
        file.write(b"half")
        raise OSError("disk full")

    (tmp_path / "x.obj").write_text("earlier")
    with pytest.raises(OSError, match="disk full"):
        save_files(tmp_path / "x", {**writers_of(mesh, "obj", "gltf", "x"), ".jpg": broken})
    assert [p.name for p in tmp_path.iterdir()] == ["x.obj"] and (tmp_path / "x.obj").read_text() == "earlier"


def test_bad_input_is_named():
    mesh = textured_mesh()
    with pytest.raises(ValueError, match="always has glTF axes"):
        writers_of(mesh, "glb", "blender", "x")
    with pytest.raises(ValueError, match="File format 'stl'"):
        writers_of(mesh, "stl", "gltf", "x")
    with pytest.raises(ValueError, match="Axes 'maya'"):
        writers_of(mesh, "ply", "maya", "x")


def test_a_single_triangle_and_a_plane_can_be_saved(tmp_path):
    triangle = Mesh(torch.eye(3), torch.tensor([[0, 1, 2]], dtype=torch.int32))
    pointmap = scene()
    plane = displaced_plane(pointmap, depth_range(pointmap), subdivisions=4)
    for file_format in SHAPE_FORMATS:
        assert len(read(tmp_path, triangle, file_format).faces) == 1
        assert len(read(tmp_path, plane, file_format).faces) == 32
