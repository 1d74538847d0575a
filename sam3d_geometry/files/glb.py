"""GLB: binary glTF 2.0, written straight from the arrays."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any, BinaryIO

import numpy
import torch

from ..geometry.colour import linear_from_srgb
from .axes import Layout, jpeg_of

FLOAT, UNSIGNED_INT, UNSIGNED_SHORT = 5126, 5125, 5123
VERTICES, INDICES = 34962, 34963  # what a buffer view is for
POINTS, TRIANGLES = 0, 4
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
MAX_BYTES = 2**32 - 1  # the format counts bytes in 32 bits


class _Buffer:
    """Arrays one after the other, each at a multiple of four bytes, and the views and accessors that name them."""

    def __init__(self) -> None:
        self.parts: list[memoryview | bytes] = []
        self.bytes = 0
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, values: numpy.ndarray, component: int, kind: str, target: int, **more: Any) -> int:
        """Number of the accessor for an array whose rows are `kind` (SCALAR, VEC2, ...) of `component`."""
        self.views.append({"buffer": 0, "byteOffset": self.bytes, "byteLength": values.nbytes, "target": target})
        count = values.size if kind == "SCALAR" else len(values)
        self.accessors.append(
            {"bufferView": len(self.views) - 1, "componentType": component, "count": count, "type": kind, **more}
        )
        padding = -values.nbytes % 4
        self.parts += [values.reshape(-1).view(numpy.uint8).data, bytes(padding)]
        self.bytes += values.nbytes + padding
        return len(self.accessors) - 1


def _colour_values(colours: numpy.ndarray) -> numpy.ndarray:
    """sRGB colours (N, 3) in [0, 1] -> (N, 4) uint16 of linear light, as COLOR_0 is defined, and full opacity."""
    light = linear_from_srgb(torch.from_numpy(colours).clamp(0, 1)).mul_(65535).round_()
    values = numpy.full((len(colours), 4), 65535, dtype=numpy.uint16)
    values[:, :3] = light.numpy()
    return values


def _embedded_texture(texture: numpy.ndarray) -> dict[str, Any]:
    """The texture inside the JSON: ComfyUI's --disable-api-nodes lets its viewer read data addresses, not blob ones."""
    return {"mimeType": "image/jpeg", "uri": "data:image/jpeg;base64," + base64.b64encode(jpeg_of(texture)).decode()}


def write_glb(content: Layout, file: BinaryIO) -> None:
    """Triangles, or points where there are no faces, in glTF axes, with normals, UVs and colour as they come.

    A texture and colours are not written both: glTF multiplies one by the other, so a texture goes alone. What the numbers
    mean stands in asset.extras.
    """
    buffer = _Buffer()
    low, high = (extreme.tolist() for extreme in torch.aminmax(torch.from_numpy(content.positions), dim=0))
    attributes = {"POSITION": buffer.add(content.positions, FLOAT, "VEC3", VERTICES, min=low, max=high)}
    if content.normals is not None:
        attributes["NORMAL"] = buffer.add(content.normals, FLOAT, "VEC3", VERTICES)
    textured = content.texture is not None and content.uvs is not None
    if textured:
        attributes["TEXCOORD_0"] = buffer.add(content.uvs, FLOAT, "VEC2", VERTICES)
    elif content.colours is not None:
        values = _colour_values(content.colours)
        attributes["COLOR_0"] = buffer.add(values, UNSIGNED_SHORT, "VEC4", VERTICES, normalized=True)
    primitive = {"attributes": attributes, "mode": POINTS if content.faces is None else TRIANGLES, "material": 0}
    if content.faces is not None:
        primitive["indices"] = buffer.add(content.faces, UNSIGNED_INT, "SCALAR", INDICES)
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 1.0}
    gltf: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": content.note["generator"], "extras": content.note},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [{"pbrMetallicRoughness": surface, "doubleSided": True}],
        "buffers": [{"byteLength": buffer.bytes}],
        "bufferViews": buffer.views,
        "accessors": buffer.accessors,
    }
    if textured:
        surface["baseColorTexture"] = {"index": 0}
        gltf["images"] = [_embedded_texture(content.texture)]
        gltf["samplers"] = [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}]
        gltf["textures"] = [{"source": 0, "sampler": 0}]
    text = json.dumps(gltf, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + buffer.bytes
    if total > MAX_BYTES:
        raise ValueError(f"The mesh would be {total} bytes, and a GLB holds {MAX_BYTES}; ask for fewer triangles.")
    file.write(struct.pack("<4sII", b"glTF", 2, total))
    file.write(struct.pack("<II", len(text), JSON_CHUNK) + text)
    file.write(struct.pack("<II", buffer.bytes, BINARY_CHUNK))
    file.writelines(buffer.parts)
