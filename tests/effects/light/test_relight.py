"""Relighting against closed forms: Lambert on a plane and a sphere, what stays untouched, and the photo's size."""

from dataclasses import replace

import closed_form
import pytest
import torch
from lit_scenes import lamp

from sam3d_geometry.effects.light.lights import Light, place_lights
from sam3d_geometry.effects.light.relight import (
    KNEE,
    Relighting,
    add_light,
    added_light,
    albedo_from_photo,
    relight,
    relight_surface,
)
from sam3d_geometry.effects.light.surface import surface_at_image
from sam3d_geometry.geometry.colour import linear_from_srgb

MATT = Relighting(specular=0.0, shadow_strength=0.0)


def lambert_of(points, normals, position, reach):
    """Closed form (1, H, W) float64 of a white Lambert surface under a point light."""
    away = torch.tensor(position, dtype=torch.float64) - points.double()
    distance = away.norm(dim=-1)
    return ((away * normals).sum(-1) / distance).clamp_min(0) * (reach / distance) ** 2


def grey(surface, value=0.5):
    return replace(surface, image=torch.full_like(surface.image, value))


@pytest.mark.parametrize("tilt", [0.0, 35.0, 65.0])
def test_a_plane_under_a_lamp_is_the_closed_form(tilt):
    depth, normal = closed_form.plane(180, 240, tilt, 70.0)
    surface = surface_at_image(closed_form.pointmap(depth))
    position = (0.4, -0.3, 0.9)
    found, _ = added_light(surface, [lamp(position, reach=1.2)], MATT)
    exact = lambert_of(surface.points, normal.expand_as(surface.points), position, 1.2)
    bright = surface.mask & (exact > 0.01)
    assert bright.sum() > 10_000
    assert ((found[..., 0] - exact).abs() / exact)[bright].max() < 0.01


def test_a_sphere_under_a_lamp_is_the_closed_form():
    depth, normals = closed_form.sphere(360, 480)
    surface = surface_at_image(closed_form.pointmap(depth))
    position = (1.5, -1.0, 2.0)
    found, _ = added_light(surface, [lamp(position, reach=2.0)], MATT)
    exact = lambert_of(surface.points, normals, position, 2.0)
    # normals from differences of depth are poor at the very rim, where the surface turns away from the camera
    facing = -(normals * torch.nn.functional.normalize(surface.points.double(), dim=-1)).sum(-1)
    error, inner = (found[..., 0] - exact).abs(), surface.mask & (facing > 0.3)
    assert inner.sum() > 20_000 and error[inner].max() < 0.01 * exact[inner].max()
    held = surface.mask & (facing > 0.5) & (exact > 0.05)
    assert (error / exact)[held].max() < 0.01


def test_light_behind_the_surface_adds_nothing():
    depth, _ = closed_form.plane(60, 80, 20.0, 70.0)
    surface = grey(surface_at_image(closed_form.pointmap(depth)))
    for light in (lamp((0, 0, 9.0)), lamp((0, 0, 9.0), radius=0.5), lamp((0, 0, 1.0), kind="directional")):
        picture, alone, shadow = relight(surface, [light])
        assert not alone.any() and not shadow.any()
        assert torch.allclose(picture, surface.image, atol=1e-5)


def test_without_lights_the_photo_stays_and_ambient_dims_it_in_linear_light():
    torch.manual_seed(0)
    surface = closed_form.pointmap(torch.full((1, 20, 30), 2.0), image=torch.rand(1, 20, 30, 3))
    surface = surface_at_image(surface)
    assert torch.allclose(relight(surface, [])[0], surface.image, atol=1e-5)
    dimmed = relight(surface, [], Relighting(ambient=0.25))[0]
    assert torch.allclose(linear_from_srgb(dimmed), 0.25 * linear_from_srgb(surface.image), atol=1e-5)


def test_sky_gets_no_light():
    depth, _ = closed_form.sphere(60, 80)
    surface = grey(surface_at_image(closed_form.pointmap(depth)))
    picture, alone, shadow = relight(surface, [lamp((1, -1, 1), reach=3.0, radius=0.2)])
    sky = ~surface.mask
    assert sky.any() and alone[surface.mask].max() > 0.1
    assert not alone[sky].any() and not shadow[sky].any()
    assert torch.allclose(picture[sky], surface.image[sky], atol=1e-5)


def test_lights_add_up_and_colours_multiply():
    depth, _ = closed_form.plane(40, 50, 30.0, 70.0)
    surface = surface_at_image(closed_form.pointmap(depth))
    red, blue = lamp((0.5, 0, 1), radiance=(1.0, 0, 0)), lamp((-0.5, 0, 1), radiance=(0, 0, 2.0))
    both, _ = added_light(surface, [red, blue], MATT)
    alone = [added_light(surface, [light], MATT)[0] for light in (red, blue)]
    assert torch.allclose(both, sum(alone), atol=1e-6)
    assert alone[0][..., 1:].abs().max() == 0 and alone[1][..., :2].abs().max() == 0


def test_added_light_is_linear_below_the_knee_and_never_passes_white():
    base = torch.tensor([0.0, 0.2, 0.5])
    assert torch.allclose(add_light(base, 0.5 * KNEE * (1 - base)), base + 0.5 * KNEE * (1 - base))
    steps = add_light(torch.full((1000,), 0.3), torch.linspace(0, 5, 1000))
    assert (steps.diff() >= 0).all() and steps.max() <= 1
    assert steps.diff().diff().abs().max() < 1e-3


def test_evening_out_takes_a_ramp_of_light_away_and_keeps_the_detail():
    ramp = torch.linspace(0.05, 0.6, 200).expand(1, 100, 200)
    detail = 1 + 0.2 * (torch.arange(200) % 2 * 2 - 1)
    albedo = albedo_from_photo((ramp * detail)[..., None].expand(-1, -1, -1, 3), 1.0)[..., 0]
    flat = albedo[:, :, 40:160].unfold(2, 2, 2).mean(-1)
    assert flat.max() / flat.min() < 1.5
    assert (albedo[:, :, 101] / albedo[:, :, 100]).mean() == pytest.approx(1.2 / 0.8, rel=0.05)
    assert albedo_from_photo(ramp[..., None], 0.0).data_ptr() == ramp.data_ptr()


def test_closed_in_places_get_less_of_the_light():
    surface = surface_at_image(closed_form.pointmap(torch.full((1, 20, 30), 2.0)))
    half = torch.full((1, 20, 30), 0.5)
    full, _ = added_light(surface, [lamp((0, 0, 1))], MATT)
    assert torch.allclose(added_light(surface, [lamp((0, 0, 1))], MATT, None, half)[0], 0.5 * full)


def test_shadows_at_a_lower_resolution_are_those_of_the_full_one_away_from_their_edges():
    depth = torch.full((1, 120, 160), 4.0)
    depth[:, 40:80, 60:80] = 3.5
    surface = surface_at_image(closed_form.pointmap(depth))
    light = lamp((2.0, 0.1, 2.0), reach=4.0)
    fine, coarse = (added_light(surface, [light], Relighting(shadow_resolution=n))[1] for n in (0, 80))
    assert fine.mean() > 0.01
    assert (fine - coarse).abs().mean() < 0.2 * fine.mean()


def test_a_flat_wall_lit_from_the_camera_has_no_seam_at_the_border():
    surface = grey(surface_at_image(closed_form.pointmap(torch.full((1, 90, 160), 3.0)), normal_smoothing=8))
    alone = relight(surface, [lamp((0.0, 0, 0), reach=3.0, radius=0.2, falloff=0.0)])[1]
    assert (alone[:, :2] - alone[:, 2:4]).abs().max() < 0.01 and (alone[:, :, :2] - alone[:, :, 2:4]).abs().max() < 0.01


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (5, 6)])
@pytest.mark.parametrize("valid", [True, False])
@pytest.mark.parametrize("kind", ["point", "area", "directional"])
def test_tiny_and_empty_maps_give_a_picture_of_the_same_size_without_nan(size, valid, kind):
    depth = torch.full((2, *size), 2.0 if valid else 0.0)
    surface = closed_form.pointmap(depth, image=torch.rand(2, *size, 3))
    lights = place_lights([Light(kind=kind, radius=0.1)], surface)
    outputs = relight(surface_at_image(surface, None, 8), lights, Relighting(even_out=0.5))
    assert outputs[0].shape == (2, *size, 3) and outputs[2].shape == (2, *size)
    assert all(o.isfinite().all() and o.min() >= 0 and o.max() <= 1 for o in outputs)


def test_a_photo_is_relit_at_its_size_and_what_is_closed_in_stays_dark():
    pointmap = closed_form.pointmap(torch.full((2, 30, 40), 3.0), image=torch.full((2, 30, 40, 3), 0.4))
    lights = place_lights([Light(placement="camera", offset=(0.0, 0.0, 0.2), reach=3.0)], pointmap)
    closed = torch.ones(1, 6, 8)
    closed[..., :4] = 0
    surface = surface_at_image(pointmap, torch.full((1, 60, 80, 3), 0.4))
    picture, light, _ = relight_surface(surface, lights, MATT, closed)
    assert picture.shape == light.shape == (2, 60, 80, 3)
    assert light[:, :, :35].max() == 0 < 0.05 < light[:, :, 45:].min()
    assert torch.equal(relight_surface(surface, lights, MATT)[0], relight(surface, lights, MATT)[0])
