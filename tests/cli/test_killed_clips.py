"""The command line for clips in processes of its own, with short segments, that are really killed and signalled."""

import os
import signal
import subprocess
import sys
import time

import numpy
import pytest
from clips import decode, make_clip
from repository import ROOT

pytest.importorskip("av", reason="PyAV is not installed")

SEGMENT_FRAMES = 16
SHORT_SEGMENTS = f"""
import runpy
from sam3d_geometry.video import stream
stream.SEGMENT_FRAMES = {SEGMENT_FRAMES}
runpy.run_module("sam3d_geometry", run_name="__main__", alter_sys=True)
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A clip of three segments, which begin between its key frames."""
    path = tmp_path_factory.mktemp("clips") / "walk.mp4"
    make_clip(path, 3 * SEGMENT_FRAMES, gop=20)
    return path


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A clip of little more than a segment."""
    path = tmp_path_factory.mktemp("clips") / "walk.mp4"
    make_clip(path, SEGMENT_FRAMES + 14)
    return path


def command(source, out):
    options = ["--depth", "--format", "ffv1-16-bit-mkv", "--steady-strength", "0.4"]
    options += ["--resolution", "64", "--frames-per-batch", "8", "--device", "cpu"]
    return [sys.executable, "-c", SHORT_SEGMENTS, "video", str(source), "-o", str(out), *options]


def run_all(arguments):
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def start_until_segments(arguments, folder, segments, **options):
    """The process of the command once that many segments are on the disk, or once it has ended."""
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, **options)
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*.segment"))) < segments and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return process


def kill_after_segments(arguments, folder, segments):
    """Starts the command and kills it, without warning, once that many segments are on the disk."""
    process = start_until_segments(arguments, folder, segments, stderr=subprocess.DEVNULL)
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
    assert numpy.abs(numpy.array(times) - 1001 * numpy.arange(3 * SEGMENT_FRAMES)).max() <= 15
    assert sorted(p.name for p in (tmp_path / "killed").iterdir()) == ["walk.json", "walk_depth.mkv"]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a signal")
@pytest.mark.parametrize(
    ("number", "in_background"),
    [(signal.SIGTERM, False), (signal.SIGTERM, True), (signal.SIGINT, False)],
    ids=["ended", "ended in the background of a shell script", "Ctrl-C"],
)
def test_a_signal_stops_a_job_that_resumes(short, tmp_path, number, in_background):
    out = tmp_path / "out"
    ignore = signal.SIG_IGN if in_background else signal.SIG_DFL  # as `command &` in a script does
    process = start_until_segments(
        command(short, out),
        out / "walk.unfinished",
        1,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, ignore),
    )
    process.send_signal(number)
    try:
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, said.splitlines()[-1]) == (130, "Interrupted; run the same command again to resume.")
    assert sorted(p.name for p in out.iterdir()) == ["walk.unfinished"]
    assert (out / "walk.unfinished" / "journal.json").exists()
    assert not (out / "walk.unfinished" / "lock").exists()
    resumed = run_all(command(short, out))
    assert resumed.returncode == 0, resumed.stderr
    assert sorted(p.name for p in out.iterdir()) == ["walk.json", "walk_depth.mkv"]
    assert len(decode(out / "walk_depth.mkv")[0]) == SEGMENT_FRAMES + 14
