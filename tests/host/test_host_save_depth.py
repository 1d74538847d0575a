"""Exact depth in a real ComfyUI: what one prompt saves the next one reads, and nothing leaves the output folder."""

import pytest


def graph(prefix="depth/test", path=None):
    """A depth picture of the example photo to a pointmap and into a TIFF; with a path, that file to a pointmap and a TIFF."""
    save = {
        "class_type": "SAM3DGeometry_SaveDepth",
        "inputs": {
            "pointmap": ["2", 0], "filename_prefix": prefix, "depth_format": "tiff 32-bit", "output_size": "pointmap",
            "steps_of": "unit", "steps_per_unit": 1000.0, "curve": "linear", "near": 0.0, "far": 0.0,
            "include_normals": True, "include_position": False, "picture": "photo", "invalid_depth": "zero",
        },
    }  # fmt: skip
    if path is not None:
        load = {
            "class_type": "SAM3DGeometry_LoadDepth",
            "inputs": {"file_name": "path", "path": path, "frame_limit": 1, "steps_per_unit": 1000.0, "channel": ""},
        }
        return {"2": load, "3": save}
    return {
        "0": {"class_type": "LoadImageMask", "inputs": {"image": "example.png", "channel": "red"}},
        "1": {"class_type": "MaskToImage", "inputs": {"mask": ["0", 0]}},  # gray, as depth is
        "2": {
            "class_type": "SAM3DGeometry_DepthToPointmap",
            "inputs": {
                "depth_map": ["1", 0], "measure": "near white", "curve": "disparity", "near": 1.0, "far": 5.0,
                "fov_x_degrees": 60.0, "metric": "yes", "center_x": 0.5, "center_y": 0.5, "network_edge": 504,
            },
        },
        "3": save,
    }  # fmt: skip


def run(host, api):
    result = host.result(host.queue(api))
    return result["status"]["status_str"], str(result["status"].get("messages", ""))


def test_what_is_saved_is_read_and_saved_again_the_same(host):
    status, messages = run(host, graph("depth/first"))
    assert status == "success", messages
    first = host.base / "output" / "depth" / "first_00001_.tiff"
    assert first.is_file() and first.with_suffix(".json").is_file()
    status, messages = run(host, graph("depth/second", "depth/first_00001_.tiff"))
    assert status == "success", messages
    assert (host.base / "output" / "depth" / "second_00001_.tiff").read_bytes() == first.read_bytes()


@pytest.mark.parametrize("prefix", ["../escaped", "a/../../escaped", "C:\\escaped"])
def test_a_prefix_that_leads_out_of_the_output_folder_is_refused(host, prefix):
    status, messages = run(host, graph(prefix))
    assert status == "error" and "stays in ComfyUI's output folder" in messages
    assert not list(host.base.rglob("*escaped*"))


def test_a_path_outside_comfyuis_folders_is_refused(host):
    status, messages = run(host, graph("depth/third", str(host.log_file)))
    assert status == "error" and "lies outside ComfyUI's input, output and temp folders" in messages


def test_a_file_that_was_deleted_is_written_again_and_one_that_is_there_is_not(host):
    folder = host.base / "output" / "depth"
    for expected in (1, 1):
        status, messages = run(host, graph("depth/gone"))
        assert status == "success", messages
        assert len(list(folder.glob("gone_*.tiff"))) == expected
    (folder / "gone_00001_.tiff").unlink()
    for _ in range(2):
        run(host, graph("depth/gone"))
        assert len(list(folder.glob("gone_*.tiff"))) == 1
