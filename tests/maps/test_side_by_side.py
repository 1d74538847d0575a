"""Both pictures are whole, in order, with the gap between them."""

import pytest
import torch

from sam3d_geometry.maps.side_by_side import side_by_side


@pytest.mark.parametrize(("direction", "axis"), [("horizontal", 2), ("vertical", 1)])
def test_both_parts_and_the_gap_are_where_they_should_be(direction, axis):
    first, second = torch.rand(3, 6, 8, 3), torch.rand(1, 6, 8, 3)
    both = side_by_side(first, second, direction, gap=2)
    size = first.shape[axis]
    assert torch.equal(both.narrow(axis, 0, size), first)
    assert not both.narrow(axis, size, 2).any()
    assert torch.equal(both.narrow(axis, size + 2, size), second.expand(3, -1, -1, -1))


@pytest.mark.parametrize(
    ("direction", "shape"), [("horizontal", (2, 10, 20 + 5, 3)), ("vertical", (2, 10 + 40, 20, 3))]
)
def test_the_second_is_scaled_to_fit_the_first(direction, shape):
    assert side_by_side(torch.rand(2, 10, 20, 3), torch.rand(2, 40, 20, 4), direction).shape == shape


def test_unknown_direction_is_refused():
    with pytest.raises(ValueError, match="choose one of"):
        side_by_side(torch.rand(1, 2, 2, 3), torch.rand(1, 2, 2, 3), "diagonal")
