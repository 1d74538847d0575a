"""Many similarity transforms: points of a solid come back onto it, with the scale that they were taken at."""

import numpy
import pytest
import torch

from sam3d_geometry.geometry.turns import degrees_between, rotation_of
from sam3d_geometry.shapes.mesh import Mesh
from sam3d_geometry.views.similarity import Similarities, open_directions, refined, sampled, stepped

CORNERS = torch.tensor([[0.0, 0, 0], [1.2, 0.1, 0.2], [0.2, 0.9, 0.1], [0.3, 0.3, -0.7]])
SOLID = Mesh(CORNERS, torch.tensor([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]]).int())
TRUTH = Similarities(rotation_of(numpy.array([[0.3, -0.4, 0.2]])), numpy.array([1.7]), numpy.array([[0.2, 0.1, 4.0]]))


def seen():
    samples = sampled(SOLID, 600)
    points = 1.7 * samples.points @ TRUTH.rotation[0].T + TRUTH.shift[0]
    return samples, points, samples.normals @ TRUTH.rotation[0].T


def test_samples_lie_on_the_faces_in_proportion_to_area():
    samples = sampled(SOLID, 4000)
    bottom = numpy.abs(samples.normals @ samples.normals[0]) > 0.9999
    cross = torch.linalg.cross(CORNERS[1] - CORNERS[0], CORNERS[2] - CORNERS[0]).norm()
    every = sum(
        torch.linalg.cross(SOLID.vertices[b] - SOLID.vertices[a], SOLID.vertices[c] - SOLID.vertices[a]).norm()
        for a, b, c in SOLID.faces.tolist()
    )
    assert bottom.mean() == pytest.approx(float(cross / every), abs=0.01)
    assert numpy.abs((samples.points[bottom] - samples.points[0]) @ samples.normals[0]).max() < 1e-6


def test_a_disturbed_transform_is_brought_back():
    samples, points, normals = seen()
    start = stepped(TRUTH, samples, numpy.array([[0.15, -0.1, 0.2, 0.12, 0.1, -0.1, 0.05]]))
    assert degrees_between(start.rotation[0], TRUTH.rotation[0]) > 10
    found, gap = refined(start, points, normals, sampled(SOLID, 5000), 25)
    assert degrees_between(found.rotation[0], TRUTH.rotation[0]) < 0.5
    assert found.scale[0] == pytest.approx(1.7, rel=0.01) and gap[0] < 0.03
    assert numpy.abs(found.shift - TRUTH.shift).max() < 0.02


def test_one_face_leaves_its_own_plane_open():
    samples, points, normals = seen()
    face = normals @ normals[0] > 0.9999
    steps = open_directions(TRUTH, points[face], normals[face], samples, 3)
    for step in steps:
        there = stepped(TRUTH, samples, 0.01 * step[None]).back(points[face])[0]
        assert numpy.abs((there - samples.points[face][0]) @ samples.normals[0]).max() < 1e-3


def test_a_mesh_without_area_is_refused():
    with pytest.raises(ValueError, match="no area"):
        sampled(Mesh(torch.zeros(3, 3), torch.tensor([[0, 1, 2]]).int()), 10)
