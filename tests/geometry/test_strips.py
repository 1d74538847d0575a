"""Strips: they tile a picture, and what is made by them is what is made at once."""

import pytest
import torch

from sam3d_geometry.geometry.strips import STRIP_PIXELS, by_strips, strips


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, STRIP_PIXELS), (300, 400), (5, 3 * STRIP_PIXELS), (0, 10)])
def test_strips_hold_every_row_once(height, width):
    rows = [row for strip in strips(height, width, torch.device("cpu")) for row in range(height)[strip]]
    assert rows == list(range(height))


def test_a_picture_elsewhere_than_on_the_cpu_is_one_strip():
    assert strips(4000, 6000, torch.device("meta")) == [slice(0, 4000)]


def test_made_by_strips_it_is_what_is_made_at_once():
    image, mask = torch.rand(2, 500, 300, 3), torch.rand(2, 500, 300) > 0.5
    turned = torch.rand(2, 300, 500).mT

    def function(colour, kept, third):
        return torch.where(kept[..., None], colour * 2, 0), kept & (third > 0.5)

    by_parts, at_once = by_strips(function, [image, mask, turned]), function(image, mask, turned)
    assert all(torch.equal(a, b) and a.dtype == b.dtype for a, b in zip(by_parts, at_once))
