"""GLB holds what was given, keeps to the format, and says what its numbers mean."""

import json
import math
import struct
from dataclasses import replace

import numpy
import pytest
import torch
from shape_files import assert_the_texture_is_the_right_way_up, cloud, painted_mesh, read, scene, textured_mesh, written

from sam3d_geometry.files import layout
from sam3d_geometry.shapes.mesh import Mesh
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


def seen_by(gltf, points):
    """Where a glTF viewer's projection matrix (glTF 2.0, 3.10.3.4) with the camera at the origin puts points: u, v down, depth."""
    lens = gltf["cameras"][0]["perspective"]
    near, far, focal = lens["znear"], lens["zfar"], 1 / math.tan(lens["yfov"] / 2)
    matrix = numpy.zeros((4, 4))
    matrix[0, 0], matrix[1, 1], matrix[3, 2] = focal / lens["aspectRatio"], focal, -1
    matrix[2, 2:] = (far + near) / (near - far), 2 * far * near / (near - far)
    clip = numpy.concatenate([points, numpy.ones((len(points), 1))], 1) @ matrix.T
    x, y, z = (clip[:, :3] / clip[:, 3:]).T
    return (x + 1) / 2, (1 - y) / 2, z


def test_its_camera_sees_every_vertex_where_the_photo_has_it():
    unequal = replace(textured_mesh(), intrinsics=textured_mesh().intrinsics.clone())
    unequal.intrinsics[0, 0] *= 1.3  # another shape of picture
    for model, width in ((textured_mesh(), 1.0), (unequal, 1.3)):
        gltf = gltf_of(written(model, "glb"))
        assert gltf["scenes"][0]["nodes"] == [0, 1] and gltf["nodes"][1] == {"name": "camera", "camera": 0}
        u, v, z = seen_by(gltf, layout(model).positions.astype(float))
        wanted = model.uvs.numpy()
        assert (
            numpy.abs(u - (0.5 + (wanted[:, 0] - 0.5) * width)).max() < 1e-5
            and numpy.abs(v - wanted[:, 1]).max() < 1e-5
        )
        assert z.min() > -1 and z.max() < 1  # nothing is clipped
    assert "cameras" in gltf_of(written(cloud(), "glb"))


@pytest.mark.parametrize("row", [0, 1])
def test_a_camera_that_gltf_cannot_hold_is_left_out(row):
    shifted = replace(textured_mesh(), intrinsics=textured_mesh().intrinsics.clone())
    shifted.intrinsics[row, 2] = 0.6
    vertices = torch.tensor([[0.0, 0, -1], [1, 0, -1], [0, 1, -2]])  # behind the camera
    behind = Mesh(vertices, torch.tensor([[0, 1, 2]]).int(), intrinsics=textured_mesh().intrinsics)
    for model in (shifted, behind, replace(textured_mesh(), intrinsics=None)):
        gltf = gltf_of(written(model, "glb"))
        assert "cameras" not in gltf and len(gltf["nodes"]) == 1
