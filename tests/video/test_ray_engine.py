"""Ray workers: the same bytes as without them, also when one is killed in the middle."""

import os
import signal
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from clips import make_clip

pytest.importorskip("av", reason="PyAV is not installed")
ray = pytest.importorskip("ray", reason="Ray is not installed (pip install ray)")
psutil = pytest.importorskip("psutil", reason="psutil is not installed")

from sam3d_geometry import models
from sam3d_geometry.video.clip_facts import Position
from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.engine import LocalEngine, StreamSettings, Survey
from sam3d_geometry.video.product import VideoProduct
from sam3d_geometry.video.ray_engine import (
    LONGEST_SPAN,
    SHORTEST_SPAN,
    SPAN_BYTES,
    RayEngine,
    _span_frames,
    _spans,
    _Work,
)
from sam3d_geometry.video.stages import Smooth
from sam3d_geometry.video.stream import stream_clip

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray, by Ray

SETTINGS = StreamSettings(resolution=64)
WANTED = {"name": models.PREVIEW, "device": "cpu"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "source.mp4"
    make_clip(path, 200, sound="aac")
    return path


@pytest.fixture(scope="module", autouse=True)
def cluster():
    yield
    ray.shutdown()


def run(engine, source, target, on_progress=None):
    products = [VideoProduct("depth", "ffv1 16-bit mkv", target)]
    stream_clip(engine, open_clip(source), products, SETTINGS, [Smooth(0.4)], on_progress=on_progress)
    return target.read_bytes()


@pytest.fixture(scope="module")
def expected(source, tmp_path_factory):
    target = tmp_path_factory.mktemp("local") / "depth.mkv"
    return run(LocalEngine(models.load_model(**WANTED)), source, target)


def test_two_workers_give_the_same_bytes(source, expected, tmp_path):
    assert run(RayEngine(WANTED, workers=2), source, tmp_path / "depth.mkv") == expected


def worker_processes():
    return [p for p in psutil.process_iter(["cmdline"]) if "ray::_Worker" in " ".join(p.info["cmdline"] or [])]


def test_a_killed_worker_loses_nothing(source, expected, tmp_path):
    killed = []

    def kill_one():
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            for process in worker_processes():
                os.kill(process.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
                killed.append(process.pid)
                break
            time.sleep(0.02)

    killer = threading.Thread(target=kill_one)

    def on_progress(done, total):
        if not killer.ident:
            killer.start()

    assert run(RayEngine(WANTED, workers=2), source, tmp_path / "depth.mkv", on_progress) == expected
    killer.join()
    assert killed


class _Counting:
    """Stands for Ray and its workers, of which each has a pace: how many turns it takes for a span."""

    def __init__(self):
        self.now, self.ends, self.given = 0, {}, {}

    def put(self, work):
        return work

    def worker(self, pace):
        def remote(given, span):
            start = max(self.now, self.ends.get(pace, 0))
            self.ends[pace] = start + pace
            self.given.setdefault(pace, []).append(span)
            end = self.ends[pace]
            return SimpleNamespace(completed=lambda: (pace, end), span=span)

        return SimpleNamespace(span=SimpleNamespace(options=lambda **_: SimpleNamespace(remote=remote)))

    def wait(self, references, num_returns):
        first = min(references, key=lambda reference: reference[1])
        self.now = first[1]
        return [first], [reference for reference in references if reference != first]


def test_a_fast_worker_is_given_more_and_results_stay_in_order(source):
    stand_in, engine = _Counting(), RayEngine(WANTED, workers=2)
    engine._ray, engine._pool = stand_in, [stand_in.worker(1), stand_in.worker(4)]
    work = _Work(open_clip(source), replace(SETTINGS, frames_per_chunk=SHORTEST_SPAN), Survey())
    assert _span_frames(work, 5) == SHORTEST_SPAN
    engine._workers = 5  # which makes spans short
    begun = [chunks.span for chunks in engine._begun(work, None)]
    assert begun == _spans(work.clip.times(), SHORTEST_SPAN, None) and len(begun) == 7
    assert len(stand_in.given[1]) == 5 and len(stand_in.given[4]) == 2


def test_spans_are_long_where_results_are_small_and_there_is_enough_for_all(source):
    clip = open_clip(source)
    assert _span_frames(_Work(clip, SETTINGS, Survey()), 1) == LONGEST_SPAN
    assert _span_frames(_Work(clip, SETTINGS, Survey()), 2) == 48
    large = replace(SETTINGS, resolution=4096)  # which are never larger than the clip's frames
    assert _span_frames(_Work(clip, large, Survey()), 1) == LONGEST_SPAN and 54 * 96 * 29 * LONGEST_SPAN < SPAN_BYTES


def test_spans_cover_every_frame_once():
    times = list(range(0, 1001 * 75, 1001))
    spans = _spans(times, 32, Position(2, 2002))
    covered = [i for s in spans for i in range(s.after.index + 1, s.after.index + 1 + s.frames)]
    assert covered == list(range(3, 75))
    assert all(times[s.after.index] == s.after.time for s in spans)
    assert [s.last_time for s in spans] == [times[s.after.index + s.frames] for s in spans]
    assert _spans(times, 32, None)[0].after is None
    assert _spans(times, 32, Position(74, times[-1])) == []
