"""The graph of views: a loop that does not close loses the wrong edge, parts stay apart, and rotations agree over all edges."""

from dataclasses import replace

import numpy
import pytest

from sam3d_geometry.geometry.turns import degrees_between, rotation_of
from sam3d_geometry.views.edges import Edge
from sam3d_geometry.views.graph import (
    averaged_rotations,
    groups_of,
    held_by_few,
    rotation_residuals,
    without_broken_loops,
    without_weak_bridges,
)
from sam3d_geometry.views.two_views import TwoViews

TURNS = rotation_of(numpy.random.default_rng(0).uniform(-0.5, 0.5, (5, 3)))


def edge(first, second, inliers=100, off=0.0):
    rotation = rotation_of(numpy.array([0.0, numpy.radians(off), 0.0])) @ TURNS[second] @ TURNS[first].T
    nothing = numpy.zeros(0)
    geometry = TwoViews(
        rotation,
        numpy.array([1.0, 0, 0]),
        inliers=nothing,
        depths=nothing,
        parallax=nothing,
        spread=(0.1, 0.1),
        turned=False,
        in_front=1.0,
    )
    return Edge(first, second, numpy.zeros((inliers, 2), int), inliers, geometry)


ALL = [(i, j) for i in range(5) for j in range(i + 1, 5)]


def test_the_edge_that_breaks_its_loops_goes():
    edges = without_broken_loops(
        [edge(i, j, 400 if (i, j) == (1, 3) else 100, 20.0 * ((i, j) == (1, 3))) for i, j in ALL]
    )
    assert [(e.first, e.second) for e in edges if e.reason] == [(1, 3)]
    assert "3 of 3 ways over a third photo" in next(e.reason for e in edges if e.reason)


def test_parts_that_do_not_connect_are_groups():
    edges = [edge(0, 1), edge(2, 4), replace(edge(1, 2), reason="no")]
    assert groups_of([*edges, edge(2, 3)]) == [[2, 3, 4], [0, 1]]


@pytest.mark.parametrize(("inliers", "held"), [(25, False), (30, True)])
def test_a_bridge_needs_more_matches_than_an_edge_in_a_loop(inliers, held):
    edges = without_weak_bridges([edge(0, 1, 20), edge(1, 2, 20), edge(0, 2, 20), edge(2, 3, inliers)])
    assert [not e.reason for e in edges] == [True, True, True, held]


def test_rotations_come_back_in_spite_of_one_wrong_edge():
    edges = [edge(i, j, off=15.0 * ((i, j) == (0, 4))) for i, j in ALL]
    found = averaged_rotations(range(5), edges)
    for view in range(5):
        assert degrees_between(found[view] @ found[0].T, TURNS[view] @ TURNS[0].T) < 0.1
    residuals = rotation_residuals(found, edges)
    assert max(residuals, key=residuals.get) == ALL.index((0, 4))


def test_views_that_hang_on_one_pair_of_few_matches_are_told():
    loop = [edge(0, 1), edge(1, 2), edge(0, 2)]
    few, many = edge(2, 3, inliers=35), edge(3, 4)
    assert held_by_few(range(5), [*loop, few, many]) == {3: few, 4: few}
    assert held_by_few(range(5), [*loop, edge(2, 3, inliers=200), many]) == {}
    assert held_by_few(range(5), [*loop, few, many, edge(1, 4, inliers=35)]) == {}
    chain = [edge(0, 1, inliers=40), edge(1, 2, inliers=40)]
    assert set(held_by_few(range(3), chain)) == {0, 1, 2}
