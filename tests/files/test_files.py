"""Files hold what was given: read back by trimesh they agree to 1e-5, in the axes that they name, or they are not there."""

import io
import json
import struct

import closed_form
import numpy
import pytest
import torch
from PIL import Image

from sam3d_geometry.files import AXES, SHAPE_FORMATS, layout, save_files, writers_of
from sam3d_geometry.geometry.axes import convert_points
from sam3d_geometry.maps.depth import depth_range
from sam3d_geometry.shapes.displaced_plane import displaced_plane
from sam3d_geometry.shapes.mesh import Mesh
from sam3d_geometry.shapes.point_cloud import point_cloud_from_pointmap
from sam3d_geometry.shapes.surface import surface_from_pointmap

SIZE = (30, 40)


def scene(metric=False):
    """A sphere whose photo is red on the left, green on the right, brighter at the top."""
    image = torch.zeros(1, *SIZE, 3)
    image[..., :20, 0] = 1
    image[..., 20:, 1] = 1
    image[..., 2] = torch.linspace(1, 0, SIZE[0])[None, :, None]
    return closed_form.pointmap(closed_form.sphere(*SIZE)[0], image=image, metric=metric)


@pytest.fixture(scope="module")
def mesh():
    return surface_from_pointmap(scene())


@pytest.fixture(scope="module")
def painted():
    return surface_from_pointmap(scene(), paint="vertex colors")


@pytest.fixture(scope="module")
def cloud():
    return point_cloud_from_pointmap(scene())


def written(model, file_format, axes="gltf", suffix=None):
    file = io.BytesIO()
    writers_of(model, file_format, axes, "name")[suffix or f".{file_format}"](file)
    return file.getvalue()


def read(tmp_path, model, file_format, axes="gltf"):
    """The only geometry of a file as trimesh reads it."""
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    path = save_files(tmp_path / "name", writers_of(model, file_format, axes, "name"))[0]
    found = trimesh.load(path, process=False)
    return next(iter(found.geometry.values())) if isinstance(found, trimesh.Scene) else found


def relative(found, wanted):
    return (numpy.abs(found - wanted).max() / numpy.abs(wanted).max()).item()


@pytest.mark.parametrize(("file_format", "axes"), [("glb", "gltf"), *((f, a) for f in ("ply", "obj") for a in AXES)])
def test_a_mesh_comes_back_in_its_axes(tmp_path, mesh, file_format, axes):
    found = read(tmp_path, mesh, file_format, axes)
    assert relative(found.vertices, convert_points(mesh.vertices, AXES[axes]).numpy()) < 1e-5
    # faces face away from the sphere's middle; the cross product of left-handed axes turns with their clockwise order
    inward = convert_points(torch.tensor([0, 0, 4.0]), AXES[axes]).numpy() - found.triangles_center
    assert ((found.face_normals * inward).sum(1) < 0).mean() > 0.99
    assert numpy.allclose(found.vertex_normals, layout(mesh, axes).normals, atol=1e-4)


def test_up_is_up_in_every_axes(mesh):
    highest = mesh.vertices[:, 1].argmin()
    for axes, up in (("gltf", 1), ("blender", 2), ("unreal", 2), ("unity", 1)):
        assert layout(mesh, axes).positions[:, up].argmax() == highest, axes
    assert layout(mesh, "unreal").positions[:, 0].min() > 250  # forward, in centimetres where the unit is the metre


@pytest.mark.parametrize("file_format", ["glb", "obj"])
def test_the_texture_is_the_right_way_up(tmp_path, mesh, file_format):
    found = read(tmp_path, mesh, file_format)
    assert numpy.allclose(found.visual.uv * [1, -1] + [0, 1], mesh.uvs, atol=1e-5)
    material = found.visual.material
    picture = material.baseColorTexture if file_format == "glb" else material.image
    picture = numpy.asarray(picture.convert("RGB"), dtype=float)
    x, y = (found.visual.uv * [SIZE[1], SIZE[0]]).T.astype(int)
    colours = picture[SIZE[0] - 1 - y, x]
    left, above = found.vertices[:, 0] < -0.2, found.vertices[:, 1] > 0.3
    assert (colours[left, 0] > 200).all() and (colours[found.vertices[:, 0] > 0.2, 1] > 200).all()
    assert colours[above, 2].mean() > 130 > colours[found.vertices[:, 1] < -0.3, 2].mean()


def test_vertex_colours_come_back(tmp_path, painted, mesh):
    wanted = painted.colours.numpy()
    for model in (painted, mesh):  # from a texture where there are none
        found = read(tmp_path, model, "ply").visual.vertex_colors[:, :3] / 255
        assert numpy.abs(found - wanted).max() < 0.01
    found = read(tmp_path, painted, "glb").visual.vertex_attributes["color"]
    light = numpy.asarray(found)[:, :3] / numpy.iinfo(numpy.asarray(found).dtype).max
    srgb = numpy.where(light < 0.0031308, light * 12.92, 1.055 * light.clip(1e-9) ** (1 / 2.4) - 0.055)
    assert numpy.abs(srgb - wanted).max() < 0.01
    lines = written(painted, "obj").decode().splitlines()
    first = next(line for line in lines if line.startswith("v ")).split()
    assert numpy.allclose([float(v) for v in first[4:]], wanted[0], atol=1e-4)


@pytest.mark.parametrize("file_format", SHAPE_FORMATS)
def test_a_point_cloud_comes_back(tmp_path, cloud, file_format):
    found = read(tmp_path, cloud, file_format)
    assert type(found).__name__ == "PointCloud" and relative(found.vertices, layout(cloud).positions) < 1e-5
    if file_format != "obj":
        assert len(found.colors) == len(cloud.points)


def gltf_of(data):
    magic, version, total, length, kind = struct.unpack("<4sIIII", data[:20])
    assert (magic, version, kind) == (b"glTF", 2, 0x4E4F534A) and total == len(data)
    rest = struct.unpack("<II", data[20 + length : 28 + length])
    assert rest == (len(data) - 28 - length, 0x004E4942) and length % 4 == rest[0] % 4 == 0
    return json.loads(data[20 : 20 + length])


def test_a_glb_keeps_to_the_format(mesh, painted, cloud):
    for model, mode in ((mesh, 4), (painted, 4), (cloud, 0)):
        gltf = gltf_of(written(model, "glb"))
        primitive = gltf["meshes"][0]["primitives"][0]
        assert primitive["mode"] == mode
        # glTF multiplies a texture by COLOR_0, so never both
        assert ("COLOR_0" in primitive["attributes"]) != ("TEXCOORD_0" in primitive["attributes"])
        assert all(view["byteOffset"] % 4 == 0 for view in gltf["bufferViews"])
        position = gltf["accessors"][primitive["attributes"]["POSITION"]]
        assert numpy.allclose(position["min"], layout(model).positions.min(0))
        assert numpy.allclose(position["max"], layout(model).positions.max(0))
    texture = gltf_of(written(mesh, "glb"))["images"][0]["uri"]
    assert texture.startswith("data:image/jpeg;base64,")  # ComfyUI's content policy blocks what lies in the buffer


def test_files_say_what_their_numbers_mean():
    metric = surface_from_pointmap(scene(metric=True))
    note = gltf_of(written(metric, "glb"))["asset"]["extras"]
    assert note["unit"] == "metre" and "y up" in note["axes"] and note["handedness"] == "right"
    assert numpy.allclose(note["intrinsics_normalised"], metric.intrinsics, atol=1e-6)
    header = written(metric, "ply", "unreal").split(b"end_header")[0].decode()
    assert 'comment unit: "centimetre"' in header and "z up" in header and 'comment handedness: "left"' in header
    assert '# axes: "blender: x right, y into the scene, z up"' in written(metric, "obj", "blender").decode()
    assert "unknown scale" in written(surface_from_pointmap(scene()), "ply").split(b"end_header")[0].decode()


def test_an_obj_names_its_material_and_picture(tmp_path, mesh, painted):
    paths = save_files(tmp_path / "a b", writers_of(mesh, "obj", "gltf", "a b"))
    assert (
        sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in paths) == ["a b.jpg", "a b.mtl", "a b.obj"]
    )
    assert "mtllib a b.mtl" in paths[0].read_text() and "map_Kd a b.jpg" in (tmp_path / "a b.mtl").read_text()
    assert Image.open(tmp_path / "a b.jpg").size == (SIZE[1], SIZE[0])
    assert list(writers_of(painted, "obj", "gltf", "x")) == [".obj"]


def test_files_appear_whole_or_not_at_all(tmp_path, mesh):
    def broken(file):
        file.write(b"half")
        raise OSError("disk full")

    (tmp_path / "x.obj").write_text("earlier")
    with pytest.raises(OSError, match="disk full"):
        save_files(tmp_path / "x", {**writers_of(mesh, "obj", "gltf", "x"), ".jpg": broken})
    assert [p.name for p in tmp_path.iterdir()] == ["x.obj"] and (tmp_path / "x.obj").read_text() == "earlier"


def test_bad_input_is_named(mesh):
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
