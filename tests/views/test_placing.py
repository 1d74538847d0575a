"""Scales of pointmaps and centres of cameras come back from edges that have them, one wrong edge among them."""

from dataclasses import replace

import numpy
import posed_points

from sam3d_geometry.views.edges import Edge
from sam3d_geometry.views.placing import camera_centres, have_one_scale, pointmap_scales
from sam3d_geometry.views.two_views import TwoViews

SCENE, _ = posed_points.scene(5)


def edge(first, second, turned=False):
    """What two cameras of the scene would say of each other; scales are those of `SCENE`, in units of their distance."""
    rotation = SCENE.rotations[second] @ SCENE.rotations[first].T
    shift = SCENE.rotations[second] @ (SCENE.centres[first] - SCENE.centres[second])
    length = numpy.linalg.norm(shift)
    geometry = TwoViews(
        rotation,
        shift / length,
        inliers=numpy.ones(100, bool),
        depths=numpy.zeros((0, 2)),
        parallax=numpy.zeros(0),
        spread=(0.1, 0.1),
        turned=turned,
        in_front=1.0,
    )
    scales = tuple(SCENE.log_scales[[first, second]] - numpy.log(length))
    return Edge(first, second, numpy.zeros((100, 2), int), 100, geometry, scales, 0.05)


EDGES = [edge(i, j) for i in range(5) for j in range(i + 1, 5)]
ROTATIONS = dict(enumerate(SCENE.rotations))


def test_scales_come_back_on_their_median():
    found = pointmap_scales(range(5), EDGES)
    truth = SCENE.log_scales - numpy.median(SCENE.log_scales)
    numpy.testing.assert_allclose([found[k] for k in range(5)], truth, atol=1e-3)


def test_centres_come_back_from_directions_and_scales():
    wrong = replace(EDGES[2], geometry=replace(EDGES[2].geometry, direction=numpy.array([0.0, 1.0, 0.0])))
    edges = [*EDGES[:2], wrong, *EDGES[3:]]
    found = camera_centres(range(5), edges, ROTATIONS, dict(enumerate(SCENE.log_scales)))
    truth = SCENE.centres - SCENE.centres[0]
    numpy.testing.assert_allclose([found[k] for k in range(5)], truth, atol=0.02)


def test_cameras_on_one_spot_stay_there():
    edges = [edge(0, 1), replace(edge(1, 2), geometry=replace(edge(1, 2).geometry, turned=True))]
    found = camera_centres([0, 1, 2], edges, ROTATIONS, dict(enumerate(SCENE.log_scales)))
    numpy.testing.assert_allclose(found[1], found[2], atol=1e-3)
    assert numpy.linalg.norm(found[1] - found[0]) > 0.5


def test_pairs_that_tell_no_scale_leave_all_of_them_alike():
    assert pointmap_scales([0, 1], []) == {0: 0.0, 1: 0.0}


def test_most_scales_of_a_sensor_are_one():
    assert have_one_scale(numpy.array([0.065, 0.0, 0.002, -0.005, -0.003]))
    assert not have_one_scale(numpy.array([0.1, 0.03, 0.0, -0.06]))
    assert not have_one_scale(numpy.array([0.1, 0.1]))
