"""Rival poses: a plane's second motion is found, and the pointmaps' depth, though rough, tells which one was made."""

import numpy
import pytest

pytest.importorskip("cv2")

from sam3d_geometry.geometry.turns import degrees_between, rotation_of
from sam3d_geometry.views import rival_poses
from sam3d_geometry.views.rival_poses import OTHER_TURN, MatchedPair, likeliest, pose_cost, starting_poses
from sam3d_geometry.views.two_views import rays, two_views_from

CAMERA = numpy.array([[1400.0, 0, 500], [0, 1400.0, 500], [0, 0, 1]])
TURN = rotation_of(numpy.array([0.02, 0.25, 0.0]))


def plane(depths: bool, error: float = 0.05):
    """Matches of a tilted plane, the move between the cameras, and depths that err smoothly."""
    draw = numpy.random.default_rng(0)
    flat = draw.uniform(-0.35, 0.35, (60, 2))
    points = numpy.c_[flat, 4.0 + 0.9 * flat[:, 0] + 0.3 * flat[:, 1]]
    shift = numpy.array([0.0, 0.0, 4.0]) - TURN @ numpy.array([0.0, 0.0, 4.0]) + [0.02, 0.05, 0.1]
    second = points @ TURN.T + shift
    places = [(p / p[:, 2:]) @ CAMERA.T for p in (points, second)]
    places = [p[:, :2] + draw.normal(0, 0.2, (60, 2)) for p in places]
    told = [numpy.log(p[:, 2]) + error * numpy.sin(3 * flat[:, 1]) if depths else numpy.full(60, numpy.nan) for p in (points, second)]  # fmt: skip
    return MatchedPair((places[0], places[1]), (CAMERA, CAMERA), (told[0], told[1]))


def settled(pair):
    found = [two_views_from(start, *pair.places, pair.cameras) for start in starting_poses(pair)]
    return [geometry for geometry in found if geometry is not None]


def test_depth_tells_the_motion_that_was_made_from_the_planes_other_one():
    pair = plane(depths=True)
    wrong = [g for g in settled(pair) if degrees_between(g.rotation, TURN) > OTHER_TURN and g.inliers.mean() > 0.8]
    assert wrong, "the plane's other motion explains its matches"
    judged = likeliest(wrong[0], pair)
    assert degrees_between(judged.geometry.rotation, TURN) < 2.0
    assert judged.margin > 2 and judged.cost < pose_cost(wrong[0], pair)


def test_without_depth_the_two_stay_open():
    judged = likeliest(settled(plane(depths=False))[0], plane(depths=False))
    assert judged.margin < 2


def test_lifted_points_give_the_move_and_a_pose_is_refined_by_the_matches():
    pair = plane(depths=True, error=0.0)
    best = min(degrees_between(start[0], TURN) for start in starting_poses(pair))
    assert best < 1.5
    lines = [rays(p, k) for p, k in zip(pair.places, pair.cameras)]
    assert all(len(g.inliers) == len(lines[0]) for g in settled(pair))


def test_each_candidate_is_judged_once(monkeypatch):
    pair, asked = plane(depths=True), []
    monkeypatch.setattr(
        rival_poses, "pose_cost", lambda geometry, pair: asked.append(geometry) or pose_cost(geometry, pair)
    )
    likeliest(settled(pair)[0], pair)
    assert len(asked) > 1 and len({id(geometry) for geometry in asked}) == len(asked)
