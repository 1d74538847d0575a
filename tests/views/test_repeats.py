"""Repeats: what comes twice in a photo is found with its surroundings, chance likenesses are not, and views that hang on it are named."""

import numpy
import pytest
import torch
from torch.nn import functional as F

from sam3d_geometry.views.edges import Edge
from sam3d_geometry.views.features import Features
from sam3d_geometry.views.repeats import held_by_repeats, repeated_features

SIZE = (400, 600)


def features_at(places, seed, noise=0.0, of=None):
    draw = torch.Generator().manual_seed(seed)
    plain = torch.rand(len(places), 128, generator=draw) if of is None else of
    found = F.normalize(plain + noise * torch.randn(len(places), 128, generator=draw).abs(), dim=1)
    return Features(numpy.asarray(places, float), found, numpy.ones(len(places), bool), SIZE)


def joined(*parts):
    return Features(
        numpy.concatenate([p.places for p in parts]),
        torch.cat([p.descriptors for p in parts]),
        numpy.concatenate([p.on_object for p in parts]),
        SIZE,
    )


def places(count, seed, low=(0, 0), high=(200, 200)):
    return numpy.random.default_rng(seed).uniform(low, high, (count, 2))


def sparse(count, seed):
    """Descriptors (N, 128) that are as different from each other as those of real photos."""
    values = torch.rand(count, 128, generator=torch.Generator().manual_seed(seed))
    return values * (values > 0.7)


def test_a_thing_that_stands_there_twice_is_found_and_the_rest_is_not():
    at, look = places(60, 0), sparse(60, 1)
    once = features_at(at, 2, of=look)
    twice = features_at(1.05 * at + [250, 30], 3, 0.01, of=look)
    rest = features_at(places(80, 4, (0, 250), (600, 400)), 5, of=sparse(80, 6))
    found = repeated_features(joined(once, twice, rest))
    assert found[:120].mean() > 0.9 and not found[120:].any()


def test_likenesses_here_and_there_are_no_repeat():
    look = sparse(100, 1)
    look[50:] = look[:50]  # each has a copy, anywhere
    found = repeated_features(features_at(places(100, 2, (0, 0), (600, 400)), 3, of=look))
    assert found.mean() < 0.05


@pytest.mark.parametrize("count", [0, 1, 7])
def test_too_few_features_have_no_surroundings(count):
    assert not repeated_features(features_at(places(count, 0), 1, of=sparse(count, 1))).any()


def edge(first, second, at):
    at = numpy.asarray(at)
    return Edge(first, second, numpy.stack([at, at], 1), len(at), None)


def marks(*repeated):
    """Bools (100,) of views, of which these features repeat."""
    made = [numpy.zeros(100, bool) for _ in range(4)]
    for view in made:
        view[list(repeated)] = True
    return made


def plain(on_object=range(100)):
    """Features of four views, of which these are on the object."""
    mask = numpy.isin(numpy.arange(100), on_object)
    return [Features(numpy.zeros((100, 2)), torch.zeros(100, 128), mask, SIZE)] * 4


def test_photos_of_a_pattern_are_named_unless_they_are_held_by_an_object_before_it():
    pattern = marks(*range(50))
    edges = [edge(0, 1, range(100)), edge(1, 2, range(100)), edge(2, 3, range(100))]
    said = held_by_repeats([0, 1, 2, 3], edges, plain(), pattern)
    assert sorted(said) == [0, 1, 2, 3] and "50% of its features repeat" in said[0]
    assert held_by_repeats([0, 1], [edge(0, 1, range(50, 100))], plain(range(50, 100)), pattern) == {}
    assert held_by_repeats([0, 1], [edge(0, 1, range(100))], plain(), marks(*range(5))) == {}


def test_a_part_that_only_a_thing_that_comes_twice_connects_is_named():
    twin = marks(*range(12))
    edges = [edge(0, 1, range(20, 80)), edge(1, 2, range(20, 80)), edge(2, 3, range(15))]
    said = held_by_repeats([0, 1, 2, 3], edges, plain(), twin)
    assert list(said) == [3] and "comes more than once" in said[3]
    assert held_by_repeats([0, 1, 2, 3], [*edges, edge(1, 3, range(20, 60))], plain(), twin) == {}
    two = [edge(0, 1, range(20, 80)), edge(2, 3, range(20, 80)), edge(1, 2, range(15))]
    assert sorted(held_by_repeats([0, 1, 2, 3], two, plain(), twin)) == [0, 1, 2, 3]
