"""Strokes cover what their shapes cover, and nothing beyond the picture."""

import math

import pytest
import torch

from sam3d_geometry.bodies.strokes import draw_stroke

WHITE = (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("end", "pointed", "area"),
    [((20, 20), False, math.pi * 36), ((40, 20), False, math.pi * 36 + 240), ((50, 20), True, math.pi * 15 * 6)],
    ids=["dot", "line", "ellipse"],
)
def test_areas_are_those_of_the_shapes(end, pointed, area):
    picture = torch.zeros(40, 64, 3)
    draw_stroke(picture, (20, 20), end, radius=6, colour=WHITE, pointed=pointed)
    assert float(picture[..., 0].sum()) == pytest.approx(area, rel=0.02)


def test_what_lies_outside_changes_nothing_and_opacity_mixes():
    picture = torch.zeros(8, 8, 3)
    draw_stroke(picture, (100, 100), (1e6, 200), radius=3, colour=WHITE)
    assert not picture.any()
    draw_stroke(picture, (-5, 4), (20, 4), radius=3, colour=(1.0, 0.0, 0.5), opacity=0.5)
    assert picture[4, 4].tolist() == [0.5, 0.0, 0.25]
