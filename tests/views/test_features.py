"""Features and matches: a shifted picture matches by its shift, pixel centres are where they are said to be, masks are told."""

import numpy
import pytest
import torch

pytest.importorskip("cv2")

from sam3d_geometry.views.features import Features, find_features, matches_of


def texture(height=160, width=220, seed=0):
    small = torch.rand(1, 3, height // 4, width // 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(small, (height, width), mode="bicubic").clamp(0, 1)[0].movedim(0, -1)


def test_a_shifted_picture_matches_by_its_shift():
    picture = texture()
    first, second = find_features(picture[:, :200], None, 1024), find_features(picture[:, 20:], None, 1024)
    pairs = matches_of(first, second)
    steps = first.places[pairs[:, 0]] - second.places[pairs[:, 1]]
    assert len(pairs) > 50
    numpy.testing.assert_allclose(numpy.median(steps, 0), [20, 0], atol=0.02)


def test_places_count_from_the_corner_of_the_picture():
    """Turned by half a turn, a feature at x lies at width - x: so it is only where the first pixel's centre is at 0.5."""
    picture = texture()
    first, second = find_features(picture, None, 1024), find_features(picture.flip(0, 1), None, 1024)
    pairs = matches_of(first, second)
    sums = first.places[pairs[:, 0]] + second.places[pairs[:, 1]]
    numpy.testing.assert_allclose(numpy.median(sums, 0), [220, 160], atol=0.05)


def test_a_mirrored_picture_has_the_features_of_its_flip():
    picture = texture()
    flipped = find_features(picture.flip(1), None, 1024, mirrored=True)
    assert len(matches_of(find_features(picture, None, 1024), flipped)) > 100
    assert len(matches_of(find_features(picture, None, 1024), find_features(picture.flip(1), None, 1024))) < 30


def test_what_lies_in_the_mask_is_told():
    mask = torch.zeros(160, 220, dtype=torch.bool)
    mask[:, :110] = True
    found = find_features(texture(), mask, 1024)
    assert found.on_object.any() and not found.on_object.all()
    assert (found.places[found.on_object, 0] < 112).all() and (found.places[~found.on_object, 0] > 108).all()


def test_a_plain_picture_has_nothing_to_match():
    plain = find_features(torch.full((80, 90, 3), 0.5), None, 1024)
    assert len(plain) == 0 and matches_of(plain, plain).shape == (0, 2)


def test_two_directions_of_one_place_are_no_rivals():
    values = torch.eye(128)[:4]
    double = torch.cat([values, torch.nn.functional.normalize(values[:1] + 0.1 * values[1:2], dim=1)])
    one = Features(numpy.arange(8.0).reshape(4, 2) * 9, values, numpy.ones(4, bool), (50, 50))
    places = numpy.concatenate([one.places, one.places[:1]])
    other = Features(places, double, numpy.ones(5, bool), (50, 50))
    assert [0, 0] in matches_of(one, other).tolist()
