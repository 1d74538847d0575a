"""The view of a preview: everything in the frame, from beside the photo's camera, whatever the viewer does to the shape."""

from __future__ import annotations

import math

import pytest
import torch

from sam3d_geometry.shapes.preview_view import FIELD_DEGREES, PreviewView, preview_view

FITS = ("as it is", "size 5 on the floor", "unit sphere")


def box(depth: float, seed: int = 0) -> torch.Tensor:
    """4,000 points in a box before the camera, longer away from it than wide."""
    draw = torch.rand(4000, 3, generator=torch.Generator().manual_seed(seed))
    return draw * torch.tensor([2.0, 1.0, depth]) + torch.tensor([-1.0, -0.7, 1.0])


def shown(points: torch.Tensor, fit: str) -> torch.Tensor:
    """Points as a viewer has them after its fit, written out again: glTF axes."""
    gltf = points.double() * torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)
    low, high = gltf.amin(0), gltf.amax(0)
    middle = (low + high) / 2
    if fit == "size 5 on the floor":
        scaled = gltf * 5 / (high - low).max()
        low, high = scaled.amin(0), scaled.amax(0)
        return scaled - torch.stack([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    if fit == "unit sphere":
        return (gltf - middle) / (gltf - middle).norm(dim=-1).max()
    return gltf


def in_frame(points: torch.Tensor, view: PreviewView) -> torch.Tensor:
    """(N, 2) place in the frame of a viewer with y up: -1 to 1 is inside; nan behind it."""
    toward = torch.nn.functional.normalize(view.position - view.target, dim=0)
    right = torch.nn.functional.normalize(torch.linalg.cross(torch.tensor([0.0, 1.0, 0.0]).double(), toward), dim=0)
    up = torch.linalg.cross(toward, right)
    seen = points - view.position
    away = -(seen @ toward)
    place = torch.stack([seen @ right, seen @ up], -1) / (away * math.tan(math.radians(FIELD_DEGREES) / 2))[:, None]
    return place.where((away > 0)[:, None], torch.nan)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("depth", [0.1, 2.0, 40.0])
def test_the_whole_shape_is_in_the_frame_and_fills_it(fit, depth):
    points = box(depth)
    place = in_frame(shown(points, fit), preview_view(points, fit)).abs().amax(-1)
    assert (place < 1).float().mean() > 0.95
    assert float(torch.quantile(place.nan_to_num(9.0), 0.9)) > 0.5


@pytest.mark.parametrize("fit", FITS)
def test_it_looks_from_the_photos_side(fit):
    view = preview_view(box(2.0), fit)
    toward = torch.nn.functional.normalize(view.position - view.target, dim=0)
    assert toward[2] > 0.85
    assert toward[0] > 0.3
    assert toward[1] > 0.1


def test_few_strays_do_not_shrink_the_shape():
    points = box(2.0)
    strays = torch.cat([points, torch.tensor([[0.0, 0.0, 500.0]]).expand(20, 3)])
    near, far = preview_view(points), preview_view(strays)
    assert (near.position - near.target).norm() * 1.2 > (far.position - far.target).norm()


def test_a_single_point_has_a_view_and_none_is_refused():
    view = preview_view(torch.tensor([[1.0, 2.0, 3.0]]))
    assert (view.position - view.target).norm() > 0
    with pytest.raises(ValueError, match="without points"):
        preview_view(torch.zeros(0, 3))
