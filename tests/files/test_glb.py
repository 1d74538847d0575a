"""GLB holds what was given, keeps to the format, and says what its numbers mean."""

import json
import struct

import numpy
from shape_files import assert_the_texture_is_the_right_way_up, cloud, painted_mesh, read, scene, textured_mesh, written

from sam3d_geometry.files import layout
from sam3d_geometry.shapes.surface import surface_from_pointmap


def gltf_of(data):
    magic, version, total, length, kind = struct.unpack("<4sIIII", data[:20])
    assert (magic, version, kind) == (b"glTF", 2, 0x4E4F534A) and total == len(data)
    rest = struct.unpack("<II", data[20 + length : 28 + length])
    assert rest == (len(data) - 28 - length, 0x004E4942) and length % 4 == rest[0] % 4 == 0
    return json.loads(data[20 : 20 + length])


def test_a_glb_keeps_to_the_format():
    mesh, painted, points = textured_mesh(), painted_mesh(), cloud()
    for model, mode in ((mesh, 4), (painted, 4), (points, 0)):
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


def test_the_texture_is_the_right_way_up(tmp_path):
    found = read(tmp_path, textured_mesh(), "glb")
    assert_the_texture_is_the_right_way_up(found, textured_mesh(), found.visual.material.baseColorTexture)


def test_vertex_colours_come_back_in_linear_light(tmp_path):
    wanted = painted_mesh().colours.numpy()
    found = read(tmp_path, painted_mesh(), "glb").visual.vertex_attributes["color"]
    light = numpy.asarray(found)[:, :3] / numpy.iinfo(numpy.asarray(found).dtype).max
    srgb = numpy.where(light < 0.0031308, light * 12.92, 1.055 * light.clip(1e-9) ** (1 / 2.4) - 0.055)
    assert numpy.abs(srgb - wanted).max() < 0.01


def test_it_says_what_its_numbers_mean():
    metric = surface_from_pointmap(scene(metric=True))
    note = gltf_of(written(metric, "glb"))["asset"]["extras"]
    assert note["unit"] == "metre" and "y up" in note["axes"] and note["handedness"] == "right"
    assert numpy.allclose(note["intrinsics_normalised"], metric.intrinsics, atol=1e-6)
