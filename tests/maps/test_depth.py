"""The picture is near white with a black sky, its range is known and can be given back, and no input makes it nan."""

import closed_form
import pytest
import torch

from sam3d_geometry.maps.depth import (
    CURVES,
    DepthRange,
    depth_at_nearness,
    depth_maps,
    depth_picture,
    depth_range,
    fixed_range,
    normalise_depth,
    true_depth,
)


@pytest.fixture
def landscape():
    """Two frames: depths 1 to 10 below a sky; the second twice as far."""
    depth = torch.linspace(10, 1, 60)[None, :, None].repeat(2, 1, 80)
    depth[1] *= 2
    mask = torch.ones_like(depth, dtype=torch.bool)
    mask[:, :20] = False
    return closed_form.pointmap(depth, mask, source_size=(120, 160))


@pytest.mark.parametrize("curve", CURVES)
def test_near_is_white_far_is_dark_sky_is_black(landscape, curve):
    picture, mask = depth_picture(landscape, depth_range(landscape, "per frame"), curve)
    assert picture.shape == mask.shape == (2, 120, 160)
    assert picture[:, -1].min() > 0.95 and picture[mask].min() < 0.02
    assert not picture[~mask].any() and (picture[:, 45:].diff(dim=1) >= -1e-6).all()


@pytest.mark.parametrize(("fill", "value"), [("black", 0), ("white", 1), ("gray", 0.5)])
def test_the_sky_keeps_its_fill_when_inverted(landscape, fill, value):
    shown = depth_range(landscape)
    plain, mask = depth_picture(landscape, shown, invalid=fill)
    inverted, _ = depth_picture(landscape, shown, invert=True, invalid=fill)
    assert (plain[~mask] == value).all() and (inverted[~mask] == value).all()
    assert torch.allclose(plain[mask], 1 - inverted[mask], atol=1e-5)


def test_the_sky_is_far_unless_it_is_filled(landscape):
    shown = depth_range(landscape)
    plain, mask = depth_picture(landscape, shown)
    inverted, _ = depth_picture(landscape, shown, invert=True)
    assert not plain[~mask].any() and (inverted[~mask] == 1).all()
    assert (plain + inverted - 1).abs().max() < 1e-5


def test_the_curves_are_their_formulas():
    depth = torch.tensor([[[1.0, 2.0, 4.0, 8.0]]])
    shown = fixed_range(1, 8, 1)
    assert normalise_depth(depth, shown, "disparity").flatten().tolist() == pytest.approx(
        [1, 3 / 7, 1 / 7, 0], abs=1e-6
    )
    assert normalise_depth(depth, shown, "linear").flatten().tolist() == pytest.approx([1, 6 / 7, 4 / 7, 0], abs=1e-6)
    assert normalise_depth(depth, shown, "log").flatten().tolist() == pytest.approx([1, 2 / 3, 1 / 3, 0], abs=1e-6)


@pytest.mark.parametrize("curve", CURVES)
def test_a_shade_tells_its_depth(curve):
    depth = torch.linspace(0.5, 20, 50)
    nearness = normalise_depth(depth[None, None], fixed_range(0.5, 20, 1), curve)[0, 0]
    assert torch.allclose(depth_at_nearness(nearness, 0.5, 20, curve), depth, rtol=1e-4)


@pytest.mark.parametrize("curve", CURVES)
def test_the_range_of_nothing_stands_for_nothing(curve):
    assert not depth_at_nearness(torch.linspace(0, 1, 5), 0.0, 0.0, curve).any()


def test_ranges_are_per_frame_over_the_batch_or_given(landscape):
    each = depth_range(landscape, "per frame", clip_percent=0)
    batch = depth_range(landscape, "whole clip", clip_percent=0)
    fixed = depth_range(landscape, "fixed", 2, 5)
    assert each.near.tolist() == pytest.approx([1, 2]) and each.far[1] == pytest.approx(2 * each.far[0].item())
    assert batch.limits == pytest.approx((1.0, each.far[1].item())) and batch.near[0] == batch.near[1]
    assert fixed.limits == (2.0, 5.0) and fixed[1:].near.tolist() == [2.0]


def test_the_range_given_back_as_fixed_makes_the_same_picture(landscape):
    shown = depth_range(landscape)
    again = depth_range(landscape, "fixed", *shown.limits)
    assert torch.equal(depth_picture(landscape, shown)[0], depth_picture(landscape, again)[0])


@pytest.mark.parametrize("size", [(40, 50), (700, 900)], ids=["few pixels", "many pixels"])
def test_percentiles_leave_stray_points_out(size):
    depth = torch.rand(1, *size) * 3 + 2
    depth[:, 0, :2] = 1e4
    depth[:, 1, 0] = 1e-3
    near, far = depth_range(closed_form.pointmap(depth), clip_percent=1).limits
    assert near == pytest.approx(2.03, abs=0.03) and far == pytest.approx(4.97, abs=0.03)


def test_true_depth_is_untouched(landscape):
    depth, mask = true_depth(landscape)
    assert depth.shape == (2, 120, 160) and not depth[~mask].any()
    same = closed_form.pointmap(landscape.depth, landscape.mask)
    assert torch.equal(true_depth(same)[0], landscape.depth)


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (5, 3), (33, 47)], ids=str)
@pytest.mark.parametrize("kind", ["all invalid", "constant", "one valid"])
@pytest.mark.parametrize("curve", CURVES)
def test_nothing_is_ever_nan(size, kind, curve):
    depth = torch.full((2, *size), 4.0)
    mask = torch.full((2, *size), kind == "constant")
    mask[0, 0, 0] = kind != "all invalid"
    pointmap = closed_form.pointmap(depth, mask, source_size=(size[0] * 3, size[1] * 2))
    for mode in ("per frame", "whole clip"):
        shown = depth_range(pointmap, mode)
        picture, valid = depth_picture(pointmap, shown, curve)
        assert torch.isfinite(picture).all() and torch.isfinite(true_depth(pointmap)[0]).all()
        assert ((picture >= 0) & (picture <= 1)).all()
        assert kind != "constant" or torch.allclose(picture, torch.tensor(0.5))
        assert kind != "all invalid" or (shown.limits == (0.0, 0.0) and not picture.any() and not valid.any())


def test_relief_with_sky_is_never_one_colour():
    # scope-sam3d took the maximum over infinite pixels, and the picture became one colour as soon as there was sky
    depth = torch.rand(1, 50, 60) + 1
    depth[:, :25] = torch.inf
    pointmap = closed_form.pointmap(depth, torch.isfinite(depth))
    picture, _ = depth_picture(pointmap, depth_range(pointmap))
    assert picture[:, 26:].std() > 0.2


def test_a_small_object_between_the_strides_still_gives_a_range():
    mask = torch.zeros(1, 1200, 1500, dtype=torch.bool)
    mask[:, 701, 701:704] = True
    assert depth_range(closed_form.pointmap(torch.full((1, 1200, 1500), 3.0), mask)).limits == (3.0, 3.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda p: depth_range(p, "gone"),
        lambda p: depth_range(p, "fixed", 5, 5),
        lambda p: depth_range(p, "fixed", -1, 5),
        lambda p: depth_range(p, "fixed", 1, float("nan")),
        lambda p: depth_range(p, clip_percent=50),
        lambda p: depth_picture(p, depth_range(p), "gone"),
        lambda p: depth_picture(p, depth_range(p), invalid="gone"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(landscape, call):
    with pytest.raises(ValueError) as caught:
        call(landscape)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_limits_skip_frames_without_geometry():
    assert DepthRange(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 3.0])).limits == (2.0, 3.0)


@pytest.mark.parametrize("size", [(40, 50), (97, 131), (200, 161), (17, 19), (5, 90)], ids=str)
@pytest.mark.parametrize("share", [0.05, 0.4, 0.95])
def test_one_mask_says_where_picture_and_distance_have_values(size, share):
    g = torch.Generator().manual_seed(0)
    mask = torch.rand(1, 40, 50, generator=g) < share
    depth = 1 + torch.rand(1, 40, 50, generator=g)
    pointmap = closed_form.pointmap(torch.where(mask, depth, 0), mask, source_size=size)
    shown = fixed_range(0.5, 3.0, 1)
    picture, distance, valid = depth_maps(pointmap, shown, invalid="black")
    assert torch.equal(picture > 0, valid)
    assert torch.equal(distance > 0, valid)
    assert torch.equal(true_depth(pointmap)[1], valid)
    assert torch.equal(depth_picture(pointmap, shown)[1], valid)
    assert bool(((distance >= 1) & (distance <= 2))[valid].all())
