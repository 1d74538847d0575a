"""What a set of photos is like: a turntable is told from a walk around, and copies are found."""

import numpy
import posed_scenes
import torch

from sam3d_geometry.views.features import Features
from sam3d_geometry.views.sources import matches_on_object, same_pictures, without_still_marks


def features(places, on_object):
    return Features(places, torch.zeros(len(places), 128), on_object, (100, 100))


def sets(object_step, background_step):
    places = numpy.random.default_rng(0).uniform(0, 60, (60, 2))
    on_object = numpy.arange(60) < 30
    moved = places + numpy.where(on_object[:, None], object_step, background_step)
    same = numpy.repeat(numpy.arange(60)[:, None], 2, 1)
    return [features(places, on_object), features(moved, on_object)], {(0, 1): same}


def test_a_turntable_is_told_from_a_walk_around():
    assert matches_on_object(*sets(5.0, 0.0))
    assert not matches_on_object(*sets(5.0, 8.0))
    assert not matches_on_object(*sets(0.0, 0.0))


def test_copies_are_found_with_what_they_are_of():
    views = posed_scenes.views(posed_scenes.room(4))
    assert same_pictures([views[0], views[1], views[0], views[0]]) == {2: 0, 3: 0}


def test_a_mark_in_all_pictures_is_no_match_and_a_far_background_is_one():
    views = posed_scenes.views(posed_scenes.room(4))[:2]
    same = [views[0], views[0]]
    assert without_still_marks(views, *sets(5.0, 0.0))[0, 1].tolist() == [[k, k] for k in range(30)]
    far = numpy.concatenate([numpy.full(30, 5.0), numpy.linspace(0, 1.0, 30)])[:, None] * [1.0, 0.0]
    assert len(without_still_marks(views, *sets_by(far))[0, 1]) == 60
    still = sets_by(numpy.zeros((60, 2)))
    assert len(without_still_marks(same, *still)[0, 1]) == 60
    assert (
        len(without_still_marks(views, *still)[0, 1]) == 0
    )  # all of it stands still, and the pictures are not the same


def sets_by(step):
    places = numpy.random.default_rng(0).uniform(0, 60, (60, 2))
    same = numpy.repeat(numpy.arange(60)[:, None], 2, 1)
    return [features(places, numpy.ones(60, bool)), features(places + step, numpy.ones(60, bool))], {(0, 1): same}
