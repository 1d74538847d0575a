"""Rotations of cameras as numpy arrays of any number: from vectors, to vectors, and the one that brings directions together."""

from __future__ import annotations

import numpy


def kabsch(source: numpy.ndarray, target: numpy.ndarray) -> numpy.ndarray:
    """The rotation (3, 3) that brings directions (M, 3) nearest to others."""
    u, _, v = numpy.linalg.svd(target.T @ source)
    return u @ numpy.diag([1.0, 1.0, numpy.sign(numpy.linalg.det(u @ v))]) @ v


def skew(vectors: numpy.ndarray) -> numpy.ndarray:
    """Vectors (..., 3) -> (..., 3, 3) with skew(v) @ w = v x w."""
    x, y, z = numpy.moveaxis(vectors, -1, 0)
    zero = numpy.zeros_like(x)
    return numpy.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*vectors.shape, 3)


def rotation_of(vector: numpy.ndarray) -> numpy.ndarray:
    """Rotation vectors (..., 3) -> rotations (..., 3, 3), by Rodrigues' formula."""
    angle = numpy.linalg.norm(vector, axis=-1)[..., None, None]
    cross = skew(vector)
    small = angle < 1e-8
    safe = numpy.where(small, 1.0, angle)
    one = numpy.where(small, 1.0, numpy.sin(angle) / safe)
    two = numpy.where(small, 0.5, (1 - numpy.cos(angle)) / safe**2)
    return numpy.eye(3) + one * cross + two * (cross @ cross)


def vector_of(rotation: numpy.ndarray) -> numpy.ndarray:
    """Rotations (..., 3, 3) -> rotation vectors (..., 3) of 0 to pi; the inverse of `rotation_of`."""
    from scipy.spatial.transform import Rotation

    flat = Rotation.from_matrix(rotation.reshape(-1, 3, 3)).as_rotvec()
    return flat.reshape(*rotation.shape[:-2], 3)


def degrees_between(first: numpy.ndarray, second: numpy.ndarray) -> float:
    """The angle in degrees of the rotation from one (3, 3) to another."""
    return float(numpy.degrees(numpy.linalg.norm(vector_of(first.T @ second))))
