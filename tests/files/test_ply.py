"""PLY holds what was given, colours of a texture too."""

import numpy
import pytest
from shape_files import painted_mesh, read, scene, textured_mesh, written

from sam3d_geometry.shapes.surface import surface_from_pointmap


@pytest.mark.parametrize("model", [painted_mesh, textured_mesh], ids=["its own", "from a texture where there are none"])
def test_vertex_colours_come_back(tmp_path, model):
    found = read(tmp_path, model(), "ply").visual.vertex_colors[:, :3] / 255
    assert numpy.abs(found - painted_mesh().colours.numpy()).max() < 0.01


def test_it_says_what_its_numbers_mean():
    metric = surface_from_pointmap(scene(metric=True))
    header = written(metric, "ply", "unreal").split(b"end_header")[0].decode()
    assert 'comment unit: "centimetre"' in header and "z up" in header and 'comment handedness: "left"' in header
    assert "unknown scale" in written(surface_from_pointmap(scene()), "ply").split(b"end_header")[0].decode()
