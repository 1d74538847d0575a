"""A mesh laid onto its photo: from any rotation, with a third of it hidden, and what a symmetric one says."""

import closed_form
import numpy
import pytest
import torch

from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.geometry.turns import degrees_between, rotation_of
from sam3d_geometry.shapes.mesh import Mesh
from sam3d_geometry.views import mesh_alignment
from sam3d_geometry.views.mesh_alignment import align_mesh

SIZE = (120, 160)
BOX = torch.tensor([[x, y, z] for x in (-1.0, 1) for y in (-1.0, 1) for z in (-1.0, 1)])
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
BOX_FACES = torch.tensor([f for a, b, c, d in QUADS for f in ((a, b, c), (a, c, d))])


def boxes(*parts):
    """A mesh of boxes, each (half sizes, middle)."""
    vertices = torch.cat([BOX * torch.tensor(half) + torch.tensor(middle) for half, middle in parts])
    faces = torch.cat([BOX_FACES + 8 * i for i in range(len(parts))])
    return Mesh(vertices, faces.int())


CHAIR = boxes(
    ((0.5, 0.08, 0.45), (0.0, 0, 0)),
    ((0.5, 0.5, 0.07), (0.0, 0.5, 0.4)),
    ((0.08, 0.25, 0.4), (0.45, 0.25, 0.0)),
    ((0.15, 0.15, 0.1), (-0.3, 0.2, -0.3)),
)


def photo_of(mesh, rotation, scale, hidden):
    """The mesh 3 away in front of a wall, with a card over the left of it that hides a share; pointmap, mask and the true shift."""
    shift = numpy.array([0.1, -0.1, 3.0])
    moved = mesh.vertices.double() @ torch.from_numpy(rotation).T * scale + torch.from_numpy(shift)
    drawn = rasterize(moved, mesh.faces.long(), closed_form.intrinsics(*SIZE)[0].double(), *SIZE).depth
    columns = (drawn > 0).nonzero()[:, 1].sort().values
    card = torch.arange(SIZE[1]) < (columns[int(hidden * (len(columns) - 1))] if hidden else 0)
    depth = torch.where(card, 1.5, torch.where(drawn > 0, drawn, 6.0))
    return closed_form.pointmap(depth[None]), ((drawn > 0) & ~card)[None], shift


def test_a_mesh_finds_its_place_with_a_third_of_it_hidden():
    random = numpy.random.default_rng(13)
    truth = rotation_of(random.normal(size=3) * 2)
    scale = float(random.uniform(0.6, 1.4))
    pointmap, mask, shift = photo_of(CHAIR, truth, scale, 1 / 3)
    found = align_mesh(CHAIR, pointmap, mask)
    assert degrees_between(truth, found.rotation) <= 2
    assert abs(found.scale / scale - 1) <= 0.02
    assert numpy.abs(found.shift - shift).max() <= 0.03
    assert found.fits and "poor fit" not in found.describe()
    assert found.mesh.intrinsics is not None


def test_a_cube_says_that_it_fits_in_other_ways(monkeypatch):
    monkeypatch.setattr(mesh_alignment, "TURNS", 200)
    monkeypatch.setattr(mesh_alignment, "LOOKED_AT", 80)
    pointmap, mask, _ = photo_of(
        boxes(((0.5, 0.5, 0.5), (0.0, 0, 0))), rotation_of(numpy.array([0.5, 0.6, 0.1])), 1.0, 0
    )
    found = align_mesh(boxes(((0.5, 0.5, 0.5), (0.0, 0, 0))), pointmap, mask)
    assert len(found.others) > 0 and "Ambiguous" in found.describe()
    assert found.scale == pytest.approx(1, rel=0.02)


def test_a_mesh_of_another_shape_is_said_to_fit_poorly(monkeypatch):
    for name, value in {"SEARCHES": 1, "TURNS": 60, "LOOKED_AT": 30, "IMPROVED": 6, "POLISHED": 2}.items():
        monkeypatch.setattr(mesh_alignment, name, value)
    pointmap, mask, _ = photo_of(CHAIR, rotation_of(numpy.array([0.3, 0.5, 0.1])), 1.0, 0)
    found = align_mesh(boxes(((1.0, 0.05, 0.05), (0.0, 0, 0))), pointmap, mask)
    assert not found.fits and "poor fit" in found.describe()


def test_a_selection_without_geometry_is_refused():
    pointmap, mask, _ = photo_of(CHAIR, numpy.eye(3), 1.0, 0)
    with pytest.raises(ValueError, match="selection has 0 pixels"):
        align_mesh(CHAIR, pointmap, torch.zeros_like(mask))
