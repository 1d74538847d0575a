"""The extension reads the pack's own GLB value for value, and refuses what is damaged in one sentence."""

import io
import json
import struct

import closed_form
import numpy
import pytest
from PIL import Image
from sam3d_geometry_import.glb_file import FileError, read_glb

from sam3d_geometry.files import save_files, writers_of
from sam3d_geometry.shapes.surface import surface_from_pointmap

SIZE = (12, 16)


@pytest.fixture
def saved(tmp_path):
    pointmap = closed_form.pointmap(closed_form.sphere(*SIZE)[0])
    mesh = surface_from_pointmap(pointmap)
    return mesh, save_files(tmp_path / "photo", writers_of(mesh, "glb", "gltf", "photo"))[0]


def changed(path, change):
    """The GLB with its JSON changed."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    gltf = json.loads(data[20 : 20 + length])
    change(gltf)
    text = json.dumps(gltf).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    path.write_bytes(
        struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A) + text + rest
    )


def test_what_is_read_is_what_was_written(saved):
    mesh, path = saved
    found = read_glb(path)
    assert numpy.array_equal(numpy.reshape(found.positions, (-1, 3)), mesh.vertices.numpy() * [1, -1, -1])
    assert numpy.array_equal(numpy.reshape(found.uvs, (-1, 2)), mesh.uvs.numpy())
    assert numpy.array_equal(numpy.reshape(found.faces, (-1, 3)), mesh.faces.numpy())
    assert numpy.abs(found.intrinsics - mesh.intrinsics.numpy()).max() < 1e-6 and found.metric == mesh.metric
    assert Image.open(io.BytesIO(found.photo)).size == SIZE[::-1]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda gltf: gltf["accessors"][0].update(count=10**9), "more values than it holds"),
        (lambda gltf: gltf["accessors"][0].update(count=-1), "more values than it holds"),
        (lambda gltf: gltf["bufferViews"][0].update(byteOffset=-8), "more values than it holds"),
        (lambda gltf: gltf["accessors"][0].update(componentType=5120), "another form"),
        (lambda gltf: gltf["meshes"][0]["primitives"][0].update(mode=0), "no triangles"),
        (lambda gltf: gltf["images"][0].update(uri="file:///etc/passwd"), "no photo"),
        (lambda gltf: gltf["images"][0].update(uri="data:image/jpeg;base64,@"), "damaged photo"),
        (lambda gltf: gltf["asset"].pop("extras"), "no textured mesh"),
        (lambda gltf: gltf["asset"]["extras"].update(intrinsics_normalised=[[0, 0, 0]] * 3), "no camera"),
        (lambda gltf: gltf.update(meshes=5), "no textured mesh"),
    ],
)
def test_damage_is_named(saved, change, word):
    changed(saved[1], change)
    with pytest.raises(FileError, match=word) as error:
        read_glb(saved[1])
    assert str(error.value).startswith(saved[1].name)


def test_files_that_are_cut_off_or_something_else_are_refused(saved):
    path = saved[1]
    data = path.read_bytes()
    for content, word in ((data[:-9], "cut off"), (b"", "not a GLB"), (b"glTF" + bytes(99), "cut off")):
        path.write_bytes(content)
        with pytest.raises(FileError, match=word):
            read_glb(path)
    path.unlink()
    with pytest.raises(FileError, match="cannot be read"):
        read_glb(path)


def test_a_face_of_a_vertex_that_is_not_there_is_refused(saved):
    path = saved[1]
    data = bytearray(path.read_bytes())
    data[-4:] = struct.pack("<I", 10**6)
    path.write_bytes(data)
    with pytest.raises(FileError, match="do not belong"):
        read_glb(path)
