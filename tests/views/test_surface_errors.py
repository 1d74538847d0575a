"""Errors of surfaces: spheres of two radii, half a sphere and a moved box have them in closed form."""

from dataclasses import replace

import numpy
import pytest
import torch

from sam3d_geometry.shapes.mesh import Mesh
from sam3d_geometry.views.surface_errors import solid_cells, surface_errors

COUNT = 48


def sphere(radius=1.0, share=1.0):
    """A sphere about the origin, or the `share` of it around +z that a plane cuts off."""
    down = torch.linspace(0, 1, COUNT).double() * torch.arccos(torch.tensor(1 - 2 * share).double())
    around = torch.arange(2 * COUNT).double() * (torch.pi / COUNT)
    z = down.cos()[:, None].expand(-1, 2 * COUNT)
    points = torch.stack([down.sin()[:, None] * around.cos(), down.sin()[:, None] * around.sin(), z], -1)
    at = torch.arange(COUNT * 2 * COUNT).view(COUNT, -1)
    a, b, c, d = at[:-1], at[1:], at.roll(-1, 1)[:-1], at.roll(-1, 1)[1:]
    faces = torch.cat([torch.stack([a, b, c], -1).view(-1, 3), torch.stack([c, b, d], -1).view(-1, 3)])
    return Mesh((radius * points).reshape(-1, 3).float(), faces.int())


def test_a_surface_has_no_error_against_itself():
    errors = surface_errors(sphere(), sphere())
    assert errors.chamfer < 1e-9 and errors.solid == 1.0
    assert errors.f_scores == {0.01: 1.0, 0.02: 1.0, 0.05: 1.0}


def test_a_larger_sphere_is_off_by_the_difference_of_the_radii():
    errors = surface_errors(sphere(1.1), sphere(), thresholds=(0.04, 0.06))
    assert errors.accuracy == pytest.approx(0.05, rel=0.03) and errors.completeness == pytest.approx(0.05, rel=0.03)
    assert errors.f_scores[0.04] == 0 and errors.f_scores[0.06] == pytest.approx(1.0, abs=0.01)
    assert errors.solid == pytest.approx(1.1**-3, abs=0.03)


def test_half_a_surface_is_exact_and_covers_half():
    errors = surface_errors(sphere(share=0.5), sphere(), thresholds=(0.02,))
    assert errors.accuracy < 0.008 and errors.precision[0.02] > 0.999
    assert errors.coverage[0.02] == pytest.approx(0.5 + 0.02, abs=0.01)  # and a rim as wide as the threshold
    assert errors.f_scores[0.02] == pytest.approx(2 * 0.52 / 1.52, abs=0.01)
    assert errors.solid == pytest.approx(0.5, abs=0.03)
    small = surface_errors(sphere(share=0.15), sphere(), thresholds=(0.02,))
    assert small.solid < 0.25 and small.completeness > errors.completeness


def test_a_shifted_surface_loses_by_the_shift():
    moved = replace(sphere(), vertices=sphere().vertices + torch.tensor([0.0, 0, 4.0]))
    errors = surface_errors(moved, sphere())
    assert errors.solid == 0.0 and errors.f_scores[0.05] == 0.0 and 1.0 < errors.chamfer < 2.0


def test_a_solid_is_what_lies_between_surfaces_along_two_axes():
    box = numpy.stack(numpy.meshgrid(*[numpy.arange(2, 7)] * 3, indexing="ij"), -1).reshape(-1, 3)
    hollow = box[(box == 2).any(1) | (box == 6).any(1)]
    assert solid_cells(hollow, 9).sum() == 125
    assert solid_cells(hollow[hollow[:, 0] != 6], 9).sum() == 100  # without a side, whose rim goes with it
    assert solid_cells(hollow[hollow[:, 0] == 2], 9).sum() == 25


def test_thresholds_of_nothing_are_refused():
    with pytest.raises(ValueError, match="thresholds came as"):
        surface_errors(sphere(), sphere(), thresholds=(0.0,))
