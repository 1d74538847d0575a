"""What every GLB has: arrays in one binary part, and the JSON that names them."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

import numpy

FLOAT, UNSIGNED_INT, UNSIGNED_SHORT = 5126, 5125, 5123
VERTEX_DATA, INDEX_DATA = 34962, 34963  # what a buffer view is for
JSON_CHUNK, BINARY_CHUNK = 0x4E4F534A, 0x004E4942
MAX_BYTES = 2**32 - 1  # the format counts bytes in 32 bits


class GlbBuffer:
    """Arrays one after the other, each at a multiple of four bytes, and the views and accessors that name them."""

    def __init__(self) -> None:
        self.parts: list[memoryview | bytes] = []
        self.bytes = 0
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, values: numpy.ndarray, component: int, kind: str, target: int = 0, **more: Any) -> int:
        """Number of the accessor for an array whose rows are `kind` (SCALAR, VEC2, ...) of `component`.

        `target` is VERTEX_DATA, INDEX_DATA or, for what is neither (keyframes, bind matrices), 0.
        """
        view = {"buffer": 0, "byteOffset": self.bytes, "byteLength": values.nbytes}
        self.views.append(view | {"target": target} if target else view)
        count = values.size if kind == "SCALAR" else len(values)
        self.accessors.append(
            {"bufferView": len(self.views) - 1, "componentType": component, "count": count, "type": kind, **more}
        )
        padding = -values.nbytes % 4
        self.parts += [values.reshape(-1).view(numpy.uint8).data, bytes(padding)]
        self.bytes += values.nbytes + padding
        return len(self.accessors) - 1

    def described(self) -> dict[str, Any]:
        """glTF's lists of the buffer, its views and accessors."""
        return {"buffers": [{"byteLength": self.bytes}], "bufferViews": self.views, "accessors": self.accessors}


def write_container(gltf: dict[str, Any], buffer: GlbBuffer, file: BinaryIO) -> None:
    """The JSON and the binary part as one GLB; ValueError where it would be larger than the format can say."""
    text = json.dumps(gltf, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + buffer.bytes
    if total > MAX_BYTES:
        raise ValueError(f"The mesh would be {total} bytes, and a GLB holds {MAX_BYTES}; ask for fewer triangles.")
    file.write(struct.pack("<4sII", b"glTF", 2, total))
    file.write(struct.pack("<II", len(text), JSON_CHUNK) + text)
    file.write(struct.pack("<II", buffer.bytes, BINARY_CHUNK))
    file.writelines(buffer.parts)
