"""Ramps are found at edges and nowhere on planes, creases and gentle curves; their width is measured."""

import closed_form
import pytest
import torch

from sam3d_geometry.estimate.soft_edges import (
    falling_into_sky,
    joined,
    on_ramps,
    on_ridges,
    ramp_strides,
    slopes,
)
from sam3d_geometry.geometry.surfaces import ends_of, inverse_depth
from sam3d_geometry.geometry.widening import widened
from sam3d_geometry.maps.enlarge import gaussian_blur

SIZE = (96, 128)


def inverse(depth):
    return inverse_depth(depth.float(), depth > 0)


def box(blur, tilt=0.0):
    """A box before a wall, its edges blurred, and its region."""
    depth, _, region = closed_form.box_before_wall(*SIZE, tilt_degrees=tilt)
    return gaussian_blur(inverse(depth), blur), region


@pytest.mark.parametrize("tilt", [0.0, 45.0, 75.0])
def test_a_plane_has_none(tilt):
    plane = inverse(closed_form.plane(*SIZE, tilt, 60.0)[0])[:, :32]
    assert bool((plane > 0).all())
    assert not bool((on_ramps(plane) | on_ridges(plane) | falling_into_sky(plane) | ends_of(joined(plane))).any())


def test_creases_of_a_room_are_none():
    room = inverse(closed_form.box_room(*SIZE)[0])
    assert not bool((on_ramps(room) | on_ridges(room)).any())


@pytest.mark.parametrize("blur", [0.0, 0.7, 1.2])
@pytest.mark.parametrize("tilt", [0.0, 30.0])
def test_what_is_not_found_lies_on_a_surface(blur, tilt):
    soft, _ = box(blur, tilt)
    sharp, region = box(0.0, tilt)
    off = (soft - sharp).abs() / torch.maximum(soft, sharp)
    ramps = on_ramps(soft)
    assert bool(ramps[(off > 0.03)].all())
    contour = widened(region, 4) & widened(~region, 4)
    assert not bool((ramps & ~contour).any())


def test_within_the_sky_nothing_ends():
    depth = closed_form.sphere(*SIZE)[0]
    ends = ends_of(joined(inverse(depth)))
    assert not bool((ends & ~widened(depth > 0, 1)).any()) and bool(ends.any())


def test_the_middle_of_a_thin_pole_and_of_a_gap_is_a_ridge_and_the_side_of_a_wide_thing_is_not():
    flat = torch.full((1, *SIZE), 0.2)
    pole = flat.clone()
    pole[:, :, 60:62] = 0.4
    gap = 0.6 - pole
    for thin in (pole, gap):
        ridges = on_ridges(gaussian_blur(thin, 1.0))
        assert bool(ridges[:, 10:-10, 60:62].any(-1).all()) and not bool(ridges[:, :, :58].any())
    wide, _ = box(1.2)
    assert float(on_ridges(wide).float().mean()) < 1e-3


@pytest.mark.parametrize("tilt", [0.0, 60.0])
def test_slopes_of_a_plane_are_exact_and_what_is_not_pure_has_no_part_in_them(tilt):
    plane = inverse(closed_form.plane(*SIZE, tilt, 35.0)[0])[:, :40]
    spoilt = torch.zeros_like(plane, dtype=torch.bool)
    spoilt[:, 10:13, 20:30] = True
    touched = torch.where(spoilt, plane * 1.03, plane)
    found = slopes(touched, joined(touched), ~spoilt, ~widened(spoilt, 1), 2)
    down, along = plane[:, 1, 0] - plane[:, 0, 0], plane[:, 0, 1] - plane[:, 0, 0]
    clear = ~widened(spoilt, 0)
    assert torch.allclose(found[..., 0][clear], down, atol=2e-6) and torch.allclose(
        found[..., 1][clear], along, atol=2e-6
    )


@pytest.mark.parametrize(("blur", "stride"), [(0.0, 1), (0.8, 1), (2.0, 2), (5.0, 4)])
def test_wide_ramps_ask_for_a_smaller_size(blur, stride):
    assert ramp_strides(box(blur)[0]) == [stride]


def test_every_frame_asks_for_its_own_size():
    frames = torch.cat([box(blur)[0] for blur in (5.0, 0.0, 2.0, 5.0)])
    assert ramp_strides(frames) == [4, 1, 2, 4]


def test_the_sky_and_small_pictures_ask_for_none():
    assert ramp_strides(inverse(closed_form.sphere(*SIZE)[0])) == [1]
    assert ramp_strides(torch.rand(1, 6, 9)) == [1] and ramp_strides(torch.zeros(1, 40, 40)) == [1]


def test_a_ramp_that_the_sky_cuts_off_falls_and_a_ground_that_ends_at_the_horizon_does_not():
    columns = torch.arange(128.0)
    ramp = (0.3 - 0.004 * (columns - 70).clamp_min(0).square()).clamp_min(0).expand(1, *SIZE)
    fallen = falling_into_sky(ramp)
    assert bool(fallen[:, :, 77].all()) and not bool(fallen[:, :, :70].any())
    ground = inverse(closed_form.plane(*SIZE, 85.0)[0])
    assert not bool(falling_into_sky(ground).any())
