"""OBJ: text that every program reads, with a material file and the photo beside it."""

from __future__ import annotations

import json
from typing import BinaryIO

import numpy

from .axes import Layout, jpeg_of

LINES_AT_ONCE = 1 << 16  # text of a few MB


def write_lines(file: BinaryIO, line: str, values: numpy.ndarray) -> None:
    """One line per row of `values`, formatted many at once."""
    for start in range(0, len(values), LINES_AT_ONCE):
        part = values[start : start + LINES_AT_ONCE]
        file.write((line * len(part) % tuple(part.ravel().tolist())).encode("ascii"))


def write_obj(content: Layout, name: str, file: BinaryIO) -> None:
    """Mesh or points as `name`.obj, which names `name`.mtl where there is a texture; colours follow the positions otherwise.

    What the numbers mean stands in comments.
    """
    textured = content.texture_and_uvs()
    header = [f"# {key}: {json.dumps(value)}" for key, value in content.note.items()]
    header += [f"mtllib {name}.mtl"] if textured is not None else []
    file.write("\n".join([*header, "o surface", ""]).encode("utf-8"))
    if content.colours is not None and textured is None:
        write_lines(file, "v %.9g %.9g %.9g %.4f %.4f %.4f\n", numpy.hstack([content.positions, content.colours]))
    else:
        write_lines(file, "v %.9g %.9g %.9g\n", content.positions)
    if textured is not None:
        u, v = textured[1].T
        write_lines(file, "vt %.9g %.9g\n", numpy.stack([u, 1 - v], 1))  # OBJ counts v from the bottom
    if content.normals is not None:
        write_lines(file, "vn %.6f %.6f %.6f\n", content.normals)
    if content.faces is None:
        return
    if textured is not None:
        file.write(b"usemtl photo\n")
    corner = {(False, False): "%d", (True, False): "%d/%d", (False, True): "%d//%d", (True, True): "%d/%d/%d"}[
        textured is not None, content.normals is not None
    ]
    repeats = corner.count("%d")
    numbers = numpy.repeat(content.faces + 1, repeats, axis=1)
    write_lines(file, f"f {corner} {corner} {corner}\n", numbers)


def write_mtl(name: str, file: BinaryIO) -> None:
    """The material that shows the photo `name`.jpg."""
    file.write(f"newmtl photo\nKa 0 0 0\nKd 1 1 1\nKs 0 0 0\nillum 1\nmap_Kd {name}.jpg\n".encode())


def write_texture(texture: numpy.ndarray, file: BinaryIO) -> None:
    """The photo (H, W, 3) as a JPEG."""
    file.write(jpeg_of(texture))
