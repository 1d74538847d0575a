"""Iterators that run ahead: same items, bounded, and nothing left running."""

import threading
import time

import pytest
import torch

from sam3d_geometry.video.overlap import Pipeline, run_ahead


def counted(stop, log, closed=None, wait=0.0):
    try:
        for i in range(stop):
            time.sleep(wait)
            log.append(i)
            yield i
    finally:
        if closed is not None:
            closed.append(True)


def test_the_items_are_the_same():
    assert list(run_ahead(counted(100, []), 3, "test")) == list(range(100))


def test_it_runs_ahead_but_no_further_than_there_is_room():
    made = []
    items = run_ahead(counted(100, made), 2, "test")
    assert next(items) == 0
    time.sleep(0.3)
    assert 3 <= len(made) <= 5  # two waiting, one or two in the hand of either side
    items.close()


def test_an_error_arrives_after_the_items_before_it():
    def broken():
        yield 1
        raise KeyError("broken")

    items = run_ahead(broken(), 2, "test")
    assert next(items) == 1
    with pytest.raises(KeyError, match="broken"):
        next(items)


def test_closing_ends_the_thread_and_the_generator():
    closed, before = [], threading.active_count()
    items = run_ahead(run_ahead(counted(1000, [], closed), 1, "first"), 1, "second")
    next(items)
    items.close()
    assert closed == [True]
    assert threading.active_count() == before


def test_steps_side_by_side_have_a_thread_of_torch_each_unless_they_ask_for_more():
    seen, before = {}, torch.get_num_threads()
    pipeline = Pipeline(torch_threads=3)

    def made(name, items=()):
        yield from items
        seen[name] = torch.get_num_threads()
        yield name

    def note(name):
        seen[name] = torch.get_num_threads()

    try:
        torch.set_num_threads(3)
        light = pipeline.ahead("light", made("light"))
        assert list(pipeline.ahead("heavy", made("heavy", light), 1, 2)) == ["light", "heavy"]
        later = threading.Thread(target=note, args=("later",))
        later.start()
        later.join()
        note("here")
    finally:
        torch.set_num_threads(before)
    assert seen == {"light": 1, "heavy": 2, "later": 3, "here": 3}


def test_two_steps_work_at_the_same_time():
    meeting = threading.Barrier(2, timeout=30)  # passed only by both at once

    def made():
        for i in range(6):
            if i:
                meeting.wait()
            yield i

    taken = []
    for i in run_ahead(made(), 1, "test"):
        if i < 5:
            meeting.wait()
        taken.append(i)
    assert taken == list(range(6))
