"""The binary part of a GLB lies at multiples of four, and its views say where."""

import io
import json
import struct

import numpy

from sam3d_geometry.files.glb_container import FLOAT, UNSIGNED_SHORT, VERTEX_DATA, GlbBuffer, write_container


def test_arrays_lie_at_multiples_of_four_and_views_without_a_target_say_none():
    buffer = GlbBuffer()
    first = buffer.add(numpy.arange(3, dtype=numpy.uint16), UNSIGNED_SHORT, "SCALAR")
    second = buffer.add(numpy.ones((2, 3), dtype=numpy.float32), FLOAT, "VEC3", VERTEX_DATA)
    assert (first, second) == (0, 1)
    assert [view["byteOffset"] for view in buffer.views] == [0, 8]
    assert "target" not in buffer.views[0] and buffer.views[1]["target"] == VERTEX_DATA
    assert [accessor["count"] for accessor in buffer.accessors] == [3, 2]
    file = io.BytesIO()
    write_container({"asset": {"version": "2.0"}, **buffer.described()}, buffer, file)
    data = file.getvalue()
    assert struct.unpack("<4sII", data[:12]) == (b"glTF", 2, len(data))
    length = struct.unpack("<I", data[12:16])[0]
    assert length % 4 == 0 and json.loads(data[20 : 20 + length])["buffers"] == [{"byteLength": 32}]
    assert numpy.frombuffer(data[-24:], numpy.float32).tolist() == [1.0] * 6
