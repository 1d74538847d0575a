"""Mirror planes: found where an object has one, refused where it has none."""

import numpy
import pytest
from blocks import TURN, pointmap_of_blocks

from sam3d_geometry.geometry.normals import sharp_normals
from sam3d_geometry.views.mirror_plane import MirrorPlane, SeenSide, mirror_planes


def side_of(parts):
    """The seen side of boxes, all of one brightness."""
    pointmap = pointmap_of_blocks(parts)
    mask = pointmap.mask[0]
    normals = sharp_normals(pointmap.depth, pointmap.mask, pointmap.intrinsics)[0][mask].double().numpy()
    points = pointmap.points[0][mask].double().numpy()
    usable = numpy.linalg.norm(normals, axis=1) > 0.5
    brightness, depth = numpy.zeros(int(usable.sum())), pointmap.depth[0].double().numpy()
    camera = pointmap.intrinsics[0].double().numpy()
    return SeenSide(points[usable], normals[usable], brightness, depth, mask.numpy(), camera)


def test_a_chair_is_mirrored_from_left_to_right():
    chair = [
        ((0.6, 0.1, 0.5), (0, 0, 0)),
        ((0.6, 0.5, 0.1), (0, -0.5, 0.5)),
        ((0.1, 0.2, 0.5), (-0.5, -0.3, 0)),
        ((0.1, 0.2, 0.5), (0.5, -0.3, 0)),
    ]
    (found,) = mirror_planes(side_of(chair))
    assert found.holds and found.describe().startswith("Mirrored in a plane")
    assert abs(found.normal @ TURN[:, 0]) > numpy.cos(numpy.radians(4))
    assert found.offset == pytest.approx(found.normal @ numpy.array([0, 0, 4.0]), abs=0.06)


def test_a_block_has_three_planes_upright_on_one_another():
    planes = mirror_planes(side_of([((0.7, 0.5, 0.4), (0, 0, 0))]))
    assert len(planes) == 3 and all(plane.holds for plane in planes)
    normals = numpy.stack([plane.normal for plane in planes])
    assert numpy.allclose(normals @ normals.T, numpy.eye(3), atol=1e-9)
    for plane in planes:
        assert numpy.abs(plane.normal @ TURN).max() > numpy.cos(numpy.radians(4))
        assert plane.offset == pytest.approx(plane.normal @ numpy.array([0, 0, 4.0]), abs=0.06)


def test_thin_wings_are_mirrored_on_one_another():
    # a plane seen obliquely from above: its wings are thinner than what the planes tried first are wrong by
    aeroplane = [((0.1, 0.08, 0.8), (0, 0, 0)), ((0.9, 0.02, 0.15), (0, 0, 0.05)), ((0.3, 0.02, 0.1), (0, 0, 0.7))]
    found = mirror_planes(side_of(aeroplane))[0]
    assert found.holds
    assert abs(found.normal @ TURN[:, 0]) > numpy.cos(numpy.radians(4))


def test_boxes_askew_have_no_plane():
    askew = [((0.6, 0.1, 0.4), (0, 0.5, 0)), ((0.1, 0.5, 0.15), (-0.45, 0, -0.2)), ((0.3, 0.15, 0.1), (0.5, 0.2, 0.3))]
    (found,) = mirror_planes(side_of(askew))
    assert not found.holds and found.describe().startswith("No mirror plane holds")


def test_mirroring_twice_changes_nothing():
    plane = MirrorPlane(numpy.array([0.6, 0, 0.8]), 2.0, 0, 1, 0, 1)
    points = numpy.random.default_rng(0).normal(size=(20, 3))
    there = plane.mirrored(points)
    assert numpy.allclose(plane.mirrored(there), points)
    assert numpy.allclose((points + there) / 2 @ plane.normal, 2.0)
