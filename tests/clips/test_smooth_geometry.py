"""Averages that follow motion: noise shrinks as the number of frames says, and nothing trails behind what moves."""

from dataclasses import replace

import closed_form
import pytest
import torch
from films import moving_film, noisy_pointmap

from development.scenes.moving_room import MOVING
from sam3d_geometry.clips.plain_average import smooth_pointmap
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from sam3d_geometry.video.stages import pack, unpack

FRAMES = 12


@pytest.fixture(scope="module")
def frames():
    return moving_film(FRAMES)


@pytest.fixture(scope="module")
def noisy():
    return noisy_pointmap(FRAMES)


def errors(pointmap, frames, where=None):
    error = (pointmap.depth / frames.depth - 1).abs()[4:]
    return error.mean() if where is None else error[where[4:]].mean()


@pytest.mark.parametrize(("direction", "gain"), [("causal", 1.7), ("zero lag", 2.1)])
def test_noise_shrinks_and_moving_things_get_no_worse(frames, noisy, direction, gain):
    smoothed, _ = smooth_along_motion(noisy, 0.8, direction=direction)
    moving = torch.isin(frames.object_ids, torch.tensor(MOVING))
    assert errors(smoothed, frames) < errors(noisy, frames) / gain
    assert errors(smoothed, frames, moving) < errors(noisy, frames, moving)
    plain, _ = smooth_pointmap(noisy, 0.8)
    assert errors(plain, frames, moving) > 2 * errors(noisy, frames, moving)


def test_normals_follow_too(frames, noisy):
    rough = torch.nn.functional.normalize(noisy.normals + 0.1 * torch.randn(noisy.normals.shape), dim=-1)
    smoothed, _ = smooth_along_motion(replace(noisy, normals=rough), 0.8)
    before = closed_form.angles(rough[6:], frames.normals[6:]).median()
    assert closed_form.angles(smoothed.normals[6:], frames.normals[6:]).median() < 0.6 * before


def test_exact_geometry_stays_exact(frames):
    pointmap = frames.pointmap(False)
    smoothed, _ = smooth_along_motion(pointmap, 0.9, direction="zero lag")
    assert (smoothed.depth / pointmap.depth - 1).abs().median() < 1e-3


def test_a_stream_in_pieces_is_the_stream_in_one(noisy):
    whole, _ = smooth_along_motion(noisy, 0.7)
    parts, state = [], None
    for part in (slice(0, 5), slice(5, 6), slice(6, FRAMES)):
        smoothed, state = smooth_along_motion(noisy[part], 0.7, state)
        state = unpack(pack(state))
        parts.append(smoothed)
    assert torch.allclose(torch.cat([p.points for p in parts]), whole.points, rtol=1e-4, atol=1e-5)


def test_a_cut_starts_anew(noisy):
    clip = replace(noisy, image=noisy.image.clone(), points=noisy.points.clone())
    clip.image[6:], clip.points[6:] = 1 - clip.image[6:], clip.points[6:] * 1.02
    after = smooth_along_motion(clip, 0.9)[0].points[6]
    assert torch.allclose(after, clip.points[6], rtol=1e-5)


def test_no_strength_changes_nothing(noisy):
    assert torch.allclose(smooth_along_motion(noisy, 0.0)[0].points, noisy.points, rtol=1e-4, atol=1e-6)


def test_what_cannot_be_is_refused_in_a_sentence(noisy):
    with pytest.raises(ValueError, match="between 0 and 0"):
        smooth_along_motion(noisy, 0.99)
    with pytest.raises(ValueError, match="causal, zero lag"):
        smooth_along_motion(noisy, 0.5, direction="sideways")
