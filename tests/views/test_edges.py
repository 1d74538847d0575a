"""Edges: depth away from jumps, scales of pointmaps, which pairs are worth matching, and what is not believed."""

import math

import numpy
import posed_scenes
import pytest
import torch

pytest.importorskip("cv2")

from sam3d_geometry.views.edges import EXHAUSTIVE, edges_between, likely_pairs, log_depths
from sam3d_geometry.views.features import Features, find_features, matches_of

ROOM = posed_scenes.room(4)


def test_depth_is_that_of_the_place_and_unknown_at_jumps():
    view = posed_scenes.views(ROOM, smooth=0.0)[0]
    depth = view.pointmap.depth[0].double().numpy()
    places = numpy.array([[x + 0.5, y + 0.5] for x in range(2, 318, 7) for y in range(2, 238, 7)])
    found = log_depths(view, places * 2, (480, 640))
    column, row = places.astype(int).T
    known = numpy.isfinite(found)
    assert 0.6 < known.mean() < 1
    numpy.testing.assert_allclose(found[known], numpy.log(depth[row, column])[known], atol=0.08)
    jump = numpy.array(
        [
            depth[r - 1 : r + 2, c - 1 : c + 2].max() / depth[r - 1 : r + 2, c - 1 : c + 2].min()
            for r, c in zip(row, column)
        ]
    )
    assert not known[jump > 1.2].any()


def test_an_edge_tells_the_scale_of_the_pointmaps_and_why_a_pair_is_refused():
    views = posed_scenes.views(ROOM, smooth=0.0)
    views = [*views[:2], views[2]]
    features = [find_features(view.photo, None, 1024) for view in views]
    matches = {(0, 1): matches_of(*features[:2]), (0, 2): matches_of(features[0], features[2])[:9]}
    good, few = edges_between(views, features, matches)
    assert good.reason == "" and good.has_direction
    centres = ROOM.world_from_camera[:2, :3, 3]
    distance = float((centres[0] - centres[1]).norm())
    numpy.testing.assert_allclose(good.log_scales, -math.log(distance), atol=0.03)
    assert "9" in few.reason or few.inliers < 9


def test_few_photos_are_matched_each_with_each_and_many_with_their_likeliest():
    random = torch.Generator().manual_seed(0)

    def made(kind):
        values = torch.nn.functional.normalize(torch.rand(10, 128, generator=random) + 5 * torch.eye(128)[kind], dim=1)
        return Features(numpy.random.default_rng(kind).uniform(0, 90, (10, 2)), values, numpy.ones(10, bool), (90, 90))

    assert len(likely_pairs([made(0)] * 5, ordered=False)) == 10
    many = [made(k) for k in range(EXHAUSTIVE + 4)]
    assert (0, 1) not in likely_pairs(many, ordered=False)
    assert {(k, k + 1) for k in range(EXHAUSTIVE + 3)} <= set(likely_pairs(many, ordered=True))
