"""One place is alike in any light and a little farther on; other places are not."""

import pytest
import torch
from moving_places import pan, place

from sam3d_geometry.clips.cuts import thumbnails
from sam3d_geometry.clips.likeness import ONE_PLACE, coarse_looks, likeness, patterns, same_place


def test_light_and_a_step_aside_do_not_matter():
    first, *_, last = pan(1, 13, 0.01)
    assert same_place(first, last) and same_place(first, 0.3 * last + 0.4) and likeness(first, last) > 0.8
    assert likeness(first, first) == pytest.approx(1, abs=1e-5)


def test_other_places_and_pictures_upside_down_are_none():
    looks = [thumbnails(place(seed)[:, :, :96])[0] for seed in range(12)]
    most = [likeness(a, b) for i, a in enumerate(looks) for b in looks[:i]]
    assert max(most) < ONE_PLACE
    assert likeness(looks[0], 1 - looks[0]) < ONE_PLACE


def test_contrast_goes_with_the_light():
    looks = torch.rand(2, 48, 48, 3)
    assert coarse_looks(looks).shape == (2, 3, 12, 12)
    assert torch.allclose(patterns(0.5 * looks + 0.2).norm(dim=1), 0.5 * patterns(looks).norm(dim=1), rtol=1e-4)
