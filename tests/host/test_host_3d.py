"""Meshes and point clouds in a real ComfyUI: core's own savers and viewers take what our nodes give."""

import json
import struct

from comfyui_server import graph


def model_graph(host):
    """Photo to mesh, point cloud and plane, each saved by us and, where core can, by core."""
    nodes = {number: graph()[number] for number in ("1", "2", "3")}
    nodes |= {
        "4": {
            "class_type": "SAM3DGeometry_PointmapToMesh",
            "inputs": {
                "pointmap": ["3", 0], "image": ["1", 0], "jump_percent": 5.0, "smallest_island": 100, "triangles": 0,
                "paint": "texture", "back": "open", "thickness_percent": 5.0, "grazing_degrees": 85.0,
            },
        },
        "5": {"class_type": "SAM3DGeometry_Save3D", "inputs": {"shape": ["4", 0], "filename_prefix": "3d/mesh", "format": "glb", "axes": "gltf"}},
        "6": {"class_type": "Preview3D", "inputs": {"model_file": ["5", 0]}},
        "7": {
            "class_type": "SAM3DGeometry_PointmapToPointCloud",
            "inputs": {"pointmap": ["3", 0], "stride": 1, "unit": "scene depth", "voxel_size": 0.02, "outlier_deviations": 2.0},
        },
        "8": {"class_type": "SAM3DGeometry_Save3D", "inputs": {"shape": ["7", 0], "filename_prefix": "3d/points", "format": "ply", "axes": "blender"}},
        "9": {
            "class_type": "SAM3DGeometry_DisplacedPlane",
            "inputs": {"pointmap": ["3", 0], "subdivisions": 32, "curve": "disparity", "relief": 0.5, "include_sky": True},
        },
        "10": {"class_type": "SAM3DGeometry_Save3D", "inputs": {"shape": ["9", 0], "filename_prefix": "3d/plane", "format": "obj", "axes": "unity"}},
        "11": {"class_type": "SaveGLB", "inputs": {"mesh": ["4", 0], "filename_prefix": "core/mesh"}},
    }  # fmt: skip
    if "FILE_3D" in json.dumps(host.get("/object_info/SaveGLB")):
        nodes["12"] = {"class_type": "SaveGLB", "inputs": {"mesh": ["7", 1], "filename_prefix": "core/points"}}
        nodes["13"] = {"class_type": "SaveGLB", "inputs": {"mesh": ["5", 2], "filename_prefix": "core/again"}}
    return nodes


def gltf(data):
    length = struct.unpack("<I", data[12:16])[0]
    return json.loads(data[20 : 20 + length])


def test_core_saves_and_shows_what_we_give(host):
    nodes = model_graph(host)
    result = host.result(host.queue(nodes))
    assert result["status"]["status_str"] == "success", result["status"]
    outputs, folder = result["outputs"], host.base / "output"
    assert outputs["6"]["result"][0] == "3d/mesh_00001_.glb"
    for number in ("5", "8", "10", "11", *({"12", "13"} & set(nodes))):
        (file,) = outputs[number]["3d"]
        assert (folder / file["subfolder"] / file["filename"]).is_file() and file["type"] == "output", number
    ours, cores = (gltf((folder / name).read_bytes()) for name in ("3d/mesh_00001_.glb", "core/mesh_00001_.glb"))
    assert next(a["count"] for a in ours["accessors"]) == next(a["count"] for a in cores["accessors"])
    for extreme in ("min", "max"):  # core writes the same vertices
        assert ours["accessors"][0][extreme] == cores["accessors"][0][extreme]
    assert {p.suffix for p in (folder / "3d").glob("plane_00001_.*")} == {".obj", ".mtl", ".jpg"}
    if "13" in nodes:
        assert (folder / "core/again_00001_.glb").read_bytes() == (folder / "3d/mesh_00001_.glb").read_bytes()


def test_a_name_that_leads_out_ends_the_run_in_one_sentence(host):
    nodes = model_graph(host)
    nodes = {number: nodes[number] for number in ("1", "2", "3", "4", "5")}
    nodes["5"]["inputs"]["filename_prefix"] = "../escaped"
    result = host.result(host.queue(nodes))
    (failure,) = [body for kind, body in result["status"]["messages"] if kind == "execution_error"]
    assert "filename_prefix came as" in failure["exception_message"] and not list(host.base.glob("escaped*"))
