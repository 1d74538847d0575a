"""Lenses: which photos share one, what is known beforehand, and the focal length that matches tell."""

from dataclasses import replace

import numpy
import posed_points
import posed_scenes
import pytest
import torch

pytest.importorskip("cv2")

from sam3d_geometry.views.features import Features
from sam3d_geometry.views.lenses import FoundLens, focal_by_matches, intrinsics_with_focal, lenses_of, long_edge_focal

ROOM = posed_scenes.room(4)


def test_photos_of_one_size_share_a_lens_lying_or_upright():
    views = posed_scenes.views(ROOM, known_focal=False)
    upright = replace(views[1], photo=views[1].photo.transpose(0, 1))
    smaller = replace(views[2], photo=views[2].photo[:100, :100])
    assert [lens.views for lens in lenses_of([views[0], upright, smaller, views[3]])] == [(0, 1, 3), (2,)]
    assert len(lenses_of(views, one_lens=False)) == 4


def test_a_known_focal_length_stays():
    (lens,) = lenses_of(posed_scenes.views(ROOM))
    assert lens.spread == 0
    assert lens.focal == pytest.approx(long_edge_focal(posed_scenes.views(ROOM)[0]))
    assert focal_by_matches(lens, [], {}) == (lens.focal, 0)


def test_what_a_network_says_is_no_more_than_a_hint():
    views = posed_scenes.views(ROOM, known_focal=False)
    told = [replace(v, pointmap=replace(v.pointmap, fov_spread=torch.tensor([0.01]))) for v in views]
    assert 0.09 < lenses_of(told)[0].spread < 0.1 < lenses_of(views)[0].spread < 0.4


def test_matches_tell_the_focal_length():
    _, seen = posed_points.scene(4, 200)
    size, middle = (800, 1000), numpy.array([500.0, 400.0])
    features = [
        Features(seen.place[seen.view == k] + middle, torch.zeros(200, 128), numpy.ones(200, bool), size)
        for k in range(4)
    ]
    same = numpy.repeat(numpy.arange(200)[:, None], 2, 1)
    matches = {(i, j): same for i in range(4) for j in range(i + 1, 4)}
    focal, pairs = focal_by_matches(FoundLens((0, 1, 2, 3), 1.4, 0.35), features, matches)
    assert pairs == 6
    assert focal == pytest.approx(posed_points.FOCAL / 1000, rel=0.06)


def test_another_focal_length_keeps_the_shape_of_pixels():
    view = posed_scenes.views(ROOM)[0]
    changed = intrinsics_with_focal(view, 1.5)
    assert long_edge_focal(replace(view, intrinsics=torch.from_numpy(changed))) == pytest.approx(1.5)
    assert changed[0, 0] / changed[1, 1] == pytest.approx(float(view.intrinsics[0, 0] / view.intrinsics[1, 1]))
