# SPDX-License-Identifier: GPL-3.0-or-later
"""The pack's GLB, one textured mesh with its camera: read with the standard library, and checked as any file is."""

from __future__ import annotations

import base64
import binascii
import json
import math
import struct
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
FLOAT, UNSIGNED_INT = 5126, 5125
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}
PICTURE = "data:image/jpeg;base64,"


class FileError(Exception):
    """A result cannot be used; the message is one sentence that says why."""


@dataclass(frozen=True)
class TexturedMesh:
    """What a GLB of the pack holds, in glTF axes (x right, y up, z toward the viewer), the camera at the origin.

    positions  3 floats a vertex
    uvs        2 floats a vertex, v down
    faces      3 vertex numbers a triangle
    photo      the bytes of a JPEG
    """

    positions: array
    uvs: array
    faces: array
    photo: bytes
    intrinsics: list[list[float]]  # normalised by the picture's size
    metric: bool


def read_glb(path: Path) -> TexturedMesh:
    """A GLB that the pack made of a photo; raises FileError where it is damaged or of another kind."""
    try:
        return _mesh(*_chunks(path.read_bytes()))
    except OSError as error:
        raise FileError(f"{path.name} cannot be read ({error.strerror or error}).") from error
    except FileError as error:
        raise FileError(f"{path.name} {error}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise FileError(f"{path.name} is no textured mesh of the pack, or is damaged.") from error


def _chunks(data: bytes) -> tuple[dict[str, Any], memoryview]:
    if len(data) < 20 or data[:4] != b"glTF":
        raise FileError("is not a GLB file.")
    _, total = struct.unpack_from("<II", data, 4)
    if total != len(data):
        raise FileError(f"is cut off: it has {len(data)} of {total} bytes.")
    found: dict[int, memoryview] = {}
    at = 12
    while at + 8 <= len(data):
        length, kind = struct.unpack_from("<II", data, at)
        found.setdefault(kind, memoryview(data)[at + 8 : at + 8 + length])
        at += 8 + length
    return json.loads(bytes(found[JSON_CHUNK])), found[BINARY_CHUNK]


def _values(gltf: dict[str, Any], binary: memoryview, number: int, component: int, kind: str) -> array:
    accessor = gltf["accessors"][number]
    view = gltf["bufferViews"][accessor["bufferView"]]
    if (accessor["componentType"], accessor["type"]) != (component, kind) or "byteStride" in view:
        raise FileError("holds its arrays in another form than the pack writes.")
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    size = accessor["count"] * WIDTHS[kind] * 4
    if start < 0 or size < 0 or start + size > len(binary):
        raise FileError("names more values than it holds.")
    values = array("f" if component == FLOAT else "I")
    values.frombytes(binary[start : start + size])
    return values


def _mesh(gltf: dict[str, Any], binary: memoryview) -> TexturedMesh:
    primitive = gltf["meshes"][0]["primitives"][0]
    attributes = primitive["attributes"]
    if primitive.get("mode", 4) != 4:
        raise FileError("holds no triangles.")
    positions = _values(gltf, binary, attributes["POSITION"], FLOAT, "VEC3")
    uvs = _values(gltf, binary, attributes["TEXCOORD_0"], FLOAT, "VEC2")
    faces = _values(gltf, binary, primitive["indices"], UNSIGNED_INT, "SCALAR")
    vertices = len(positions) // 3
    if len(uvs) != 2 * vertices or len(faces) % 3 or (len(faces) and max(faces) >= vertices):
        raise FileError("has triangles or a texture that do not belong to its vertices.")
    if not all(map(math.isfinite, positions)) or not all(map(math.isfinite, uvs)):
        raise FileError("has places that are no numbers.")
    address = gltf["images"][0]["uri"]
    if not address.startswith(PICTURE):
        raise FileError("holds no photo.")
    try:
        photo = base64.b64decode(address[len(PICTURE) :], validate=True)
    except binascii.Error as error:
        raise FileError("holds a damaged photo.") from error
    note = gltf["asset"]["extras"]
    intrinsics = [[float(value) for value in row] for row in note["intrinsics_normalised"]]
    if not all(map(math.isfinite, [*intrinsics[0], *intrinsics[1]])) or intrinsics[0][0] <= 0 or intrinsics[1][1] <= 0:
        raise FileError("has no camera.")
    return TexturedMesh(positions, uvs, faces, photo, intrinsics, note.get("unit") == "metre")
