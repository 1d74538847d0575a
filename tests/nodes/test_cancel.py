"""Cancel is heard while a node is in the middle of one frame."""

import time

import pytest
import torch
from closed_form import plane, pointmap
from node_runs import ours

from pack.nodes import host_chunks


class Cancelled(Exception):
    pass


def endless():
    """Operations on tensors until somebody ends them, or for ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        torch.ones(2).add_(1)
    raise AssertionError("nobody asked whether to end")


def frames_by_chunk(clip):
    host_chunks.by_chunk(clip, lambda part, at: endless())


def frames_one_by_one(clip):
    host_chunks.by_frame(clip, lambda frame, image: endless())


def frames_as_they_come(clip):
    host_chunks.collected((endless() for _ in range(2)), 2)


@pytest.mark.parametrize("work", [frames_by_chunk, frames_one_by_one, frames_as_they_come])
def test_cancel_is_heard_within_a_frame(work, monkeypatch):
    import comfy.model_management as mm

    pressed = time.monotonic() + 0.3

    def interrupt():
        if time.monotonic() >= pressed:
            raise Cancelled

    monkeypatch.setattr(mm, "throw_exception_if_processing_interrupted", interrupt)
    clip = ours(pointmap(plane(6, 8, 0.0)[0]))
    with pytest.raises(Cancelled):
        work(clip)
    assert time.monotonic() - pressed < 2
