"""Drafts: half of each side, and what the final picture is at that size, for every effect."""

import math

import pytest
import torch
from closed_form import pointmap

from sam3d_geometry.effects.air.fog import FogLayer, fog
from sam3d_geometry.effects.camera.camera_move import ViewSettings, camera_move
from sam3d_geometry.effects.camera.camera_path import preset_path
from sam3d_geometry.effects.camera.stereo import stereo
from sam3d_geometry.effects.lens.aperture import Aperture
from sam3d_geometry.effects.lens.depth_of_field import depth_of_field
from sam3d_geometry.effects.light.composite import Compositing
from sam3d_geometry.effects.light.layer import LayerPlacement
from sam3d_geometry.effects.light.layer_source import Insertion, Picture
from sam3d_geometry.effects.light.lights import Light, place_lights
from sam3d_geometry.effects.light.relight import Relighting, relight_surface
from sam3d_geometry.effects.light.surface import surface_at_image
from sam3d_geometry.effects.quality import (
    DRAFT,
    FINAL,
    RENDER_QUALITIES,
    at_quality,
    draft_size,
    half_picture,
    held_size,
    pixels_at,
    smoothing_at,
)
from sam3d_geometry.geometry.resize import pointmap_at_image

SIZE = (120, 160)
PSNR_LEAST = 30.0  # decibels against the final picture at half the size


def hill(size=SIZE, photo_size=SIZE):
    """A soft hill before a wall, with a photo of soft stripes at `photo_size`."""
    v, u = (torch.linspace(-1, 1, n) for n in size)
    depth = 3 - 0.8 * torch.exp(-3 * (u[None] ** 2 + v[:, None] ** 2))
    rows, columns = (torch.linspace(0, 30, n) for n in photo_size)
    stripes = 0.5 + 0.35 * torch.sin(rows[:, None] + torch.tensor([0.0, 1.0, 2.0])[:, None, None]) * torch.cos(columns)
    photo = stripes.permute(1, 2, 0)[None].contiguous()
    return pointmap(depth[None].double()), photo


def moved(quality, scene, photo):
    scene, photo = at_quality(quality, scene, photo)
    path = preset_path("slide", 1, 0.05, 2.5)
    return next(camera_move(scene, path, photo, ViewSettings(margin=pixels_at(quality, 4))))


def seen_by_two_eyes(quality, scene, photo):
    return next(stereo(*at_quality(quality, scene, photo)))


def out_of_focus(quality, scene, photo):
    full = pointmap_at_image(*at_quality(quality, scene, photo))
    return depth_of_field(full, torch.tensor([2.2]), torch.tensor([0.12]), Aperture())


def in_fog(quality, scene, photo):
    full = pointmap_at_image(*at_quality(quality, scene, photo))
    return fog(full, FogLayer(extinction=0.4))


def lit(quality, scene, photo):
    lamps = place_lights([Light(kind="point", pixel=(0.3, 0.3), distance=0.5, radius=0.0)], scene)
    radius = smoothing_at(quality, 4, scene, photo)
    surface = surface_at_image(*at_quality(quality, scene, photo), radius)
    return relight_surface(surface, lamps, Relighting(ambient=0.5))


def with_a_card(quality, scene, photo):
    card = Picture(torch.full((1, 8, 8, 3), 0.7), None, False)
    places = card.place(LayerPlacement(where="distance", pixel=(0.5, 0.5), distance=0.7, size=0.2), scene)
    mixing = Compositing(edge_refine=pixels_at(quality, 4))
    return Insertion(card, places, mixing).onto(surface_at_image(*at_quality(quality, scene, photo)))


EFFECTS = (moved, seen_by_two_eyes, out_of_focus, in_fog, lit, with_a_card)


def psnr(found, truth):
    return -10 * math.log10(max(float((found - truth).square().mean()), 1e-12))


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda e: e.__name__)
def test_a_draft_is_what_the_final_picture_is_at_half_the_size(effect):
    scene, photo = hill()
    final, draft = effect(FINAL, scene, photo), effect(DRAFT, scene, photo)
    assert psnr(final[0], photo if final[0].shape == photo.shape else final[0] * 0) < 40, "the effect does something"
    for whole, small in zip(final, draft):
        wanted = half_picture(whole[..., None] if whole.dim() == 3 else whole)
        small = small[..., None] if small.dim() == 3 else small
        assert small.shape == wanted.shape
        scale = max(1.0, float(wanted.abs().max()))
        assert psnr(small / scale, wanted / scale) > PSNR_LEAST


def test_final_takes_what_came():
    scene, photo = hill()
    kept, same = at_quality(FINAL, scene, photo)
    assert kept is scene and same is photo and pixels_at(FINAL, 5) == 5 and smoothing_at(FINAL, 7, scene, photo) == 7


@pytest.mark.parametrize("size", [(120, 160), (121, 161), (2, 3)])
def test_a_draft_has_half_of_each_side_rounded_up(size):
    scene, photo = hill(photo_size=size)
    small, half = at_quality(DRAFT, scene, photo)
    assert half.shape[1:3] == draft_size(size) == small.source_size == ((size[0] + 1) // 2, (size[1] + 1) // 2)
    assert half_picture(torch.full((1, *size, 3), 0.4)).sub(0.4).abs().max() < 1e-6


def test_points_are_kept_where_there_are_no_more_than_pixels():
    scene, photo = hill(size=(30, 40))
    small, _ = at_quality(DRAFT, scene, photo)
    assert small.points is scene.points and held_size(DRAFT, scene, photo) == (30, 40)
    scene, photo = hill()
    small, _ = at_quality(DRAFT, scene, photo)
    assert small.size == held_size(DRAFT, scene, photo) == (60, 80) and smoothing_at(DRAFT, 8, scene, photo) == 4
    assert (small.depth.mean() - scene.depth.mean()).abs() < 0.01


def test_without_a_photo_the_pointmaps_own_picture_is_taken():
    scene, _ = hill()
    small, photo = at_quality(DRAFT, scene)
    assert photo is None and small.source_size == (60, 80) and pointmap_at_image(small).image.shape == (1, 60, 80, 3)


@pytest.mark.parametrize("function", [lambda q: pixels_at(q, 3), lambda q: at_quality(q, hill()[0])])
def test_another_word_is_refused(function):
    with pytest.raises(ValueError, match="render_quality came as 'fast'; choose one of final, draft"):
        function("fast")
    assert RENDER_QUALITIES == (FINAL, DRAFT)
