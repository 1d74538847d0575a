"""Shadows: a box's on a floor against ray casting, what casts none, penumbra, and maps that have nothing in them."""

from dataclasses import replace

import closed_form
import pytest
import torch
from lit_scenes import BOX, PANEL, box_on_floor, far_from_edge, lamp, lamp_in_world, seen, surface_of, true_shadow

from development.scenes.layouts import random_scene
from development.scenes.renderer import render
from sam3d_geometry.effects.light import shadow
from sam3d_geometry.effects.light.shadow import Casting, _Occluders, cast_shadow

SIZE = (150, 266)


def shadow_of(rendering, light, **options):
    how = Casting(**{"thickness": 0.01, "bias": 5e-4, **options})
    return cast_shadow(surface_of(rendering), light, how)[0]


@pytest.mark.parametrize("position", [(0.7, -1.0, -1.5), (-1.0, -1.2, -0.5), (1.5, -1.5, 0.0)])
@pytest.mark.parametrize("half_size", [BOX, PANEL], ids=["box", "panel"])
def test_the_shadow_of_a_box_on_a_floor_is_right_within_a_pixel(half_size, position):
    scene = box_on_floor(half_size)
    rendering = seen(scene, *SIZE)
    truth = true_shadow(scene, rendering, position)
    found = shadow_of(rendering, lamp_in_world(scene, position)) > 0.5
    assert truth.sum() > 150
    assert far_from_edge(found, truth, rendering.object_ids[0] == 0) == 0


def test_a_lamp_behind_the_box_throws_its_shadow_towards_the_camera():
    # faces that the camera does not see cast nothing, so only the middle of the shadow is held to the truth
    scene, position = box_on_floor(), (0.5, -1.5, 4.5)
    rendering = seen(scene, 120, 212)
    truth, floor = true_shadow(scene, rendering, position), rendering.object_ids[0] == 0
    found = shadow_of(rendering, lamp_in_world(scene, position)) > 0.5
    assert (found & truth).sum() > 0.95 * truth.sum()
    assert (found & ~truth & floor).sum() < 0.03 * truth.sum()


def test_nothing_shades_itself():
    for tilt in (0, 40, 70):
        depth, normal = closed_form.plane(90, 160, tilt, 60.0)
        surface = closed_form.pointmap(depth)
        normals = normal.float() * surface.mask[..., None]
        for light in (
            lamp((1, -0.2, 0.2)),
            lamp((0, 0, 0)),
            lamp((0.3, 0.1, -2)),
            lamp((0.6, -0.7, -0.4), kind="directional"),
        ):
            found = cast_shadow(replace(surface, normals=normals), light, Casting(bias=0.002))
            assert not found.any(), (tilt, light.position)


@pytest.mark.parametrize("z", [-1e-3, 0.0, 1e-3])
def test_a_light_level_with_the_camera_casts_as_its_neighbours_do(z):
    scene = box_on_floor()
    rendering = seen(scene, 120, 212)
    found = shadow_of(rendering, lamp((1.5, -0.8, z)))
    beside = shadow_of(rendering, lamp((1.5, -0.8, 0.02)))
    assert found.sum() > 100
    assert ((found > 0.5) != (beside > 0.5)).float().sum() < 0.1 * found.sum()


def test_a_sun_is_a_lamp_far_away():
    scene = box_on_floor()
    rendering = seen(scene, 120, 212)
    towards = torch.nn.functional.normalize(torch.tensor([0.8, -0.5, -0.3]), dim=0)
    sun = shadow_of(rendering, lamp(towards.tolist(), kind="directional"))
    far = shadow_of(rendering, lamp((towards * 1e4).tolist()))
    assert sun.sum() > 100 and ((sun > 0.5) != (far > 0.5)).sum() <= 0.02 * sun.sum()


def test_thickness_decides_whether_a_thing_in_front_shades_what_is_far_behind():
    depth = torch.full((1, 60, 80), 4.0)
    depth[:, 20:40, 30:34] = 2.0
    surface = closed_form.pointmap(depth)
    normals = torch.tensor([0.0, 0, -1]).expand_as(surface.points)
    surface, light = replace(surface, normals=normals), lamp((0.5, 0, 2.5))
    assert not cast_shadow(surface, light, Casting(thickness=0.01)).any()
    assert cast_shadow(surface, light, Casting(thickness=0.7)).sum() > 50


def test_a_larger_light_has_a_wider_penumbra_of_the_same_shadow():
    scene = box_on_floor()
    rendering = seen(scene, 120, 212)
    widths, amounts = [], []
    for radius in (0.0, 0.1, 0.3):
        light = lamp_in_world(scene, (-1.0, -1.2, -0.5), radius=radius)
        found = shadow_of(rendering, light, samples=16) * (rendering.object_ids[0] == 0)
        widths.append(int(((found > 0.1) & (found < 0.9)).sum()))
        amounts.append(float(found.sum()))
    assert widths[0] < widths[1] < widths[2]
    assert amounts[1] == pytest.approx(amounts[0], rel=0.3)


def test_the_lines_of_a_soft_shadow_are_as_near_to_the_truth_as_finer_ones(monkeypatch):
    scene = random_scene(seed=3, kind="room")
    rendering = render(scene, scene.camera, 216, 384, samples=0, dtype=torch.float32)
    surface, how = surface_of(rendering), Casting(bias=0.025)
    middle = float(surface.depth[surface.mask].median())
    light = lamp((0.4 * middle, -0.5 * middle, 0.3 * middle), radius=0.1 * middle, reach=2 * middle)
    wide = cast_shadow(surface, light, how)
    assert shadow._soft_spacing(how.bias, float(surface.intrinsics[0, 0, 0]) * 384) > 2
    assert shadow._soft_spacing(5e-4, 900.0) == 1
    monkeypatch.setattr(shadow, "SOFT_SPACING", 1.0)
    fine, truth = cast_shadow(surface, light, how), cast_shadow(surface, light, Casting(bias=how.bias, samples=48))
    assert 0.02 < truth.mean() < 0.98
    assert (wide - truth).abs().mean() <= 1.1 * (fine - truth).abs().mean()
    assert (wide - fine).square().mean().sqrt() < 0.01


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (3, 4)])
@pytest.mark.parametrize("valid", [True, False])
def test_tiny_and_empty_maps_have_no_shadow_and_no_nan(size, valid):
    depth = torch.full((2, *size), 2.0)
    surface = closed_form.pointmap(depth, torch.full_like(depth, float(valid)) > 0)
    normals = torch.tensor([0.0, 0, -1]) * surface.mask[..., None]
    light = lamp((0.5, 0.5, 0.5), radius=0.1)
    light = light[torch.tensor([0, 0])]
    found = cast_shadow(replace(surface, normals=normals), light)
    assert found.shape == depth.shape and not found.any() and found.isfinite().all()


def test_pixels_of_a_very_large_picture_are_found():
    """Beyond 2 ** 24 pixels a float32 no longer counts them one by one."""
    places = torch.tensor([[0, 1], [4096, 4095], [4096, 4096]])
    depth = torch.zeros(4097, 4097)
    depth[places[:, 0], places[:, 1]] = torch.tensor([2.0, 4.0, 5.0])

    class Steps:
        def positions(self, device):
            return places[:, 1:] + 0.5, places[:, :1] + 0.5

    assert torch.allclose(_Occluders.of(depth).along(Steps())[:, 0], torch.tensor([0.5, 0.25, 0.2]))


def test_a_surface_without_normals_is_refused():
    surface = closed_form.pointmap(closed_form.plane(9, 16, 0.0)[0])
    with pytest.raises(ValueError, match="came without normals"):
        cast_shadow(surface, lamp((1, -0.2, 0.2)))
