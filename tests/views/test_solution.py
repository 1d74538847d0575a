"""Solution: pairs are solved again at the focal length that the set has, and barred views have no part in it."""

from dataclasses import replace

import numpy
import posed_points
import posed_scenes
import pytest

pytest.importorskip("cv2")

from sam3d_geometry.geometry.turns import degrees_between
from sam3d_geometry.views import solution
from sam3d_geometry.views.bundle import Rules
from sam3d_geometry.views.edges import Edge
from sam3d_geometry.views.features import find_features, matches_of
from sam3d_geometry.views.lenses import FoundLens, intrinsics_with_focal, long_edge_focal
from sam3d_geometry.views.solution import MatchedPhotos, Solution, solution_of, with_one_focal
from sam3d_geometry.views.solving import Solved

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


def solved_group(group, lens, log_focal, points):
    scene, seen = posed_points.scene(len(group), points=points)
    scene = replace(scene, log_focals=numpy.array([log_focal]))
    rest = {"tracks_of": numpy.full(len(group), points), "fit": numpy.ones(len(group))}
    spreads = {"spreads": numpy.zeros((len(group), 2)), "focal_spreads": numpy.zeros(1)}
    return Solved(group, scene, seen, Rules(1.0, numpy.zeros((1, 2)), numpy.zeros(1)), **rest, **spreads, lenses=[lens])


@pytest.mark.parametrize(("matches", "kept", "agreed"), [(100, 40, True), (100, 0, False), (40, 0, True)])
def test_groups_that_share_a_lens_come_to_one_focal_length(monkeypatch, matches, kept, agreed):
    """A group that is held by many matches has to explain as much with it; one that few hold need not outlast it."""
    views = posed_scenes.views(ROOM, known_focal=False)
    lens, asked = FoundLens((0, 1, 2, 3), long_edge_focal(views[0]), 0.3), []
    firm, weak = solved_group([0, 1], lens, 0.02, 100), solved_group([2, 3], lens, 0.35, 40)

    def solved(some, lenses, photos, edges, on_round):
        asked.append((some, lenses))
        groups: list[Solved | list[int]] = [solved_group([0, 1], lenses[0], 0.0, 100)]
        groups += [solved_group([2, 3], lenses[0], 0.0, kept)] if kept else []
        return Solution(some, lenses, groups, [], {})

    monkeypatch.setattr(solution, "_solved", solved)
    edges = [Edge(2, 3, numpy.zeros((matches, 2), int), matches, None)]
    before = Solution(views, [lens], [firm, weak], edges, {})
    after = with_one_focal(before, MatchedPhotos([], {}, {}), lambda: None)
    [(some, [shared])] = asked
    focal = long_edge_focal(views[0]) * numpy.exp(0.02)
    assert [long_edge_focal(view) for view in some] == pytest.approx([focal] * 4)
    assert shared.focal == pytest.approx(focal) and shared.spread < 0.05
    assert (after is before) != agreed
    near = Solution(views, [lens], [firm, solved_group([2, 3], lens, 0.05, 40)], [], {})
    assert with_one_focal(near, MatchedPhotos([], {}, {}), lambda: None) is near and len(asked) == 1
