"""The tree of slopes finds what a search through every range finds."""

import math

import pytest
import torch

from sam3d_geometry.effects.light.slope_tree import SlopeTree


def test_the_example_of_the_docstring():
    front, back = torch.tensor([[3.0, 1, 2, 5, 4]]), torch.tensor([[2.0, 0, 1, 4, 3]])
    first = torch.tensor([3, 3, 3, 4, 0])
    slope = torch.tensor([1.5, 0.5, 4.5, 4.5, 1.5])
    held = SlopeTree(front, back).holds(torch.zeros_like(first), first, slope)
    assert held.tolist() == [True, True, False, True, False]


@pytest.mark.parametrize("length", [1, 2, 3, 8, 13, 64, 101])
@pytest.mark.parametrize("nothing", [0.0, 0.5, 1.0])
def test_it_finds_what_a_search_finds(length, nothing):
    g = torch.Generator().manual_seed(length)
    back = torch.rand(5, length, generator=g)
    front = back + 0.02 * torch.rand(5, length, generator=g)
    empty = torch.rand(5, length, generator=g) < nothing
    front, back = torch.where(empty, -math.inf, front), torch.where(empty, math.inf, back)
    row, first = torch.randint(5, (400,), generator=g), torch.randint(length + 1, (400,), generator=g)
    slope = torch.rand(400, generator=g)
    inside = (front[row] > slope[:, None]) & (back[row] < slope[:, None]) & (torch.arange(length) < first[:, None])
    found = SlopeTree(front, back).holds(row, first, slope)
    assert torch.equal(found, inside.any(1))
