"""What a photo shows of an object's surface is what stands on paper, and too few pixels are refused in a sentence."""

import closed_form
import numpy
import pytest
import torch

from sam3d_geometry.views.object_surface import FEWEST, surface_inside

SIZE = (24, 32)


def test_the_points_and_normals_of_a_plane_are_its_own():
    depth, normal = closed_form.plane(*SIZE, 30.0)
    seen = closed_form.pointmap(depth)
    inside = torch.zeros(SIZE, dtype=torch.bool)
    inside[6:18, 8:20] = True
    points, normals = surface_inside(seen, inside)
    assert torch.equal(points, seen.points[0][inside])
    assert normals.dtype == numpy.float64 and numpy.abs(normals - normal.numpy()).max() < 1e-4


def test_a_selection_of_a_few_pixels_is_refused():
    seen = closed_form.pointmap(closed_form.plane(*SIZE, 0.0)[0])
    inside = torch.zeros(SIZE, dtype=torch.bool)
    inside[0, : FEWEST - 1] = True
    with pytest.raises(ValueError, match=f"has {FEWEST - 1} pixels with geometry; at least {FEWEST} are needed"):
        surface_inside(seen, inside)
