"""Solution: pairs are solved again at the focal length that the set has, and barred views have no part in it."""

from dataclasses import replace

import numpy
import posed_scenes
import pytest

pytest.importorskip("cv2")

from sam3d_geometry.views.features import find_features, matches_of
from sam3d_geometry.views.lenses import FoundLens, intrinsics_with_focal, long_edge_focal
from sam3d_geometry.views.solution import MatchedPhotos, solution_of
from sam3d_geometry.views.turns import degrees_between

ROOM = posed_scenes.room(4)


def matched(barred=None):
    views = posed_scenes.views(ROOM, known_focal=False)
    features = [find_features(view.photo, None, 1024) for view in views]
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    return views, MatchedPhotos(
        features, {(i, j): matches_of(features[i], features[j]) for i, j in pairs}, barred or {}
    )


def test_pairs_are_solved_again_until_they_have_the_focal_length_of_the_set():
    import torch

    views, photos = matched()
    true = long_edge_focal(views[0])
    wrong = [replace(v, intrinsics=torch.from_numpy(intrinsics_with_focal(v, 0.65 * true))) for v in views]
    lens = FoundLens((0, 1, 2, 3), 0.8 * true, 0.3)
    found = solution_of(wrong, [lens], photos, photos.edges(wrong), lambda: None)
    assert found.placed == 4 and found.fitting > 200
    assert long_edge_focal(found.views[0]) == pytest.approx(true, rel=0.05)
    truth = [pose[:3, :3].numpy().T for pose in ROOM.world_from_camera]
    for edge in found.edges:
        if not edge.reason:
            assert degrees_between(edge.geometry.rotation, truth[edge.second] @ truth[edge.first].T) < 1.0


def test_barred_views_have_no_part():
    views, photos = matched({2: "a mirror image"})
    found = solution_of(
        views, [FoundLens((0, 1, 2, 3), long_edge_focal(views[0]), 0.0)], photos, photos.edges(views), int
    )
    assert {e.reason for e in found.edges if 2 in (e.first, e.second)} == {"a mirror image"}
    assert found.placed == 3 and 2 not in found.groups[0].group
    assert numpy.isfinite(found.groups[0].scene.points).all()
