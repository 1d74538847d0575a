"""A run over sets: done is what was made of the same files with the same options, and a set that fails leaves the others be."""

import json

import pytest
from PIL import Image
from view_photos import save_room, save_truth

pytest.importorskip("cv2")

from sam3d_geometry.cli import views as cli
from sam3d_geometry.cli.progress import QUIET, Progress
from sam3d_geometry.cli.view_run import ViewRun
from sam3d_geometry.cli.view_sets import PhotoSet, photo_sets
from sam3d_geometry.models import PREVIEW, load_model

MODEL = load_model(PREVIEW, device="cpu")


def run_of(out, *options):
    import sys

    words = ["in", "-o", str(out), "--model", PREVIEW, "--resolution", "256", "--quiet", *map(str, options)]
    return ViewRun(cli.parser().parse_args(words), Progress(sys.stderr, QUIET))


@pytest.fixture
def room(tmp_path):
    return photo_sets([save_room(tmp_path / "room", 2)], tmp_path / "out")[0][0]


def test_a_set_is_done_until_its_photos_options_or_files_change(room, tmp_path):
    out = tmp_path / "out"
    run = run_of(out)
    assert not run.is_done(room)
    run.make(room, MODEL)
    assert run.is_done(room) and run.done == 1 and not run.failed
    assert not run_of(out, "--features", 512).is_done(room) and not run_of(out, "--overwrite").is_done(room)
    assert run_of(out, "--voxels", 256).is_done(room)
    fewer = PhotoSet("", dict(list(room.photos.items())[:1]))
    assert not run.is_done(fewer)
    (out / "cameras.json").unlink()
    assert not run.is_done(room)


def test_truth_of_other_photos_and_broken_truth_are_told_and_the_rest_is_there(room, tmp_path):
    other = tmp_path / "other.json"
    save_truth(other, 2)
    other.write_text(other.read_text().replace('"0.png"', '"x.png"').replace('"1.png"', '"y.png"'))
    for text in (other.read_text(), "[1, 2]", "no json"):
        other.write_text(text)
        run = run_of(tmp_path / "out", "--truth", other)
        run.make(room, MODEL)
        assert len(run.failed) == 1 and run.failed[0].startswith("--truth: ")
        assert json.loads((tmp_path / "out" / "report.json").read_text())["placed"] == 2


def test_names_are_those_that_are_asked_for(tmp_path):
    assert run_of(tmp_path).names == ["cameras.json", "report.json"]
    assert run_of(tmp_path, "--mesh", "--points").names == ["cameras.json", "scene.glb", "points.ply", "report.json"]
    more = run_of(tmp_path, "--novel", "1", "--rrd").names
    assert more == ["cameras.json", "views.rrd", "novel_01.png", "novel_01_holes.png", "report.json"]


def test_a_clip_gives_its_frames_cameras_and_new_pictures(tmp_path):
    av = pytest.importorskip("av")
    clip, out = tmp_path / "walk.mp4", tmp_path / "out"
    photos = sorted(save_room(tmp_path / "room", 3).iterdir())
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "10"})
        pictures = [Image.open(path).convert("RGB") for path in photos]
        (stream.width, stream.height), stream.pix_fmt = pictures[0].size, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    run = run_of(out, "--novel", "1", "--voxels", "48", "--engine", "own")
    found = photo_sets([clip], out)[0][0]
    run.make(found, MODEL)
    assert not run.failed and run.is_done(found)
    frames = list(json.loads((out / "cameras.json").read_text()))
    assert 2 <= len(frames) <= 3 and set(frames) <= {f"walk_{k:06d}.png" for k in range(3)}
    report = json.loads((out / "report.json").read_text())
    assert set(report["outputs"]) == {*frames, "cameras.json", "novel_01.png", "novel_01_holes.png", "report.json"}
    assert all((out / name).is_file() for name in report["outputs"]) and report["placed"] == len(frames)
    assert report["novel"][0]["told_by_photos"] > 0.5
