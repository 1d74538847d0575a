"""The time of a stream's steps: what is inside one step counts once, in whatever thread, and waiting is no work."""

import threading
import time

import pytest

from sam3d_geometry.video.overlap import Pipeline
from sam3d_geometry.video.timings import ORDER, WAITING, Timings


def busy(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_step_inside_another_counts_for_itself_only():
    timings = Timings()
    with timings.step("render"):
        busy(0.02)
        with timings.step("decode"):
            busy(0.06)
    steps = timings.steps
    assert list(steps) == ["decode", "render"]
    assert 0.06 <= steps["decode"].cpu_seconds < 0.075 and 0.02 <= steps["render"].cpu_seconds < 0.035
    assert sum(step.seconds for step in steps.values()) <= timings.seconds


def test_an_error_ends_a_step():
    timings = Timings()
    with pytest.raises(KeyError), timings.step("decode"):
        raise KeyError
    with timings.step("decode"):
        busy(0.01)
    assert timings.steps["decode"].seconds <= timings.seconds


def test_threads_do_not_mix():
    timings, meeting = Timings(), threading.Barrier(2, timeout=30)

    def work(name, seconds):
        with timings.step(name):
            meeting.wait()
            busy(seconds)
            meeting.wait()

    threads = [threading.Thread(target=work, args=job) for job in (("decode", 0.01), ("encode", 0.03))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert timings.steps["decode"].cpu_seconds < 0.03 <= timings.steps["encode"].cpu_seconds


@pytest.mark.parametrize("overlap", [True, False])
def test_a_pipeline_tells_work_from_waiting(overlap):
    timings = Timings()
    pipeline = Pipeline(overlap, timings)

    def made():
        for i in range(5):
            time.sleep(0.02)
            yield i

    def doubled(items):
        for item in items:
            yield 2 * item

    items = pipeline.step("render", doubled(pipeline.ahead("decode", pipeline.step("decode", made()))))
    assert list(items) == [0, 2, 4, 6, 8]
    steps = timings.steps
    assert steps["decode"].seconds >= 0.1 and steps["render"].seconds < 0.02
    assert (WAITING in steps) == overlap
    if overlap:
        assert steps[WAITING].seconds > 0.05


def test_closing_closes_what_is_below():
    closed = []

    def made():
        try:
            yield from range(9)
        finally:
            closed.append(True)

    items = Pipeline(False, Timings()).step("decode", made())
    next(items)
    items.close()
    assert closed == [True]


def test_it_is_told_as_a_table_and_as_plain_values():
    timings = Timings()
    for name in ("encode", "upload", "decode", WAITING):
        with timings.step(name):
            busy(0.005)
    timings.frames = 10
    header, *rows, whole = timings.report().splitlines()
    assert [row.split()[0] for row in rows] == ["decode", "encode", "upload", WAITING]
    assert sum(int(row.split()[2].rstrip("%")) for row in rows[:-1]) in (99, 100, 101)
    assert "of work" in header and whole.startswith("10 frames in ") and whole.endswith("cores busy")
    entry = timings.entry()
    assert entry["frames"] == 10 and set(entry["steps"]) == {"decode", "encode", "upload", WAITING}
    assert all(name == WAITING or name == "upload" or name in ORDER for name in entry["steps"])


def test_nothing_done_divides_by_nothing():
    assert Timings().report().splitlines()[-1].startswith("0 frames in ")
