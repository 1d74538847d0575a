"""Our pointmaps and ComfyUI core's own geometry nodes in one graph, with core's MoGe on random weights."""

import io
import json
import sys

import numpy
import pytest
from comfyui_server import Server, find_comfyui
from PIL import Image
from repository import PHOTOS, ROOT

HOSTS = [found for found in find_comfyui() if (found[0] / "comfy_extras" / "nodes_moge.py").is_file()]
NO_CORE_MOGE = "no ComfyUI with MoGe nodes of its own (0.22 or newer) was found"
MODELS = ["core_v1.safetensors", "core_v2.safetensors"]


@pytest.fixture(scope="module", params=HOSTS or [None], ids=[str(h[0].name) for h in HOSTS] or ["none"])
def core(request, tmp_path_factory):
    """A running ComfyUI with the pack, core's MoGe nodes, and random MoGe checkpoints.

    In fp32, since core asks for fp16 on the CPU as well, where its own inference ends in an error of torch.
    """
    if request.param is None:
        pytest.skip(NO_CORE_MOGE)
    server = Server(*request.param, tmp_path_factory.mktemp("core"), "--fp32-text-enc")
    try:
        write_checkpoints(server.base / "models" / "geometry_estimation")
        server.wait()
        yield server
    finally:
        server.stop()


def write_checkpoints(folder):
    pytest.importorskip("moge", reason="the moge package is not installed, so no checkpoint can be made")
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]
    from random_moge import V1_CONFIG, save_checkpoint, v2_config

    folder.mkdir(parents=True, exist_ok=True)
    # core takes the width of v1's projections and v2's choice of layers for granted
    save_checkpoint(folder / MODELS[0], "v1", V1_CONFIG | {"dim_proj": 512})
    config = v2_config()
    encoder = config["encoder"] | {"intermediate_layers": [2, 5, 8, 11]}
    save_checkpoint(folder / MODELS[1], "v2", config | {"encoder": encoder})


def photo_and_ours(model):
    """Photo -> core's loader -> our Pointmap Inference, in API format; the pointmap is ["3", 0]."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "2": {"class_type": "LoadMoGeModel", "inputs": {"model_name": model}},
        "3": inference(["2", 0]),
    }


def inference(model):
    return {
        "class_type": "SAM3DGeometry_PointmapInference",
        "inputs": {
            "model": model, "image": ["1", 0], "resolution": 256, "batch_size": 4, "fov_x_degrees": 60.0, "validity": "mask", "refine_edges": "auto",
        },
    }  # fmt: skip


def depth_of(pointmap, name):
    """Two more nodes: the depth of a pointmap over its own range, to a file."""
    return {
        f"{name} depth": {
            "class_type": "SAM3DGeometry_DepthFromPointmap",
            "inputs": {
                "pointmap": pointmap, "curve": "disparity", "range": "whole clip", "near": 0.5, "far": 20.0, "invert": False,
                "clip_percent": 0.5, "invalid": "black",
            },
        },
        name: {"class_type": "SaveImage", "inputs": {"images": [f"{name} depth", 0], "filename_prefix": f"interop/{name}"}},
    }  # fmt: skip


def run(server, graph):
    """The outputs of a graph that must succeed."""
    result = server.result(server.queue(graph))
    messages = [body for kind, body in result["status"]["messages"] if kind == "execution_error"]
    assert result["status"]["status_str"] == "success", [m.get("exception_message") for m in messages]
    return result["outputs"]


def picture(server, output):
    found = output["images"][0]
    status, body = server.fetch(
        f"/view?filename={found['filename']}&subfolder={found['subfolder']}&type={found['type']}"
    )
    assert status == 200
    return numpy.asarray(Image.open(io.BytesIO(body)).convert("RGB")).astype(int)


def photo_size():
    return Image.open(PHOTOS / "temple.jpg").size


@pytest.mark.parametrize("model", MODELS)
def test_cores_loader_and_ours_give_the_same_pointmap(core, model):
    graph = photo_and_ours(model) | depth_of(["3", 0], "core")
    graph["4"] = {
        "class_type": "SAM3DGeometry_Load",
        "inputs": {"model_name": model, "precision": "fp32", "keep_loaded": False, "compile": False},
    }
    graph["5"] = inference(["4", 0])
    outputs = run(core, graph | depth_of(["5", 0], "ours"))
    by_core, by_us = picture(core, outputs["core"]), picture(core, outputs["ours"])
    assert by_core.shape[:2] == photo_size()[::-1]
    # random weights put part of the picture behind the camera; both agree on where
    assert len(numpy.unique(by_us)) > 100 and (by_us > 0).mean() > 0.1
    assert (abs(by_core - by_us) <= 2).mean() > 0.995


def core_inference(model):
    return {
        "2": {"class_type": "LoadMoGeModel", "inputs": {"model_name": model}},
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "3": {
            "class_type": "MoGeInference",
            "inputs": {
                "moge_model": ["2", 0], "image": ["1", 0], "resolution_level": 0, "fov_x_degrees": 60.0, "batch_size": 1,
                "force_projection": True, "apply_mask": True,
            },
        },
    }  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_cores_geometry_goes_into_our_nodes_and_back_into_cores(core, model):
    graph = core_inference(model) | {
        "4": {
            "class_type": "SAM3DGeometry_GeometryToPointmap",
            "inputs": {
                "geometry": ["3", 0],
                "metric": "auto",
                "fov_x_degrees": 0.0,
                "drop_uncertain_percent": 0.0,
                "validity": "mask",
                "refine_edges": "auto",
                "network_edge": 504,
            },
        },
        "5": {
            "class_type": "SAM3DGeometry_PointmapToMoGeGeometry",
            "inputs": {"pointmap": ["4", 0], "output_size": "photo"},
        },
        "6": {"class_type": "MoGeRender", "inputs": {"moge_geometry": ["3", 0], "output": "depth"}},
        "7": {"class_type": "MoGeRender", "inputs": {"moge_geometry": ["5", 0], "output": "depth"}},
        "before": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "interop/before"}},
        "after": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "interop/after"}},
        "info": {
            "class_type": "SAM3DGeometry_PointmapInfo",
            "inputs": {"pointmap": ["4", 0], "sensor_width_mm": 36.0, "frame": 0, "clip_percent": 0.5},
        },
    }
    outputs = run(core, graph | depth_of(["4", 0], "depth"))
    before, after = picture(core, outputs["before"]), picture(core, outputs["after"])
    assert before.shape[:2] == photo_size()[::-1] and before.std() > 1
    assert abs(before - after).max() <= 1
    (text,) = outputs["info"]["text"]
    assert "field of view 60.0 x" in text and ("unit: metres" in text) == (model == MODELS[1])
    assert picture(core, outputs["depth"]).shape == before.shape


def ours_with_the_preview():
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "2": {"class_type": "SAM3DGeometry_Load", "inputs": {"model_name": "built-in preview", "precision": "auto", "keep_loaded": True, "compile": False}},
        "3": inference(["2", 0]),
    }  # fmt: skip


@pytest.mark.parametrize("output", ["depth", "depth_colored", "normal_opengl", "normal_directx", "mask"])
def test_our_pointmap_is_rendered_by_core(core, output):
    graph = ours_with_the_preview() | {
        "4": {
            "class_type": "SAM3DGeometry_PointmapToMoGeGeometry",
            "inputs": {"pointmap": ["3", 0], "output_size": "photo", "image": ["1", 0]},
        },
        "5": {"class_type": "MoGeRender", "inputs": {"moge_geometry": ["4", 0], "output": output}},
        "6": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": f"interop/{output}"}},
    }
    shown = picture(core, run(core, graph)["6"])
    assert shown.shape[:2] == photo_size()[::-1] and shown.max() > 100
    if output != "mask":
        assert shown.std() > 5


def test_our_pointmap_becomes_cores_mesh_with_the_photo_on_it(core):
    graph = ours_with_the_preview() | {
        "4": {"class_type": "SAM3DGeometry_PointmapToMoGeGeometry", "inputs": {"pointmap": ["3", 0], "output_size": "pointmap"}},
        "5": {
            "class_type": "MoGePointMapToMesh",
            "inputs": {"moge_geometry": ["4", 0], "batch_index": 0, "decimation": 1, "discontinuity_threshold": 0.04, "texture": True},
        },
        "6": {"class_type": "SaveGLB", "inputs": {"mesh": ["5", 0], "filename_prefix": "interop/mesh"}},
    }  # fmt: skip
    (saved,) = run(core, graph)["6"]["3d"]
    status, body = core.fetch(f"/view?filename={saved['filename']}&subfolder={saved['subfolder']}&type={saved['type']}")
    assert status == 200 and body[:4] == b"glTF"
    header = json.loads(body[20 : 20 + int.from_bytes(body[12:16], "little")])
    primitive = header["meshes"][0]["primitives"][0]
    positions = header["accessors"][primitive["attributes"]["POSITION"]]
    assert positions["count"] > 5000 and header["images"]
    # glTF axes: the scene lies before a camera that looks along -Z
    assert positions["max"][2] < 0 and positions["min"][0] < 0 < positions["max"][0]


def test_the_photos_camera_goes_into_cores_3d_preview(core):
    graph = ours_with_the_preview() | {
        "4": {"class_type": "SAM3DGeometry_PointmapToMoGeGeometry", "inputs": {"pointmap": ["3", 0], "output_size": "pointmap"}},
        "5": {
            "class_type": "MoGePointMapToMesh",
            "inputs": {"moge_geometry": ["4", 0], "batch_index": 0, "decimation": 4, "discontinuity_threshold": 0.0, "texture": True},
        },
        "7": {
            "class_type": "SAM3DGeometry_PointmapInfo",
            "inputs": {"pointmap": ["3", 0], "sensor_width_mm": 36.0, "frame": 0, "clip_percent": 0.5},
        },
        "8": {"class_type": "Preview3D", "inputs": {"model_file": "none.glb", "camera_info": ["7", 9]}},
    }  # fmt: skip
    result = run(core, graph)["8"]["result"]
    assert result[1]["cameraType"] == "perspective" and 0 < result[1]["fov"] < 90 and result[1]["target"]["z"] < 0
