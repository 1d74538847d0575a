"""STL and 3MF, read back by trimesh and by their layouts."""

import io
import struct
import zipfile
from xml.etree import ElementTree

import closed_form
import numpy
import pytest

from sam3d_geometry.files import save_files
from sam3d_geometry.files.print_files import print_writers
from sam3d_geometry.shapes.printing import relief_solid

CORE = "{http://schemas.microsoft.com/3dmanufacturing/core/2015/02}"


def solid():
    return relief_solid(closed_form.pointmap(closed_form.sphere(20, 30)[0]), size_mm=90, relief_mm=5, base_mm=1.5)


def written(file_format):
    file = io.BytesIO()
    print_writers(solid(), file_format)[f".{file_format}"](file)
    return file.getvalue()


def test_an_stl_has_50_bytes_a_triangle_and_its_corners():
    data, model = written("stl"), solid()
    (count,) = struct.unpack_from("<I", data, 80)
    assert count == len(model.faces) and len(data) == 84 + 50 * count and b"millimetres" in data[:80]
    assert not data.startswith(b"solid")  # which marks the text form
    rows = numpy.frombuffer(data, numpy.dtype([("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")]), offset=84)
    assert numpy.array_equal(rows["c"], model.vertices.numpy()[model.faces.numpy()])


def test_a_3mf_says_millimetres_and_holds_the_mesh():
    data, model = written("3mf"), solid()
    assert data == written("3mf")
    package = zipfile.ZipFile(io.BytesIO(data))
    assert package.testzip() is None
    assert package.namelist() == ["[Content_Types].xml", "_rels/.rels", "3D/3dmodel.model"]
    for name in package.namelist():
        ElementTree.fromstring(package.read(name))
    root = ElementTree.fromstring(package.read("3D/3dmodel.model"))
    assert root.get("unit") == "millimeter"
    vertices = [[float(v.attrib[axis]) for axis in "xyz"] for v in root.iter(f"{CORE}vertex")]
    faces = [[int(t.attrib[f"v{k}"]) for k in (1, 2, 3)] for t in root.iter(f"{CORE}triangle")]
    assert numpy.abs(numpy.array(vertices) - model.vertices.numpy()).max() < 1e-5
    assert numpy.array_equal(numpy.array(faces), model.faces.numpy())
    assert [item.get("objectid") for item in root.iter(f"{CORE}item")] == ["1"]


def test_trimesh_reads_a_watertight_solid(tmp_path):
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    (path,) = save_files(tmp_path / "relief", print_writers(solid(), "stl"))
    found = trimesh.load(path)
    assert found.is_watertight and found.extents == pytest.approx([90, 60, 6.5], abs=1e-3)


def test_other_formats_are_refused():
    with pytest.raises(ValueError, match="'obj'; solids are saved as one of stl, 3mf"):
        print_writers(solid(), "obj")
