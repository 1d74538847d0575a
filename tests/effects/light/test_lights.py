"""Lights and where they stand in a pointmap."""

import math

import closed_form
import pytest
import torch

from sam3d_geometry.effects.light.lights import Light, place_lights
from sam3d_geometry.geometry.picking import pick


def wall(depths=(4.0,), metric=False):
    depth = torch.stack([torch.full((30, 40), d) for d in depths])
    return closed_form.pointmap(depth, metric=metric)


def test_a_light_placed_by_a_surface_hangs_on_its_ray_that_far_in_front():
    (placed,) = place_lights([Light(pixel=(0.9, 0.2), distance=0.25)], wall())
    target = pick(wall(), (0.9, 0.2)).points()
    assert torch.allclose(torch.linalg.cross(placed.position, target), torch.zeros(1, 3), atol=1e-5)
    assert (target - placed.position).norm().item() == pytest.approx(0.25 * 4, rel=1e-5)


def test_offsets_are_right_up_and_forward():
    (placed,) = place_lights([Light(placement="camera", offset=(0.5, 0.25, 1.0), unit="metres")], wall(metric=True))
    assert placed.position.tolist() == [[0.5, -0.25, 1.0]]


@pytest.mark.parametrize(
    ("azimuth", "elevation", "towards"),
    [(0, 0, (0, 0, 1)), (90, 0, (1, 0, 0)), (180, 0, (0, 0, -1)), (0, 90, (0, -1, 0))],
)
def test_a_sun_stands_where_its_angles_say(azimuth, elevation, towards):
    light = Light(kind="directional", placement="camera", azimuth_degrees=azimuth, elevation_degrees=elevation)
    (placed,) = place_lights([light], wall())
    assert torch.allclose(placed.position[0], torch.tensor([float(v) for v in towards]), atol=1e-6)


@pytest.mark.parametrize("size", [0.0, 0.5, 90.0])
def test_the_size_of_a_sun_is_the_angle_it_is_seen_under(size):
    light = Light(kind="directional", sun_size_degrees=size, radius=9.0)
    (placed,) = place_lights([light], wall())
    # a disc of that radius one unit away, seen from its axis
    assert 2 * math.degrees(math.atan(placed.radius.item())) == pytest.approx(size, abs=1e-4)


def test_units_are_lengths_of_the_same_scene():
    """A light in scene depths is the light in the pointmap's unit at as many units, and metres are the unit of a metric map."""
    scene = wall((4.0,), metric=True)

    def placed(unit, length):
        lengths = dict(distance=length, radius=length / 2, reach=length * 2)
        return place_lights([Light(unit=unit, **lengths)], scene)[0]

    shares, units, metres = placed("scene depth", 0.25), placed("pointmap unit", 1.0), placed("metres", 1.0)
    for name in ("position", "aim", "radius", "reach"):
        assert torch.allclose(getattr(shares, name), getattr(units, name), atol=1e-6)
        assert torch.equal(getattr(units, name), getattr(metres, name))


def test_world_up_is_the_grounds_up():
    depth, normal = closed_form.plane(60, 80, 60.0, -90.0, 3.0)  # a floor seen from a camera that looks down
    surface = closed_form.pointmap(depth)
    up = normal.float() if normal[1] < 0 else -normal.float()
    (placed,) = place_lights([Light(placement="world", offset=(0.0, 1.0, 0.0))], surface)
    assert torch.allclose(placed.position[0] / placed.position[0].norm(), up, atol=1e-3)


def test_shares_follow_the_scenes_depth_and_metres_do_not():
    near, far = (
        place_lights([Light(placement="camera", offset=(1, 0, 0), radius=0.1)], wall((d,)))[0] for d in (2.0, 6.0)
    )
    assert torch.allclose(far.position, 3 * near.position) and torch.allclose(far.radius, 3 * near.radius)


@pytest.mark.parametrize("metric", [False, True])
def test_a_length_is_the_same_in_every_frame_and_in_chunks(metric):
    clip = wall((2.0, 4.0, 9.0), metric)
    (placed,) = place_lights([Light(placement="camera", offset=(0.5, 0.0, 0.0), radius=0.1, reach=0.3)], clip)
    assert torch.allclose(placed.position, torch.tensor([2.0, 0.0, 0.0]).expand(3, 3))
    assert torch.allclose(placed.radius, torch.full((3,), 0.4)) and torch.allclose(placed.reach, torch.full((3,), 1.2))
    (over,) = place_lights([Light(distance=0.1)], clip)
    assert torch.allclose(over.position, over.position[:1].expand(3, 3))
    (follows,) = place_lights([Light(distance=0.1)], clip, each_frame=True)
    gaps = pick(clip, (0.5, 0.5)).points().norm(dim=-1) - follows.position.norm(dim=-1)
    assert torch.allclose(gaps, torch.full((3,), 0.4), atol=1e-5)


def test_a_light_over_the_sky_hangs_in_front_of_a_surface_at_the_scene_depth():
    depth = torch.full((1, 30, 40), 4.0)
    depth[:, :20] = 0
    (placed,) = place_lights([Light(pixel=(0.5, 0.1), distance=0.0)], closed_form.pointmap(depth))
    assert placed.position[0, 2].item() == pytest.approx(4.0)


def test_a_light_stays_or_follows_the_surface():
    clip = wall((4.0, 4.0), metric=True)
    clip.points[1, 12:18, 16:24] *= 0.5
    (stays,), (follows,) = (place_lights([Light(distance=0.1)], clip, each) for each in (False, True))
    assert torch.equal(stays.position[0], stays.position[1])
    assert follows.position[1, 2] < 0.6 * follows.position[0, 2]


def test_a_scene_without_geometry_still_places_lights():
    empty = closed_form.pointmap(torch.zeros(2, 4, 5))
    for kind in ("point", "area", "directional"):
        for placement in ("surface", "camera", "world"):
            (placed,) = place_lights([Light(kind=kind, placement=placement)], empty)
            assert placed.position.isfinite().all() and placed.aim.isfinite().all()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Light(kind="spot"), "spot"),
        (lambda: Light(placement="moon"), "moon"),
        (lambda: Light(unit="feet"), "feet"),
        (lambda: Light(reach=0.0), "reach"),
        (lambda: Light(sun_size_degrees=180.0), "sun_size_degrees"),
        (lambda: place_lights([Light(unit="metres")], wall()), "scene depth"),
    ],
)
def test_bad_lights_are_refused_in_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)
