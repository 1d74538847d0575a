"""Fog against Beer and Lambert and the integral along the ray, and the glow of lights in it."""

import math

import pytest
import torch
from closed_form import box_room, plane, pointmap

from sam3d_geometry.effects.air.fog import (
    FogLayer,
    FogLook,
    Glow,
    extinction_from_visibility,
    fog,
    fog_layer,
    henyey_greenstein,
    optical_depth,
    transmission,
)
from sam3d_geometry.effects.air.fog_noise import drifting_noise
from sam3d_geometry.geometry.colour import linear_from_srgb
from sam3d_geometry.geometry.gravity import world_from_pitch_roll
from sam3d_geometry.geometry.rotations import direction_from_angles

LEVEL = torch.eye(3)[None]


def sun(azimuth, elevation, colour=(1.0, 1.0, 1.0)):
    return Glow(torch.tensor([direction_from_angles(azimuth, elevation)]), torch.tensor(colour))


def room(image=None):
    return pointmap(box_room(60, 80)[0], image=image)


def noise(*size):
    return torch.rand(1, *size, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("beta", [0.01, 0.4, 3.0])
def test_transmission_is_beer_and_lamberts_along_the_ray(beta):
    scene = room()
    distance = scene.points.double().norm(dim=-1)
    through = transmission(scene, FogLayer(beta), LEVEL)
    assert float((through - torch.exp(-beta * distance)).abs().max()) < 1e-6
    along_z = torch.exp(-beta * scene.depth.double())
    if beta < 1:
        assert float((through - along_z).abs().max()) > 1e-3  # by the ray, not by z


@pytest.mark.parametrize("falloff", [0.05, 0.7, 30.0, 1e5])
@pytest.mark.parametrize("pitch", [0.0, -25.0])
def test_height_fog_is_the_integral_of_its_density(falloff, pitch):
    scene = room()
    world = world_from_pitch_roll(pitch, 10.0)
    layer = FogLayer(0.5, falloff=falloff, camera=1.2)
    points = (scene.points[0, ::6, ::6] @ world[0].T).double()
    steps = (torch.arange(20000, dtype=torch.float64) + 0.5) / 20000
    height = 1.2 - points[..., 1, None] * steps
    depth = 0.5 * torch.exp(-height / falloff).mean(-1) * points.norm(dim=-1)
    through = transmission(scene, layer, world)[0, ::6, ::6]
    assert float((through - torch.exp(-depth)).abs().max()) < 1e-4


def test_the_sky_is_full_fog_and_above_a_layer_what_the_layer_leaves():
    scene = pointmap(torch.zeros(1, 20, 30), torch.zeros(1, 20, 30, dtype=torch.bool))
    assert float(transmission(scene, FogLayer(1e-3), LEVEL).max()) < 1e-30
    far = transmission(scene, FogLayer(0.1, sky_distance=5.0), LEVEL)
    assert torch.allclose(far, torch.full_like(far, math.exp(-0.5)))
    layered = transmission(scene, FogLayer(0.5, falloff=0.2, camera=0.1), LEVEL)
    rise = scene_rise(scene)
    up = rise > 0.05
    expected = torch.exp(-0.5 * math.exp(-0.5) * 0.2 / rise)
    assert torch.allclose(layered[up], expected[up].float(), atol=1e-5)
    assert float(layered[rise < -0.01].max()) < 1e-30


def scene_rise(scene):
    from sam3d_geometry.geometry.camera import unproject

    rays = unproject(torch.ones(1, *scene.size), scene.intrinsics)
    return -(rays[..., 1] / rays.norm(dim=-1)).double()


def test_optical_depth_is_smooth_where_rays_are_level():
    rise = torch.linspace(-1e-3, 1e-3, 2001)
    depth = optical_depth(torch.full_like(rise, 3.0), rise, FogLayer(0.5, falloff=1.0))
    assert float(depth.diff().diff().abs().max()) < 1e-5
    assert torch.allclose(depth, 1.5 * (1 - 1.5 * rise), atol=1e-4)


def test_light_is_mixed_in_linear_values():
    scene = room(noise(60, 80))
    look = FogLook(colour=(0.3, 0.5, 0.7), far_colour=(0.3, 0.5, 0.7))
    picture, through = fog(scene, FogLayer(0.3), look)
    through = through[..., None]
    expected = linear_from_srgb(scene.image) * through + torch.tensor(look.colour) * (1 - through)
    assert torch.allclose(linear_from_srgb(picture), expected, atol=1e-5)


def test_no_fog_changes_nothing():
    scene = room(noise(60, 80))
    picture, through = fog(scene, FogLayer(0.0), FogLook(desaturate=1.0, glow=1.0), glows=[sun(0.0, 0.0)])
    assert torch.allclose(picture, scene.image, atol=1e-6) and float(through.min()) == 1


def test_the_sky_can_be_left_clear():
    depth = torch.full((1, 20, 30), 3.0)
    depth[:, :8] = 0
    scene = pointmap(depth, image=noise(20, 30))
    picture, through = fog(scene, FogLayer(1.0), FogLook(sky=0.0))
    assert torch.allclose(picture[:, :8], scene.image[:, :8], atol=1e-6) and float(through[:, :8].min()) == 1
    _half, through = fog(scene, FogLayer(1.0), FogLook(sky=0.5))
    assert torch.allclose(through[:, :8], torch.full((1, 8, 30), 0.5))


def test_colours_fade_and_turn_to_the_far_colour():
    scene = pointmap(torch.full((1, 8, 8), 2.0), image=torch.tensor([1.0, 0.2, 0.1]).expand(1, 8, 8, 3))
    near_colour, far_colour = (0.5, 0.5, 0.5), (0.1, 0.2, 0.9)
    dense, _ = fog(scene, FogLayer(20.0), FogLook(near_colour, far_colour))
    assert torch.allclose(linear_from_srgb(dense[0, 0, 0]), torch.tensor(far_colour), atol=1e-4)
    vivid, grey = (fog(scene, FogLayer(0.3), FogLook(near_colour, near_colour, d))[0][0, 4, 4] for d in (0.0, 1.0))
    assert float(grey.max() - grey.min()) < float(vivid.max() - vivid.min())


def test_the_glow_is_brightest_towards_the_light():
    scene = pointmap(plane(61, 81, 0.0)[0], image=torch.zeros(1, 61, 81, 3))
    look = FogLook((0.1,) * 3, (0.1,) * 3, glow=0.5, forward=0.8)
    picture, _ = fog(scene, FogLayer(50.0), look, glows=[sun(20.0, 10.0)])
    row, column = divmod(int(picture[0, ..., 0].argmax()), 81)
    x, y = math.tan(math.radians(20)), -math.tan(math.radians(10)) / math.cos(math.radians(20))
    focal = float(scene.intrinsics[0, 0, 0]) * 81
    assert column == pytest.approx(40 + focal * x, abs=1.5) and row == pytest.approx(30 + focal * y, abs=1.5)
    # the direction is the camera's own, however the world is levelled
    tilted, _ = fog(scene, FogLayer(50.0), look, world_from_pitch_roll(30.0, 20.0), glows=[sun(20.0, 10.0)])
    assert torch.allclose(tilted, picture, atol=1e-5)
    lobe = henyey_greenstein(torch.tensor([1.0, 0.0, -1.0]), 0.5)
    assert torch.allclose(lobe, torch.tensor([1.0, (0.25 / 1.25) ** 1.5, (0.25 / 2.25) ** 1.5]))


def test_lights_glow_each_in_its_colour_and_add_up():
    scene = pointmap(plane(21, 31, 0.0)[0], image=torch.zeros(1, 21, 31, 3))
    look, black = FogLook((0.0,) * 3, (0.0,) * 3, glow=0.1), FogLayer(0.4)
    red, blue = sun(-10.0, 5.0, (1.0, 0.0, 0.0)), sun(15.0, 0.0, (0.0, 0.0, 2.0))
    one, other, both = (
        linear_from_srgb(fog(scene, black, look, glows=glows)[0]) for glows in ([red], [blue], [red, blue])
    )
    assert torch.allclose(one + other, both, atol=1e-5) and one[..., 2].max() == 0 == other[..., 0].max()
    assert torch.allclose(linear_from_srgb(fog(scene, black, look)[0]), torch.zeros(1), atol=1e-6)
    twice = Glow(red.towards, red.colour * 2)
    assert torch.allclose(linear_from_srgb(fog(scene, black, look, glows=[twice])[0]), one * 2, atol=1e-5)


def test_a_layer_on_the_ground_is_as_visible_as_asked_at_its_base():
    floor = room()
    layer = fog_layer(floor, LEVEL, kind="ground", visibility=5.0, height=0.5, base_height=0.2)
    assert layer.falloff == 0.5 and layer.camera == pytest.approx(1.5 - 0.2, abs=0.05)
    assert layer.extinction == extinction_from_visibility(5.0) and layer.sky_distance == math.inf
    even = fog_layer(floor, LEVEL, kind="even", visibility=5.0, height=0.5, sky_distance=7.0)
    assert even == FogLayer(layer.extinction, sky_distance=7.0)
    with pytest.raises(ValueError, match="fog_kind came as 'gone'"):
        fog_layer(floor, LEVEL, kind="gone", visibility=5.0, height=0.5)
    with pytest.raises(ValueError, match="set fog_kind to even"):
        fog_layer(pointmap(plane(20, 30, 0.0)[0]), LEVEL, kind="ground", visibility=5.0, height=0.5)


def test_visibility_leaves_5_percent():
    assert math.exp(-extinction_from_visibility(7.0) * 7.0) == pytest.approx(0.05)


def test_swirls_are_uneven_in_the_air_and_the_same_on_average():
    scene = pointmap(torch.full((1, 90, 120), 4.0), image=torch.zeros(1, 90, 120, 3))
    even = transmission(scene, FogLayer(0.3), LEVEL)
    uneven = transmission(scene, FogLayer(0.3), LEVEL, drifting_noise(1, 0.8, 1.0, 0.0))
    assert float((uneven.log() / even.log()).std()) > 0.02
    assert float((uneven.log() / even.log()).mean()) == pytest.approx(1, abs=0.25)
    steps = torch.maximum(uneven.diff(dim=1).abs().max(), uneven.diff(dim=2).abs().max())
    assert float(steps) < 0.02  # no pattern of pixels


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (4, 1)])
@pytest.mark.parametrize("geometry", [True, False])
def test_single_pixels_and_empty_masks(size, geometry):
    depth = torch.full((1, *size), 3.0 if geometry else 0.0)
    scene = pointmap(depth, image=noise(*size))
    layer = FogLayer(0.4, falloff=0.3, camera=2.0)
    look, swirls = FogLook(glow=1.0, desaturate=0.5), drifting_noise(1, 1.0, 0.5, 0.0)
    picture, through = fog(scene, layer, look, None, swirls, [sun(10.0, 5.0)])
    assert picture.shape == (1, *size, 3) and through.shape == (1, *size)
    assert bool(picture.isfinite().all()) and bool(through.isfinite().all())


@pytest.mark.parametrize(
    "make",
    [
        lambda: FogLayer(-1.0),
        lambda: FogLayer(1.0, falloff=0.0),
        lambda: FogLook(forward=1.0),
        lambda: FogLook(desaturate=2.0),
        lambda: extinction_from_visibility(0.0),
        lambda: drifting_noise(1, 2.0, 1.0, 0.0),
    ],
)
def test_impossible_fog_is_refused_in_one_sentence(make):
    with pytest.raises(ValueError) as caught:
        make()
    assert "\n" not in str(caught.value)
