"""The pack in a real ComfyUI, asked through its server: loads without a warning, is documented, and runs."""

import io
import json

import pytest
from comfyui_server import PACK, graph
from PIL import Image
from repository import PHOTOS, ROOT

WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))
NODES = set(json.loads((ROOT / "tests" / "nodes" / "node_ids.json").read_text(encoding="ascii")))


def test_it_loads_without_a_warning(host):
    about_the_pack = [line for line in host.start_log.splitlines() if PACK in line or "sam3d" in line.lower()]
    assert about_the_pack, "the pack is not in the log"
    assert not [
        line for line in about_the_pack if any(w in line.lower() for w in ("error", "warning", "failed", "cannot"))
    ]
    assert "IMPORT FAILED" not in host.start_log


def test_every_node_is_there_and_documented(host):
    info = host.get("/object_info")
    found = {name for name in info if name.startswith("SAM3DGeometry_")}
    assert found == NODES
    for name in found:
        node = info[name]
        assert node["description"] and node["category"].split("/")[0] == "SAM3D Geometry"
        inputs = {**node["input"].get("required", {}), **node["input"].get("optional", {})}
        assert all(len(spec) > 1 and spec[1].get("tooltip") for spec in inputs.values()), name


@pytest.mark.parametrize("node", sorted(NODES))
def test_every_node_has_its_help_page(host, node):
    status, page = host.fetch(f"/extensions/{PACK}/docs/{node}.md")
    assert status == 200 and len(page) > 200


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda w: w.stem)
def test_workflows_are_offered_with_their_thumbnails(host, workflow):
    assert workflow.stem in host.get("/workflow_templates").get(PACK, [])
    status, body = host.fetch(f"/api/workflow_templates/{PACK}/{workflow.name}")
    assert status == 200 and json.loads(body) == json.loads(workflow.read_text(encoding="utf-8"))
    status, body = host.fetch(f"/api/workflow_templates/{PACK}/{workflow.stem}.jpg")
    assert status == 200 and Image.open(io.BytesIO(body)).format == "JPEG"


def test_a_graph_runs_to_the_end_and_gives_pictures_of_the_photos_size(host):
    result = host.result(host.queue(graph()))
    assert result["status"]["status_str"] == "success", result["status"]
    (picture,) = result["outputs"]["7"]["images"]
    status, body = host.fetch(
        f"/view?filename={picture['filename']}&subfolder={picture['subfolder']}&type={picture['type']}"
    )
    width, height = Image.open(PHOTOS / "temple.jpg").size
    assert status == 200 and Image.open(io.BytesIO(body)).size == (2 * width, height)


def video_graph(prefix, **video):
    """What gives a VIDEO, by node id, to a depth video and that to SaveVideo."""
    return {
        **video,
        "2": graph()["2"],
        "3": {
            "class_type": "SAM3DGeometry_VideoToDepth",
            "inputs": {
                "video": ["1", 0], "filename_prefix": f"video/{prefix}", "model": ["2", 0], "depth_codec": "h264 8-bit mp4",
                "normals_codec": "none", "convention": "opengl", "resolution": 128, "batch_size": 4,
                "curve": "disparity", "range": "whole clip", "near": 0.5, "far": 20.0, "invert": False,
                "steady_by": "motion", "strength": 0.3, "one_camera": True, "validity": "mask", "refine_edges": "auto", "invalid_depth": "zero",
            },
        },
        "4": {"class_type": "SaveVideo", "inputs": {"video": ["3", 0], "filename_prefix": "again", "format": "auto", "codec": "auto"}},
    }  # fmt: skip


def test_a_video_streams_to_a_video_of_depth(host):
    host.make_clip()
    video = {"1": {"class_type": "LoadVideo", "inputs": {"file": "clip.mp4"}}}
    result = host.result(host.queue(video_graph("test", **video)))
    assert result["status"]["status_str"] == "success", result["status"]
    assert list((host.base / "output" / "video").glob("test*_depth.mp4"))


def test_a_video_of_frames_of_an_odd_size_streams_too(host):
    scale = {"image": ["9", 0], "upscale_method": "area", "width": 97, "height": 55, "crop": "disabled"}
    video = {
        "9": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "8": {"class_type": "ImageScale", "inputs": scale},
        "7": {"class_type": "RepeatImageBatch", "inputs": {"image": ["8", 0], "amount": 5}},
        "1": {"class_type": "CreateVideo", "inputs": {"images": ["7", 0], "fps": 24.0}},
    }
    for _ in range(2):
        result = host.result(host.queue(video_graph("odd", **video)))
        assert result["status"]["status_str"] == "success", result["status"]
    (written,) = (host.base / "output" / "video").glob("odd*_depth.mp4")
    assert not list((host.base / "temp").glob("sam3d_geometry_*.mp4"))
    written.unlink()
    host.result(host.queue(video_graph("odd", **video)))
    assert written.exists()


def test_a_model_file_that_is_not_one_ends_the_run_in_one_sentence(host):
    folder = host.base / "models" / "sam3d_geometry"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "broken.safetensors").write_bytes(b"not a model")
    changed = graph()
    changed["2"]["inputs"]["model_name"] = "broken.safetensors"
    result = host.result(host.queue(changed))
    assert result["status"]["status_str"] == "error"
    (failure,) = [body for kind, body in result["status"]["messages"] if kind == "execution_error"]
    assert failure["node_type"] == "SAM3DGeometry_Load" and "broken.safetensors" in failure["exception_message"]
    assert "\n" not in failure["exception_message"].strip()
