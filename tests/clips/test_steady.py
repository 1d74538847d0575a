"""One choice of how to steady: each is the average that it names, off is nothing, and a stream goes on from its state."""

import pytest
import torch
from films import noisy_pointmap

from sam3d_geometry.clips.plain_average import smooth_images, smooth_pointmap
from sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from sam3d_geometry.clips.smooth_images import smooth_images_along_motion
from sam3d_geometry.clips.steady import (
    AVERAGE,
    BOTH_WAYS,
    MOTION,
    OFF,
    STEADY_BY,
    STRENGTHS,
    steady_images,
    steady_pointmap,
)

FRAMES = 5


@pytest.fixture(scope="module")
def noisy():
    return noisy_pointmap(FRAMES)


@pytest.mark.parametrize(
    ("steady_by", "pictures", "geometry"),
    [
        (BOTH_WAYS, smooth_images_along_motion, smooth_along_motion),
        (MOTION, smooth_images_along_motion, smooth_along_motion),
        (AVERAGE, smooth_images, smooth_pointmap),
    ],
)
def test_each_choice_is_the_average_that_it_names(noisy, steady_by, pictures, geometry):
    options = {BOTH_WAYS: {"direction": "zero lag"}, MOTION: {"direction": "causal"}, AVERAGE: {}}[steady_by]
    images, _ = steady_images(noisy.image, steady_by=steady_by, strength=0.6)
    assert torch.equal(images, pictures(noisy.image, 0.6, **options)[0]) and not torch.equal(images, noisy.image)
    pointmap, _ = steady_pointmap(noisy, steady_by=steady_by, strength=0.6)
    assert torch.equal(pointmap.points, geometry(noisy, 0.6, **options)[0].points)
    assert not torch.equal(pointmap.points, noisy.points)


def test_off_changes_nothing(noisy):
    assert steady_images(noisy.image, steady_by=OFF, state="kept") == (noisy.image, "kept")
    assert steady_pointmap(noisy, steady_by=OFF, state="kept") == (noisy, "kept")


@pytest.mark.parametrize("steady_by", [MOTION, AVERAGE])
def test_a_stream_goes_on_from_its_state(noisy, steady_by):
    whole, _ = steady_pointmap(noisy, steady_by=steady_by)
    first, state = steady_pointmap(noisy[:2], steady_by=steady_by)
    second, _ = steady_pointmap(noisy[2:], steady_by=steady_by, state=state)
    assert torch.allclose(torch.cat([first.points, second.points]), whole.points, rtol=1e-4, atol=1e-5)


def test_another_choice_is_refused_in_a_sentence(noisy):
    assert set(STRENGTHS) == set(STEADY_BY)
    for call, given in ((steady_images, noisy.image), (steady_pointmap, noisy)):
        with pytest.raises(
            ValueError, match="Input steady_by came as 'tripod'; choose one of motion both ways, motion"
        ):
            call(given, steady_by="tripod")
