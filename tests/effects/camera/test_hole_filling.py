"""Holes show what lies behind, mirrored at their border; what is seen stays, and nothing at all stays black."""

import pytest
import torch

from sam3d_geometry.effects.camera.hole_filling import fill_holes
from sam3d_geometry.effects.camera.reprojection import NewView

SIZE = (20, 40)
NOTHING = torch.zeros(SIZE, dtype=torch.bool)


def stripes():
    """(H, W, 3): every column of another brightness."""
    return torch.linspace(0, 1, SIZE[1])[None, :, None].expand(*SIZE, 3).clone()


def view(hole, image=None, inverse_depth=0.25):
    """A wall at that inverse depth with a hole in it, painted red, where nothing is seen."""
    seen = (~hole).float()
    picture = (stripes() if image is None else image).clone()
    picture[hole] = torch.tensor([1.0, 0, 0])
    pixel = torch.arange(hole.numel()).view(SIZE)
    return NewView(picture, seen, seen * inverse_depth, pixel)


def columns(first, last):
    hole = NOTHING.clone()
    hole[:, first:last] = True
    return hole


def test_without_holes_the_picture_is_left_as_it_is():
    image = torch.rand(*SIZE, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(fill_holes(view(NOTHING, image), [1.0, 0.0, 0.0], NOTHING, 0), image)


@pytest.mark.parametrize("side", [1.0, -1.0], ids=["right", "left"])
def test_the_background_goes_on_as_its_mirror_image(side):
    """Near things went along `shift`, so the hole goes on from the other side, against it."""
    hole = columns(18, 22)
    filled = fill_holes(view(hole), [side, 0.0, 0.0], NOTHING, 0)
    border = 17 if side > 0 else 22
    step = -1 if side > 0 else 1
    for column in range(18, 22):
        distance = abs(column - border)
        source = border + step * (distance + 1)  # a pixel at the border is left out, being mixed with the foreground
        assert torch.allclose(filled[:, column], stripes()[:, source], atol=1e-6)
    assert torch.equal(filled[:, :18], stripes()[:, :18]) and torch.equal(filled[:, 22:], stripes()[:, 22:])


def test_nothing_of_a_nearer_thing_is_mirrored_into_a_hole():
    """Left of the border is a strip of wall three columns wide, and then a near thing in red."""
    hole, image = columns(18, 24), stripes()
    image[:, :15] = torch.tensor([1.0, 0, 0])
    seen = view(hole, image)
    seen.inverse_depth[:, :15] = 1.0
    filled = fill_holes(seen, [1.0, 0.0, 0.0], NOTHING, 0)
    assert torch.equal(filled[hole][:, 0], filled[hole][:, 2])  # grey as the wall is, everywhere


def test_the_fringe_beside_a_hole_is_painted_over():
    hole, fringe, image = columns(18, 22), columns(15, 18), stripes()
    image[fringe] = torch.tensor([1.0, 0, 0])
    kept = fill_holes(view(hole, image), [1.0, 0.0, 0.0], fringe, 0)
    painted = fill_holes(view(hole, image), [1.0, 0.0, 0.0], fringe, 3)
    assert (kept[fringe][:, 1] == 0).all()
    assert torch.equal(painted[fringe][:, 0], painted[fringe][:, 1]) and painted[hole].isfinite().all()


def test_a_view_of_nothing_stays_black():
    everything = ~NOTHING
    empty = NewView(torch.zeros(*SIZE, 3), torch.zeros(SIZE), torch.zeros(SIZE), torch.zeros(SIZE, dtype=torch.long))
    assert fill_holes(empty, [1.0, 0.0, 0.0], everything, 2).abs().max() == 0


@pytest.mark.parametrize("shift", [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.3, -0.7, 0.1]], ids=str)
def test_holes_at_the_border_are_filled_too(shift):
    hole = NOTHING.clone()
    hole[:6, :9], hole[12:, 30:] = True, True
    filled = fill_holes(view(hole), shift, NOTHING, 0)
    assert filled.isfinite().all() and 0 <= filled.min() <= filled.max() <= 1
    assert torch.allclose(filled[..., 0], filled[..., 1], atol=1e-5)  # nothing of the red of the holes is left
