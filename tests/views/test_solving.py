"""Solving a group: points begin where rays cross or where pointmaps have them, and views that do not fit are told."""

from dataclasses import replace

import numpy
import posed_points

from sam3d_geometry.views.bundle import Observations, Rules
from sam3d_geometry.views.solving import Solved, independent_depths, starting_points, still_fitting


def test_points_begin_where_they_are():
    scene, seen = posed_points.scene()
    numpy.testing.assert_allclose(starting_points(scene, seen, len(scene.points)), scene.points, atol=1e-6)


def test_points_without_parallax_begin_at_the_pointmaps_depth():
    scene, seen = posed_points.scene(2)
    alone = seen.chosen(seen.view == 0)
    numpy.testing.assert_allclose(starting_points(scene, alone, len(scene.points)), scene.points, atol=1e-9)


def test_depths_are_worth_as_many_as_there_are_cells_of_the_photo_with_one():
    size = numpy.array([[400, 500]] * 3)
    draw = numpy.random.default_rng(0)
    whole, corner = draw.uniform(0, [500, 400], (400, 2)), draw.uniform(0, [199, 99], (400, 2))
    place = numpy.concatenate([whole, corner, whole[:1]]) - [250, 200]
    view = numpy.repeat([0, 1, 2], [400, 400, 1])
    told = numpy.zeros(801)
    told[800] = numpy.nan  # a track without depth
    seen = Observations(view, numpy.arange(801), place, told)
    numpy.testing.assert_array_equal(independent_depths(seen, size[:, ::-1] / 2, size), [20, 2, 1])


def test_views_that_do_not_fit_are_told():
    scene, seen = posed_points.scene(4)
    rules = Rules(1.0, numpy.zeros((1, 2)), numpy.zeros(1))
    solved = Solved(
        group=[3, 5, 6, 9],
        scene=scene,
        seen=seen,
        rules=rules,
        tracks_of=numpy.array([100, 12, 100, 100]),
        fit=numpy.array([1.0, 0.9, 0.2, 0.9]),
        spreads=numpy.zeros((4, 2)),
        focal_spreads=numpy.zeros(1),
        lenses=[],
    )
    assert [view for view, _ in still_fitting(solved)] == [5, 6]
    assert still_fitting(replace(solved, tracks_of=numpy.full(4, 99), fit=numpy.ones(4))) == []
