"""What is known of a step is used where it belongs, and gives what is found without it."""

from dataclasses import replace

import pytest
import torch
from films import noisy_pointmap

from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.clips.ego_motion import Match, Motion
from sam3d_geometry.clips.flow import followed, grey_frames
from sam3d_geometry.clips.frame_step import FrameStep, followed_steps, step_from
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion

FRAMES = 6


@pytest.fixture(scope="module")
def noisy():
    return noisy_pointmap(FRAMES)


@pytest.fixture(scope="module")
def greys(noisy):
    return grey_frames(noisy.image)


def test_steps_are_those_from_the_frame_before(greys):
    first, *rest = followed_steps(greys, None)
    assert first is None
    for i, step in enumerate(rest, 1):
        flow, seen = followed(greys[i], greys[i - 1])
        assert torch.equal(step.match.flow, flow) and torch.equal(step.match.seen, seen)
        assert step.is_from(greys[i - 1]) and not step.is_from(greys[i])
    later = followed_steps(greys[3:], greys[2])
    assert torch.equal(later[0].match.flow, rest[2].match.flow)
    assert followed_steps(greys[3:], greys[2][:-1])[0] is None


def test_a_step_from_another_frame_is_not_taken(greys):
    steps = followed_steps(greys, None)
    assert step_from(steps, 2, greys[1]) is steps[2]
    assert step_from(steps, 2, greys[0]) is None and step_from(None, 2, greys[1]) is None
    assert step_from(steps, 0, greys[1]) is None


def test_another_unit_moves_further_and_turns_as_much(greys):
    motion = Motion(torch.eye(3, dtype=torch.float64), torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    step = FrameStep(greys[0], Match(torch.zeros(2, 2, 2), torch.ones(2, 2)), motion).scaled(2.0)
    assert step.motion.translation.tolist() == [2, 4, 6] and torch.equal(step.motion.rotation, motion.rotation)
    assert replace(step, motion=None).scaled(2.0).motion is None


@pytest.mark.parametrize("streaming", [True, False])
def test_aligning_finds_the_same_with_steps_that_are_known(noisy, greys, streaming):
    alone, _, done = align_sequence(noisy, streaming=streaming)
    known, _, _ = align_sequence(noisy, streaming=streaming, steps=followed_steps(greys, None))
    assert torch.equal(alone.points, known.points)
    assert done.steps[0] is None and all(step.is_from(grey) for step, grey in zip(done.steps[1:], greys))


def test_steps_of_other_frames_change_nothing(noisy, greys):
    wrong = (None, *followed_steps(greys, None)[:-1])
    assert torch.equal(align_sequence(noisy, steps=wrong)[0].points, align_sequence(noisy)[0].points)


def test_smoothing_goes_on_from_the_motion_that_aligning_has_found(noisy):
    aligned, _, done = align_sequence(noisy, streaming=True)
    alone, _ = smooth_along_motion(aligned)
    known, _ = smooth_along_motion(aligned, steps=done.steps)
    off = ((known.depth - alone.depth).abs() / alone.depth.clamp_min(1e-6))[alone.mask & known.mask]
    assert off.median() < 1e-5 and off.mean() < 1e-4
