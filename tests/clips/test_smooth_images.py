"""Pictures averaged along motion: steadier, without ghosts, in pieces as in one, and stopped at any frame."""

import pytest
import torch
from films import moving_film, noisy_pointmap

from development.scenes.moving_room import MOVING
from sam3d_geometry.clips import smooth_images as image_smoothing
from sam3d_geometry.clips.plain_average import smooth_images
from sam3d_geometry.clips.smooth_images import smooth_images_along_motion
from sam3d_geometry.video.stages import pack, unpack

FRAMES = 12


@pytest.fixture(scope="module")
def frames():
    return moving_film(FRAMES)


@pytest.fixture(scope="module")
def noisy():
    return noisy_pointmap(FRAMES)


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
    for name in ("followed", "_averaged_picture"):
        function = getattr(image_smoothing, name)

        def noted(*given, name=name, function=function):
            return calls.append(name) or function(*given)

        monkeypatch.setattr(image_smoothing, name, noted)
    clip = torch.rand(1, 24, 32, 3).expand(4, -1, -1, -1)
    image_smoothing.smooth_images_along_motion(clip)
    assert calls == ["followed", "_averaged_picture"] * 3


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


def test_what_cannot_be_is_refused_in_a_sentence(noisy):
    with pytest.raises(ValueError, match="between 0 and 0"):
        smooth_images_along_motion(noisy.image, 0.99)
    with pytest.raises(ValueError, match="causal, zero lag"):
        smooth_images_along_motion(noisy.image, 0.5, direction="sideways")
