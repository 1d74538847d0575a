"""Ambient occlusion: planes are open, a corner has its closed form, things in front leave no halo."""

import math

import closed_form
import pytest
import torch

from sam3d_geometry.maps.ambient_occlusion import ambient_occlusion, occlusion_at_photo

RADIUS = 1.0
FLOOR, WALL = 1.5, 6.0


def openness_beside_a_wall(distance):
    """Of a floor at `distance` from an endless wall: mean of hard limits r, weighted by 2 r / RADIUS^2."""
    if distance >= RADIUS:
        return 1.0
    r = torch.linspace(distance, RADIUS, 2001, dtype=torch.float64)
    c = (distance / r).clamp(max=1)
    share = (torch.acos(c) - c * (1 - c * c).sqrt()) / math.pi
    return 1 - float(torch.trapezoid(2 * r / RADIUS**2 * share, r))


@pytest.mark.parametrize("tilt", [0, 45, 75])
@pytest.mark.parametrize("smoothing", [0, 4])
def test_a_plane_is_open_at_any_tilt_up_to_the_border(tilt, smoothing):
    pointmap = closed_form.pointmap(closed_form.plane(48, 64, tilt, 70.0)[0])
    assert ambient_occlusion(pointmap, radius=0.5, smoothing=smoothing).min() > 0.99


@pytest.mark.parametrize(("directions", "steps", "allowed"), [(8, 8, 0.025), (16, 16, 0.012)])
def test_a_right_angled_corner_has_its_closed_form(directions, steps, allowed):
    depth, normals, _ = closed_form.box_room(216, 288, half=(50.0, FLOOR, WALL))
    pointmap = closed_form.pointmap(depth)
    openness = ambient_occlusion(pointmap, normals.float(), RADIUS, thickness=1.0, directions=directions, steps=steps)[
        0
    ]
    checked = 0
    for row in range(120, 216, 4):
        y, z = pointmap.points[0, row, 144, 1:].tolist()
        distance = WALL - z if abs(y - FLOOR) < 1e-3 else FLOOR - y
        if distance > 0.15:
            wanted = openness_beside_a_wall(distance)
            assert openness[row, 136:152].mean() == pytest.approx(wanted, abs=allowed)
            checked += wanted < 0.95
    assert checked >= 4


def test_a_thing_far_in_front_leaves_no_halo():
    depth, normals, _box = closed_form.box_before_wall(96, 128, near=3.0, far=5.0)
    openness = ambient_occlusion(closed_form.pointmap(depth), normals.float(), radius=1.0)
    assert openness.min() > 0.99


def test_a_thin_thing_within_the_radius_darkens_less_than_a_deep_one():
    depth, normals, box = closed_form.box_before_wall(96, 128, near=4.2, far=5.0)
    pointmap, wall = closed_form.pointmap(depth), ~box
    thin = ambient_occlusion(pointmap, normals.float(), radius=1.0, thickness=0.05)[wall].mean()
    deep = ambient_occlusion(pointmap, normals.float(), radius=1.0, thickness=1.0)[wall].mean()
    assert deep < thin < 1


def test_a_large_pointmap_is_looked_at_in_every_second_pixel():
    def corner(height, width):
        return closed_form.pointmap(closed_form.box_room(height, width, half=(50.0, FLOOR, WALL))[0])

    large = ambient_occlusion(corner(16, 1024), radius=RADIUS)
    small = ambient_occlusion(corner(8, 512), radius=RADIUS)
    assert large.shape == (1, 16, 1024)
    assert (large[:, ::2, ::2] - small).abs().mean() < 0.02


def test_frames_do_not_depend_on_each_other():
    one = closed_form.pointmap(closed_form.box_room(24, 32)[0])
    other = closed_form.pointmap(closed_form.plane(24, 32, 40)[0])
    both = ambient_occlusion(type(one).cat([other, one]), radius=0.5)
    assert torch.allclose(both[1:], ambient_occlusion(one, radius=0.5), atol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (7, 1), (12, 16)])
@pytest.mark.parametrize("valid", [True, False])
def test_any_size_and_no_geometry_give_numbers(size, valid):
    depth = torch.full((1, *size), 2.0 if valid else 0.0)
    pointmap = closed_form.pointmap(depth, source_size=(size[0] * 3, size[1] * 3))
    openness = occlusion_at_photo(pointmap, 0.3, smoothing=4)
    assert openness.shape == (1, size[0] * 3, size[1] * 3)
    assert torch.isfinite(openness).all() and (openness == 1).all()


@pytest.mark.parametrize("given", [{"radius": 0.0}, {"radius": float("nan")}, {"directions": 0}, {"steps": 0}])
def test_bad_values_are_refused_in_one_sentence(given):
    with pytest.raises(ValueError, match="mbient occlusion") as caught:
        ambient_occlusion(closed_form.pointmap(torch.ones(1, 4, 4)), **given)
    assert "\n" not in str(caught.value)
