"""A zoomed photo among photos of its size is found out, and no other is."""

from dataclasses import replace

import numpy
import posed_points
import posed_scenes
import pytest
import torch
from torch.nn import functional as F

pytest.importorskip("cv2")

from sam3d_geometry.views.bundle import Rules
from sam3d_geometry.views.lenses import FoundLens
from sam3d_geometry.views.odd_lenses import odd_focals, with_odd_lenses
from sam3d_geometry.views.poses import pose_views
from sam3d_geometry.views.solving import Solved

ROOM = posed_scenes.room(5)


def zoomed(view, part):
    """The middle of the photo, at the photo's size; the pointmap is as if nobody had told."""
    height, width = view.photo.shape[:2]
    high, wide = round(height / part / 2), round(width / part / 2)
    middle = view.photo[height // 2 - high : height // 2 + high, width // 2 - wide : width // 2 + wide]
    photo = F.interpolate(middle.movedim(-1, 0)[None], (height, width), mode="bicubic", antialias=True)[0]
    return replace(view, photo=photo.movedim(0, -1).clamp(0, 1))


def test_a_zoomed_photo_has_a_lens_of_its_own():
    views = posed_scenes.views(ROOM, known_focal=False)
    views[2] = zoomed(views[2], 1.25)
    posed = pose_views(views)
    assert [view.state for view in posed.views] == ["placed"] * 5
    focals = torch.stack([view.intrinsics[0, 0] for view in posed.views])
    assert float(focals[2] / focals[0]) == pytest.approx(1.25, rel=0.02)
    assert float(focals[[0, 1, 3, 4]].std() / focals[0]) < 1e-6
    truth = ROOM.world_from_camera[0, :3, :3].T @ ROOM.world_from_camera[2, :3, :3]
    first, third = (posed.views[at].world_from_camera for at in (0, 2))
    assert first is not None and third is not None
    turn = (first[:3, :3].T @ third[:3, :3]).T @ truth.double()
    assert float(torch.rad2deg(torch.acos(((turn.trace() - 1) / 2).clamp(-1, 1)))) < 0.6


def test_photos_of_one_lens_stay_with_it():
    focals = {float(view.intrinsics[0, 0]) for view in pose_views(posed_scenes.views(ROOM, known_focal=False)).views}
    assert len(focals) == 1


def test_lenses_are_split_by_their_odd_views():
    lenses = [FoundLens((0, 1, 2), 0.9, 0.2), FoundLens((3,), 1.1, 0.0)]
    assert with_odd_lenses(lenses, {1: 1.5}) == [
        FoundLens((0, 2), 0.9, 0.2), FoundLens((1,), 0.9 * 1.5, 0.2), FoundLens((3,), 1.1, 0.0),
    ]  # fmt: skip
    assert with_odd_lenses(lenses, {}) == lenses


def test_a_view_that_pairs_alone_hold_is_not_asked_for_its_lens():
    scene, seen = posed_points.scene(4)
    longer = replace(scene, focals=scene.focals * numpy.array([[1.0], [1.0], [1.0], [1.3]]))
    count = len(scene.points)
    solved = Solved(
        group=[0, 1, 2, 3],
        scene=longer,
        seen=seen,
        rules=Rules(1.0, numpy.array([[0.0, 0.3]]), numpy.zeros(1)),
        tracks_of=numpy.full(4, count),
        fit=numpy.ones(4),
        spreads=numpy.zeros((4, 2)),
        focal_spreads=numpy.zeros(1),
        lenses=[FoundLens((0, 1, 2, 3), 0.9, 0.3)],
    )
    assert list(odd_focals(solved)) == [3]
    # each point of the last view is seen by one other view only
    alone = numpy.isin(seen.point, seen.point[seen.view == 3]) & numpy.isin(seen.view, [1, 2])
    assert odd_focals(replace(solved, seen=seen.chosen(~alone))) == {}
