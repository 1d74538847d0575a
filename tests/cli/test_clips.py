"""The command line for clips, in processes of its own that are really killed."""

import json
import os
import subprocess
import sys
import time

import numpy
import pytest
from clips import decode, make_clip, make_folder
from repository import ROOT

from sam3d_geometry.cli.clips import main

pytest.importorskip("av", reason="PyAV is not installed")

FAST = ["--resolution", "64", "--frames-per-batch", "8", "--device", "cpu"]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "walk.mp4"
    make_clip(path, 250, gop=100)
    return path


def command(source, out, *more):
    options = [
        "video",
        str(source),
        "-o",
        str(out),
        "--depth",
        "--format",
        "ffv1-16-bit-mkv",
        "--steady-strength",
        "0.4",
        *FAST,
        *more,
    ]
    return [sys.executable, "-m", "sam3d_geometry", *options]


def run_all(arguments):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def kill_after_segments(arguments, folder, segments):
    """Starts the command and kills it, without warning, once that many segments are on the disk."""
    process = subprocess.Popen(
        arguments,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*.segment"))) < segments and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    killed = process.poll() is None
    process.kill()
    process.wait()
    return killed


def test_killed_twice_and_started_again_it_gives_the_same_bytes(source, tmp_path):
    assert run_all(command(source, tmp_path / "whole")).returncode == 0
    for segments in (1, 2):
        assert kill_after_segments(
            command(source, tmp_path / "killed"), tmp_path / "killed" / "walk.unfinished", segments
        )
    assert not (tmp_path / "killed" / "walk_depth.mkv").exists()
    finished = run_all(command(source, tmp_path / "killed"))
    assert finished.returncode == 0, finished.stderr
    whole, resumed = (tmp_path / name / "walk_depth.mkv" for name in ("whole", "killed"))
    assert resumed.read_bytes() == whole.read_bytes()
    times, _ = decode(resumed)
    assert numpy.abs(numpy.array(times) - 1001 * numpy.arange(250)).max() <= 15
    assert sorted(p.name for p in (tmp_path / "killed").iterdir()) == ["walk.json", "walk_depth.mkv"]


class TestInProcess:
    @pytest.fixture
    def folder(self, tmp_path):
        return make_folder(tmp_path / "shot", 6)

    def run(self, folder, tmp_path, *more):
        return main([str(folder), "-o", str(tmp_path / "out"), *FAST, *more])

    def test_what_is_done_is_skipped(self, folder, tmp_path, capsys):
        assert self.run(folder, tmp_path) == 0
        made = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()}
        assert {p.name for p in made} == {"shot.json", "shot_depth.mp4", "shot_normals.mp4"}
        assert self.run(folder, tmp_path) == 0
        assert "0 done, 1 were done before" in capsys.readouterr().out
        assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()} == made

    def test_other_options_do_it_again(self, folder, tmp_path, capsys):
        self.run(folder, tmp_path)
        self.run(folder, tmp_path, "--invert")
        assert "1 done, 0 were done before" in capsys.readouterr().out.splitlines()[-1]

    def test_the_record_says_camera_and_range(self, folder, tmp_path):
        self.run(folder, tmp_path, "--exr", "--fov", "60", "--frame-rate", "25")
        record = json.loads((tmp_path / "out" / "shot.json").read_text(encoding="utf-8"))
        assert (record["frames"], record["frame_rate"], record["fov_x_degrees"]) == (6, "25", 60)
        assert 0 < record["near"] < record["far"]
        assert len(list((tmp_path / "out" / "shot_true_depth").glob("shot_*.exr"))) == 6

    @pytest.mark.parametrize(
        ("lens", "degrees"),
        [
            (["--fov", "50"], 50.0),
            (["--focal-mm", "18"], 90.0),
            (["--focal-mm", "12", "--sensor-width-mm", "24"], 90.0),
        ],
        ids=["degrees", "full frame", "another sensor"],
    )
    def test_a_given_lens_is_the_clip_s_camera(self, folder, tmp_path, lens, degrees):
        assert self.run(folder, tmp_path, "--depth", *lens) == 0
        record = json.loads((tmp_path / "out" / "shot.json").read_text(encoding="utf-8"))
        assert record["fov_x_degrees"] == pytest.approx(degrees, abs=0.01)

    def test_a_clip_that_cannot_be_read_does_not_stop_the_others(self, folder, tmp_path, capsys):
        (tmp_path / "bad.mp4").write_bytes(b"no video" * 99)
        status = main([str(tmp_path / "bad.mp4"), str(folder), "-o", str(tmp_path / "out"), *FAST])
        assert status == 1
        assert "bad.mp4 cannot be read as a video" in capsys.readouterr().err
        assert (tmp_path / "out" / "shot_depth.mp4").exists()

    def test_an_unknown_model_starts_nothing(self, folder, tmp_path):
        assert self.run(folder, tmp_path, "--model", "no-such-model") == 2
        assert not (tmp_path / "out").exists()


def test_without_opencv_it_says_so_before_it_starts(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cv2", None)
    folder = make_folder(tmp_path / "frames", 3)
    assert main([str(folder), "-o", str(tmp_path / "out"), *FAST]) == 2
    assert "pip install opencv-python-headless" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([str(folder), "-o", str(tmp_path / "out"), "--steady", "off", *FAST]) == 0
