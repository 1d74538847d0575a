"""Rotations: vectors and matrices are each other's inverse, and the best rotation is the one that was made."""

import numpy
import pytest

from sam3d_geometry.geometry.turns import degrees_between, kabsch, rotation_of, skew, vector_of


def test_vectors_come_back_from_their_rotations():
    vectors = numpy.random.default_rng(0).uniform(-1.7, 1.7, (50, 3))
    rotations = rotation_of(vectors)
    numpy.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1), numpy.tile(numpy.eye(3), (50, 1, 1)), atol=1e-12
    )
    numpy.testing.assert_allclose(vector_of(rotations), vectors, atol=1e-9)


def test_a_turn_of_nothing_is_the_identity():
    assert (rotation_of(numpy.zeros(3)) == numpy.eye(3)).all()


def test_skew_is_the_cross_product():
    a, b = numpy.random.default_rng(1).normal(size=(2, 3))
    numpy.testing.assert_allclose(skew(a) @ b, numpy.cross(a, b))


def test_the_rotation_between_directions_is_found_and_its_angle_told():
    turn = rotation_of(numpy.array([0.3, -0.8, 0.5]))
    directions = numpy.random.default_rng(2).normal(size=(9, 3))
    found = kabsch(directions, directions @ turn.T)
    numpy.testing.assert_allclose(found, turn, atol=1e-12)
    assert degrees_between(found, numpy.eye(3)) == pytest.approx(numpy.degrees(numpy.linalg.norm([0.3, -0.8, 0.5])))
