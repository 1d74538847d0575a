"""Shapes of the opening: area, symmetry, orientation."""

import math

import pytest
import torch

from sam3d_geometry.effects.lens.aperture import Aperture

SHAPES = [Aperture(), *(Aperture("polygon", blades, 13.0) for blades in (3, 5, 6, 9))]


def kernel(aperture, radius, field=None):
    reach = math.ceil(abs(radius) * aperture.reach + 0.5)
    return aperture.kernel(radius, reach, 2 * reach + 1, field)


@pytest.mark.parametrize("aperture", SHAPES, ids=lambda a: f"{a.shape} {a.blades}")
@pytest.mark.parametrize("radius", [0.3, 1.0, 4.7, 20.0])
def test_all_shapes_of_one_radius_have_the_area_of_that_disc_and_give_away_all_light(aperture, radius):
    shares = kernel(aperture, radius)[0]
    assert float(shares.sum()) == pytest.approx(1, abs=1e-5)
    assert min(shares[0].max(), shares[-1].max(), shares[:, 0].max(), shares[:, -1].max()) >= 0
    if radius > 4:
        assert 1 / float(shares.max()) == pytest.approx(math.pi * radius**2, rel=0.02)


def test_a_disc_is_round_and_its_edge_lies_at_its_radius():
    shares = kernel(Aperture(), 10.3)[0]
    assert torch.allclose(shares, shares.T, atol=1e-7) and torch.allclose(shares, shares.flip(0), atol=1e-7)
    middle = shares[len(shares) // 2] / shares.max()
    assert float(middle.sum()) == pytest.approx(20.6, abs=0.1)


def test_a_polygon_has_its_corners_where_they_are_turned_to():
    upright = kernel(Aperture("polygon", 3), 12.0)[0]
    top = torch.nonzero(upright.sum(1) > 1e-6)[0, 0]
    assert (
        abs(float((upright[top] * torch.arange(upright.shape[1])).sum() / upright[top].sum()) - upright.shape[1] // 2)
        < 1
    )
    assert (upright[top] > 0).sum() < 4  # a corner, not a side
    turned = kernel(Aperture("polygon", 3, 90.0), 12.0)[0]
    assert torch.allclose(turned, upright.rot90(-1), atol=1e-6)


def test_before_the_focus_the_shape_stands_on_its_head():
    behind, before = (kernel(Aperture("polygon", 5, 20.0), radius)[0] for radius in (9.0, -9.0))
    assert torch.allclose(before, behind.flip(0, 1), atol=1e-6) and not torch.allclose(before, behind, atol=1e-4)


def test_cats_eyes_are_whole_in_the_middle_and_cut_along_the_way_to_the_corner():
    field = torch.tensor([[0.0, 0.0], [0.8, 0.6], [-0.8, -0.6]])
    whole, corner, opposite = kernel(Aperture(cats_eye=1.0), 15.0, field)
    assert torch.allclose(whole, kernel(Aperture(), 15.0)[0], atol=1e-7)
    assert torch.allclose(opposite, corner.flip(0, 1), atol=1e-7)
    # two discs of one radius a radius apart overlap in 2 pi / 3 - sqrt(3) / 2
    assert 1 / float(corner.max()) == pytest.approx((2 * math.pi / 3 - math.sqrt(3) / 2) * 15**2, rel=0.02)
    position = torch.arange(33.0) - 16
    spread_x = (corner.sum(0) * position.square()).sum() - (corner.sum(0) * position).sum() ** 2
    spread_y = (corner.sum(1) * position.square()).sum() - (corner.sum(1) * position).sum() ** 2
    assert spread_x < spread_y  # cut most along x, which is most of the way to this corner


def test_unknown_shapes_are_refused():
    with pytest.raises(ValueError, match="star"):
        Aperture("star")
    with pytest.raises(ValueError, match="blades"):
        Aperture("polygon", 2)
    with pytest.raises(ValueError, match="cats_eye"):
        Aperture(cats_eye=2)
