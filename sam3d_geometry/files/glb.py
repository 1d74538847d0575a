"""GLB: binary glTF 2.0, written straight from the arrays."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy
import torch

from ..geometry.camera import CENTRED, fov_degrees_from_intrinsics
from ..geometry.colour import linear_from_srgb
from .axes import Layout, jpeg_of
from .glb_container import FLOAT, INDEX_DATA, UNSIGNED_INT, UNSIGNED_SHORT, VERTEX_DATA, GlbBuffer, write_container
from .whole_files import NO_TEXTS

POINTS_MODE, TRIANGLES_MODE = 0, 4
CLIPPING_ROOM = 10.0  # times nearer and farther than the geometry: where the camera's clipping starts and ends


def _colour_values(colours: numpy.ndarray) -> numpy.ndarray:
    """sRGB colours (N, 3) in [0, 1] -> (N, 4) uint16 of linear light, as COLOR_0 is defined, and full opacity."""
    light = linear_from_srgb(torch.from_numpy(colours).clamp(0, 1)).mul_(65535).round_()
    values = numpy.full((len(colours), 4), 65535, dtype=numpy.uint16)
    values[:, :3] = light.numpy()
    return values


def _embedded_texture(texture: numpy.ndarray) -> dict[str, Any]:
    """The texture inside the JSON: ComfyUI's --disable-api-nodes lets its viewer read data addresses, not blob ones."""
    return {"mimeType": "image/jpeg", "uri": "data:image/jpeg;base64," + base64.b64encode(jpeg_of(texture)).decode()}


def add_primitive(content: Layout, buffer: GlbBuffer) -> dict[str, Any]:
    """The triangles, or points where there are no faces, put into the buffer; glTF's object of them, without a material.

    A texture and colours are not written both: glTF multiplies one by the other, so a texture goes alone.
    """
    low, high = (extreme.tolist() for extreme in torch.aminmax(torch.from_numpy(content.positions), dim=0))
    attributes = {"POSITION": buffer.add(content.positions, FLOAT, "VEC3", VERTEX_DATA, min=low, max=high)}
    if content.normals is not None:
        attributes["NORMAL"] = buffer.add(content.normals, FLOAT, "VEC3", VERTEX_DATA)
    textured = content.texture_and_uvs()
    if textured is not None:
        attributes["TEXCOORD_0"] = buffer.add(textured[1], FLOAT, "VEC2", VERTEX_DATA)
    elif content.colours is not None:
        values = _colour_values(content.colours)
        attributes["COLOR_0"] = buffer.add(values, UNSIGNED_SHORT, "VEC4", VERTEX_DATA, normalized=True)
    primitive = {
        "attributes": attributes,
        "mode": POINTS_MODE if content.faces is None else TRIANGLES_MODE,
        "material": 0,
    }
    if content.faces is not None:
        primitive["indices"] = buffer.add(content.faces, UNSIGNED_INT, "SCALAR", INDEX_DATA)
    return primitive


def texture_parts(texture: numpy.ndarray) -> dict[str, Any]:
    """glTF's lists for the texture that the first material names."""
    return {
        "images": [_embedded_texture(texture)],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "textures": [{"source": 0, "sampler": 0}],
    }


def perspective_camera(fov_y: float, aspect: float, near: float, far: float) -> dict[str, Any]:
    """glTF's camera of a vertical field of view in radians, width / height, and the distances between which it shows things."""
    lens = {"yfov": fov_y, "aspectRatio": aspect, "znear": near, "zfar": far}
    return {"type": "perspective", "name": "camera", "perspective": lens}


def photo_camera(content: Layout) -> dict[str, Any] | None:
    """glTF's camera that took the photo; None where there is none, or one that is off the photo's middle, as after a crop.

    glTF 2.0, 3.10.3: yfov = 2 atan(0.5 / fy) and aspectRatio = fy / fx of the normalised intrinsics.
    """
    if content.intrinsics is None or bool((abs(content.intrinsics[:2, 2] - 0.5) > CENTRED).any()):
        return None
    distances = -content.positions[:, 2].astype(float)
    ahead = distances[distances > 0]
    if not len(ahead):
        return None
    _, fov_y = fov_degrees_from_intrinsics(torch.from_numpy(content.intrinsics))
    aspect = float(content.intrinsics[1, 1] / content.intrinsics[0, 0])
    return perspective_camera(
        math.radians(float(fov_y)), aspect, float(ahead.min()) / CLIPPING_ROOM, float(ahead.max()) * CLIPPING_ROOM
    )


def write_glb(content: Layout, file: BinaryIO, texts: Mapping[str, str] = NO_TEXTS) -> None:
    """Triangles, or points where there are no faces, in glTF axes, with normals, UVs and colour as they come,
    and the camera that took the photo, at the origin, where `photo_camera` has one.

    What the numbers mean stands in asset.extras, after further `texts` by name.
    """
    buffer = GlbBuffer()
    primitive = add_primitive(content, buffer)
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 1.0}
    gltf: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": content.note["generator"], "extras": {**texts, **content.note}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"pbrMetallicRoughness": surface, "doubleSided": True}],
        **buffer.described(),
    }
    textured = content.texture_and_uvs()
    if textured is not None:
        surface["baseColorTexture"] = {"index": 0}
        gltf |= texture_parts(textured[0])
    camera = photo_camera(content)
    if camera is not None:
        gltf["cameras"] = [camera]
        gltf["nodes"].append({"name": "camera", "camera": 0})
        gltf["scenes"] = [{"nodes": [0, 1]}]
    write_container(gltf, buffer, file)
