"""Averages that follow motion: noise shrinks as the number of frames says, and nothing trails behind what moves."""

from dataclasses import replace

import closed_form
import pytest
import torch

from development.scenes.moving_room import MOVING, film
from sam3d_geometry.clips import smooth_images as image_smoothing
from sam3d_geometry.clips.plain_average import smooth_images, smooth_pointmap
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from sam3d_geometry.clips.smooth_images import smooth_images_along_motion
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.video.stages import pack, unpack

FRAMES, SIZE, NOISE = 12, (96, 160), 0.02


@pytest.fixture(scope="module")
def frames():
    return film(FRAMES, *SIZE, samples=1)


@pytest.fixture(scope="module")
def noisy(frames):
    pointmap = frames.pointmap(True)
    noise = 1 + NOISE * torch.randn(pointmap.depth.shape, generator=torch.Generator().manual_seed(0))
    return replace(pointmap, points=unproject(pointmap.depth * noise, pointmap.intrinsics))


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


@pytest.mark.parametrize("call", [smooth_along_motion, lambda p, *a, **k: smooth_images_along_motion(p.image, *a, **k)])
def test_what_cannot_be_is_refused_in_a_sentence(noisy, call):
    with pytest.raises(ValueError, match="between 0 and 0"):
        call(noisy, 0.99)
    with pytest.raises(ValueError, match="causal, zero lag"):
        call(noisy, 0.5, direction="sideways")


# a picture's values change where a thing comes closer: one way lags behind that a little, both ways do not
@pytest.mark.parametrize(("direction", "lag"), [("causal", 1.5), ("zero lag", 1.0)])
def test_pictures_are_steadied_without_ghosts(frames, noisy, direction, lag):
    true, rough = (p.depth[..., None] / 8 for p in (frames.pointmap(), noisy))
    rough = rough.expand(-1, -1, -1, 3)
    smoothed, _ = smooth_images_along_motion(rough, 0.8, noisy.image, direction=direction)
    assert smoothed.shape == rough.shape
    assert (smoothed - true)[4:].abs().mean() < (rough - true)[4:].abs().mean() / 1.4
    moving = torch.isin(frames.object_ids, torch.tensor(MOVING))[4:]
    assert (smoothed - true)[4:][moving].abs().mean() < lag * (rough - true)[4:][moving].abs().mean()
    plain, _ = smooth_images(rough, 0.8, noisy.image)
    assert (plain - true)[4:][moving].abs().mean() > 2 * (rough - true)[4:][moving].abs().mean()


def test_pictures_in_pieces_are_the_pictures_in_one(noisy):
    whole, _ = smooth_images_along_motion(noisy.image, 0.7)
    first, state = smooth_images_along_motion(noisy.image[:5], 0.7)
    second, _ = smooth_images_along_motion(noisy.image[5:], 0.7, None, unpack(pack(state)))
    assert torch.allclose(torch.cat([first, second]), whole, atol=1e-6)


def test_the_guide_must_have_as_many_frames(noisy):
    with pytest.raises(ValueError, match="2 frames and the images 3"):
        smooth_images_along_motion(noisy.image[:3], 0.5, noisy.image[:2])


def test_flows_of_a_long_clip_are_not_held(monkeypatch):
    """Each is found when its frame is blended: those of 1,000 frames of 1280 x 720 would take 7 GB."""
    calls = []
    for name in ("followed", "_averaged"):
        function = getattr(image_smoothing, name)

        def noted(*given, name=name, function=function):
            return calls.append(name) or function(*given)

        monkeypatch.setattr(image_smoothing, name, noted)
    clip = torch.rand(1, 24, 32, 3).expand(4, -1, -1, -1)
    image_smoothing.smooth_images_along_motion(clip)
    assert calls == ["followed", "_averaged"] * 3


@pytest.mark.parametrize("direction", ["causal", "zero lag"])
def test_progress_of_pictures_goes_to_the_end_and_may_stop_it(direction):
    clip, seen = torch.rand(1, 24, 32, 3).expand(3, -1, -1, -1), []
    image_smoothing.smooth_images_along_motion(
        clip, direction=direction, on_progress=lambda done, total: seen.append((done, total))
    )
    frames = 3 if direction == "causal" else 6
    assert seen == [(i, frames) for i in range(1, frames + 1)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        image_smoothing.smooth_images_along_motion(clip, on_progress=stop)
