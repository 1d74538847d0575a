"""Stages keep no state of their own, and a state comes back from the disk as it was."""

from dataclasses import fields, is_dataclass

import numpy
import pytest
import torch
from films import noisy_pointmap

from sam3d_geometry.clips.steady import AVERAGE, MOTION, OFF
from sam3d_geometry.estimate.edge_refinement import refine_depth_edges
from sam3d_geometry.video.stages import (
    STATES,
    STREAM_STEADYINGS,
    AdaptiveRange,
    Align,
    Smooth,
    SmoothAlongMotion,
    pack,
    steadying,
    unpack,
)

FRAMES = 6


@pytest.fixture(scope="module")
def noisy():
    return noisy_pointmap(FRAMES)


def assert_same(a, b):
    if is_dataclass(a):
        assert type(a) is type(b)
        for field in fields(a):
            assert_same(getattr(a, field.name), getattr(b, field.name))
    elif isinstance(a, (torch.Tensor, numpy.ndarray)):
        assert type(a) is type(b) and a.dtype == b.dtype and torch.equal(torch.as_tensor(a), torch.as_tensor(b))
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b):
            assert_same(one, other)
    else:
        assert a == b


def kinds(value):
    if is_dataclass(value):
        yield type(value).__name__
        for field in fields(value):
            yield from kinds(getattr(value, field.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from kinds(part)


STAGES = [Smooth(0.4), Align(), SmoothAlongMotion(0.7), AdaptiveRange()]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: type(stage).__name__)
def test_a_state_goes_to_the_disk_and_comes_back(noisy, tmp_path, stage):
    _, state, *_ = stage(noisy, None)
    torch.save(pack(state), tmp_path / "state")
    back = unpack(torch.load(tmp_path / "state", weights_only=True))
    assert_same(back, state)
    assert set(kinds(state)) <= set(STATES)


def test_the_state_of_refined_edges_goes_to_the_disk_too(noisy, tmp_path):
    _, state = refine_depth_edges(noisy)
    torch.save(pack(state), tmp_path / "state")
    assert_same(unpack(torch.load(tmp_path / "state", weights_only=True)), state)
    assert set(kinds(state)) <= set(STATES)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: type(stage).__name__)
def test_the_same_state_gives_the_same_frames_again(noisy, stage):
    """A reader that has run ahead is taken back to an earlier state after a kill."""
    _, state, *_ = stage(noisy[:3], None)
    first, second = (stage(noisy[3:], state)[0] for _ in range(2))
    if isinstance(stage, AdaptiveRange):
        assert torch.equal(first.near, second.near) and torch.equal(first.far, second.far)
    else:
        assert torch.equal(first.points, second.points)


def test_each_way_to_steady_has_its_stages():
    assert steadying(OFF, 0.8) == [] == steadying(AVERAGE, 0.0)
    assert steadying(AVERAGE, 0.3) == [Smooth(0.3)]
    assert steadying(MOTION, 0.8, one_camera=False) == [Align(one_focal=False), SmoothAlongMotion(0.8)]
    assert set(STREAM_STEADYINGS) == {MOTION, AVERAGE, OFF}
    with pytest.raises(ValueError, match="steady_by came as 'motion both ways'; choose one of motion, average, off"):
        steadying("motion both ways", 0.8)


def test_jobs_of_other_settings_are_told_apart():
    stages = [*STAGES, Smooth(0.5), Align(one_focal=False), SmoothAlongMotion(0.7, 0.5), AdaptiveRange(1.0)]
    assert len({str(stage.fingerprint()) for stage in stages}) == len(stages)
