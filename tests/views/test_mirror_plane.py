"""Mirror planes: found where an object has one, refused where it has none."""

import closed_form
import numpy
import pytest
import torch

from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.geometry.normals import sharp_normals
from sam3d_geometry.views.mirror_plane import MirrorPlane, SeenSide, mirror_plane
from sam3d_geometry.views.turns import rotation_of

SIZE = (100, 120)
BOX = numpy.array([[x, y, z] for x in (-1.0, 1) for y in (-1.0, 1) for z in (-1.0, 1)])
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
FACES = torch.tensor([f for a, b, c, d in QUADS for f in ((a, b, c), (a, c, d))])
TURN = rotation_of(numpy.array([0.35, 0, 0])) @ rotation_of(numpy.array([0, 0.6, 0]))


def side_of(parts):
    """Boxes (half sizes, middle), turned by TURN, 4 away."""
    corners = numpy.concatenate([BOX * numpy.array(half) + numpy.array(middle) for half, middle in parts])
    faces = torch.cat([FACES + 8 * i for i in range(len(parts))])
    placed = torch.from_numpy(corners @ TURN.T + numpy.array([0, 0, 4.0]))
    camera = closed_form.intrinsics(*SIZE)
    drawn = rasterize(placed, faces, camera[0].double(), *SIZE).depth
    pointmap = closed_form.pointmap(drawn[None], mask=(drawn > 0)[None])
    mask = pointmap.mask[0]
    normals = sharp_normals(pointmap.depth, pointmap.mask, camera)[0][mask].double().numpy()
    points = pointmap.points[0][mask].double().numpy()
    usable = numpy.linalg.norm(normals, axis=1) > 0.5
    brightness = numpy.zeros(int(usable.sum()))
    depth = pointmap.depth[0].double().numpy()
    return SeenSide(points[usable], normals[usable], brightness, depth, mask.numpy(), camera[0].double().numpy())


def test_a_chair_is_mirrored_from_left_to_right():
    chair = [
        ((0.6, 0.1, 0.5), (0, 0, 0)),
        ((0.6, 0.5, 0.1), (0, -0.5, 0.5)),
        ((0.1, 0.2, 0.5), (-0.5, -0.3, 0)),
        ((0.1, 0.2, 0.5), (0.5, -0.3, 0)),
    ]
    found = mirror_plane(side_of(chair))
    assert found.holds and found.describe().startswith("Mirrored in a plane")
    assert abs(found.normal @ TURN[:, 0]) > numpy.cos(numpy.radians(4))
    assert found.offset == pytest.approx(found.normal @ numpy.array([0, 0, 4.0]), abs=0.06)


def test_boxes_askew_have_no_plane():
    askew = [((0.6, 0.1, 0.4), (0, 0.5, 0)), ((0.1, 0.5, 0.15), (-0.45, 0, -0.2)), ((0.3, 0.15, 0.1), (0.5, 0.2, 0.3))]
    found = mirror_plane(side_of(askew))
    assert not found.holds and found.describe().startswith("No mirror plane holds")


def test_mirroring_twice_changes_nothing():
    plane = MirrorPlane(numpy.array([0.6, 0, 0.8]), 2.0, 0, 1, 1)
    points = numpy.random.default_rng(0).normal(size=(20, 3))
    there = plane.mirrored(points)
    assert numpy.allclose(plane.mirrored(there), points)
    assert numpy.allclose((points + there) / 2 @ plane.normal, 2.0)
