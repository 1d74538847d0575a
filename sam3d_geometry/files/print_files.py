"""Files for 3D printing, in millimetres: STL, binary, and 3MF, which says its unit."""

from __future__ import annotations

import zipfile
from functools import partial
from io import BytesIO
from typing import BinaryIO

import numpy

from .. import __version__
from ..shapes.printing import PrintSolid, facet_normals
from .obj import write_lines
from .whole_files import Writer

PRINT_FORMATS = ("stl", "3mf")
STL_HEADER = 80  # bytes that no program reads
CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MODEL_TYPE = "application/vnd.ms-package.3dmanufacturing-3dmodel+xml"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
PARTS = {
    "[Content_Types].xml": f'{DECLARATION}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="model" ContentType="{MODEL_TYPE}"/></Types>',
    "_rels/.rels": f'{DECLARATION}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Target="/3D/3dmodel.model" Id="model" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>',
}


def print_writers(solid: PrintSolid, file_format: str) -> dict[str, Writer]:
    """The function that writes a solid's file, by its suffix; `file_format` is one of PRINT_FORMATS."""
    writers = {"stl": write_stl, "3mf": write_3mf}
    if file_format not in writers:
        raise ValueError(f"Format came as {file_format!r}; solids are saved as one of {', '.join(PRINT_FORMATS)}.")
    return {f".{file_format}": partial(writers[file_format], solid)}


def write_stl(solid: PrintSolid, file: BinaryIO) -> None:
    """Binary STL: of every triangle its normal and corners; its numbers are millimetres, as slicers take them."""
    rows = numpy.zeros(len(solid.faces), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    rows["normal"] = facet_normals(solid)
    rows["corners"] = solid.vertices.numpy()[solid.faces.numpy()]
    file.write(f"sam3d-geometry {__version__}, millimetres".encode("ascii").ljust(STL_HEADER))
    file.write(numpy.uint32(len(rows)).astype("<u4").tobytes())
    file.write(rows.tobytes())


def write_3mf(solid: PrintSolid, file: BinaryIO) -> None:
    """3MF (3MF Core Specification 1.3): one object whose unit is the millimetre."""
    model = BytesIO()
    head = f'{DECLARATION}<model unit="millimeter" xml:lang="en-US" xmlns="{CORE}">'
    head += f'<metadata name="Application">sam3d-geometry {__version__}</metadata><resources><object id="1" type="model"><mesh><vertices>\n'
    model.write(head.encode("utf-8"))
    write_lines(model, '<vertex x="%.5f" y="%.5f" z="%.5f"/>\n', solid.vertices.numpy())
    model.write(b"</vertices><triangles>\n")
    write_lines(model, '<triangle v1="%d" v2="%d" v3="%d"/>\n', solid.faces.numpy())
    model.write(b'</triangles></mesh></object></resources><build><item objectid="1"/></build></model>\n')
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in [*PARTS.items(), ("3D/3dmodel.model", model.getvalue())]:
            # no date: the same solid makes the same bytes
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
