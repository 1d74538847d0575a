"""Tracks: matches chain into one, a track with two features of one photo is left out, and rays give their point."""

import numpy
import pytest

from sam3d_geometry.views.edges import Edge
from sam3d_geometry.views.tracks import tracks_of, triangulated_points


def edge(first, second, matches):
    return Edge(first, second, numpy.array(matches), len(matches), None)


def test_matches_chain_and_contradictions_go():
    edges = [edge(0, 1, [[0, 0], [1, 1]]), edge(1, 2, [[0, 5], [1, 6]]), edge(0, 2, [[2, 6]])]
    found = tracks_of(edges, [3, 2, 7])
    assert found.count == 1
    assert sorted(zip(found.view.tolist(), found.feature.tolist())) == [(0, 0), (1, 0), (2, 5)]


def test_unused_edges_have_no_tracks():
    unused = Edge(0, 1, numpy.array([[0, 0]]), 1, None, reason="no")
    assert tracks_of([unused], [1, 1]).count == 0


def test_rays_give_their_points_and_the_angle_between_them():
    points = numpy.array([[0.0, 0.0, 4.0], [1.0, 0.5, 6.0]])
    centres = numpy.array([[-1.0, 0, 0], [1.0, 0, 0], [-1.0, 0, 0], [1.0, 0, 0]])
    track = numpy.array([0, 0, 1, 1])
    found, widest = triangulated_points(points[track] - centres, centres, track, 2)
    numpy.testing.assert_allclose(found, points, atol=1e-6)
    assert widest[0] == pytest.approx(numpy.degrees(numpy.arctan2(1, 4)))
