"""Two views of points: the pose that made them comes back, also with wrong matches; a turn on the spot is told as one."""

import numpy
import posed_points
import pytest

pytest.importorskip("cv2")

from sam3d_geometry.geometry.turns import degrees_between, rotation_of
from sam3d_geometry.views.two_views import rays, solve_two_views, triangulated

CAMERA = numpy.array([[posed_points.FOCAL, 0, 500], [0, posed_points.FOCAL, 400], [0, 0, 1.0]])


def matches(points=150):
    scene, seen = posed_points.scene(2, points)
    places = [seen.place[seen.view == k] + CAMERA[:2, 2] for k in (0, 1)]
    return scene, places


def test_pose_and_depths_are_those_of_the_scene():
    scene, (a, b) = matches()
    found = solve_two_views(a, b, (CAMERA, CAMERA))
    assert degrees_between(found.rotation, scene.rotations[1]) < 1e-3
    shift = scene.shifts[1]
    numpy.testing.assert_allclose(found.direction, shift / numpy.linalg.norm(shift), atol=1e-4)
    assert found.inliers.all() and not found.turned and found.in_front == 1
    depth = scene.points[:, 2] / numpy.linalg.norm(shift)
    numpy.testing.assert_allclose(found.depths[:, 0], depth, rtol=1e-3)


def test_wrong_matches_and_noise_change_little():
    scene, (a, b) = matches()
    random = numpy.random.default_rng(3)
    b = b + random.normal(0, 0.3, b.shape)
    b[:50] = random.uniform(0, 900, (50, 2))
    found = solve_two_views(a, b, (CAMERA, CAMERA))
    assert degrees_between(found.rotation, scene.rotations[1]) < 0.5
    assert found.inliers[:50].sum() < 8 and found.inliers[50:].mean() > 0.9
    assert 0 < found.spread[0] < 0.5


def test_a_turn_on_the_spot_is_told_and_found():
    _, (a, _) = matches()
    turn = rotation_of(numpy.array([0.02, 0.2, -0.05]))
    ahead = rays(a, CAMERA) @ turn.T
    found = solve_two_views(a, (ahead / ahead[:, 2:]) @ CAMERA.T[:, :2], (CAMERA, CAMERA))
    assert found.turned and not found.direction.any()
    assert degrees_between(found.rotation, turn) < 1e-3


def test_few_matches_give_nothing():
    _, (a, b) = matches(7)
    assert solve_two_views(a, b, (CAMERA, CAMERA)) is None


def test_rays_that_cross_give_their_point():
    point, shift = numpy.array([0.4, -0.2, 3.0]), numpy.array([-1.0, 0.1, 0.2])
    other = point + shift
    depths, degrees = triangulated(numpy.eye(3), shift, point[None] / 3.0, other[None] / other[2])
    numpy.testing.assert_allclose(depths[0], [3.0, 3.2])
    cosine = point @ other / numpy.linalg.norm(point) / numpy.linalg.norm(other)
    assert degrees[0] == pytest.approx(numpy.degrees(numpy.arccos(cosine)))
