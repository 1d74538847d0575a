"""PLY: binary, little-endian, points or a mesh, with normals and colours per vertex."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy
import torch

from ..geometry.colour import eight_bit
from .axes import Layout

NAMES = {"<f4": "float", "u1": "uchar"}


def write_ply(content: Layout, file: BinaryIO, scalars: Mapping[str, numpy.ndarray] | None = None) -> None:
    """Points, or a mesh where there are faces; what the numbers mean stands in comments.

    `scalars` are further properties of the vertices by their names, (N,) each: whole numbers up to 255 (uint8) or float32.
    """
    columns: list[tuple[str, Sequence[str], numpy.ndarray]] = [("<f4", "xyz", content.positions)]
    if content.normals is not None:
        columns.append(("<f4", ("nx", "ny", "nz"), content.normals))
    if content.colours is not None:
        columns.append(("u1", ("red", "green", "blue"), eight_bit(torch.from_numpy(content.colours)).numpy()))
    for name, values in (scalars or {}).items():
        columns.append(("u1" if values.dtype == numpy.uint8 else "<f4", (name,), values[:, None]))
    header = ["ply", "format binary_little_endian 1.0"]
    header += [f"comment {name}: {json.dumps(value)}" for name, value in content.note.items()]
    header.append(f"element vertex {len(content.positions)}")
    header += [f"property {NAMES[kind]} {name}" for kind, names, _ in columns for name in names]
    if content.faces is not None:
        header += [f"element face {len(content.faces)}", "property list uchar int vertex_indices"]
    file.write("\n".join([*header, "end_header", ""]).encode("ascii"))
    rows = numpy.empty(len(content.positions), dtype=[(names[0], kind, (len(names),)) for kind, names, _ in columns])
    for _, names, values in columns:
        rows[names[0]] = values
    file.write(rows.view(numpy.uint8).data)
    if content.faces is not None:
        rows = numpy.empty(len(content.faces), dtype=[("count", "u1"), ("corners", "<i4", (3,))])
        rows["count"], rows["corners"] = 3, content.faces
        file.write(rows.view(numpy.uint8).data)
