"""Occlusion composite: cut where the geometry says, before the sky, its shadow and its edges."""

from dataclasses import replace
from types import SimpleNamespace

import closed_form
import pytest
import torch
from lit_scenes import ball, far_from_edge, wall

from sam3d_geometry.effects.light.composite import Compositing, composite, in_front, refine_edges
from sam3d_geometry.effects.light.layer import LayerPlacement, card_layer, mesh_layer, place_layer
from sam3d_geometry.effects.light.lights import Light, place_lights
from sam3d_geometry.effects.light.surface import surface_at_image
from sam3d_geometry.geometry.crop import bounding_window

SIZE = (120, 160)
PLAIN = Compositing(feather=0.0, shadow_strength=0.0)
WHITE_CARD = torch.ones(1, 64, 64, 4)


def test_a_ball_pushed_through_a_wall_is_cut_where_the_geometry_says():
    surface = wall()
    # a ball of radius 1 whose middle is half a unit behind the wall: its cap in front of the wall is seen
    placed = place_layer(
        LayerPlacement(where="distance", pixel=(0.5, 0.5), distance=4.5, size=2.0, unit="metres"), surface
    )
    layer = mesh_layer(*ball(), placed, surface)
    _, covered, _ = composite(surface, layer, placed, PLAIN)
    depth, _ = closed_form.sphere(*SIZE, distance=4.5, radius=1.0)
    truth = ((depth > 0) & (depth < 4.0))[0]
    assert truth.sum() > 1000 and (~truth & (depth > 0)[0]).sum() > 200
    assert far_from_edge(covered[0] > 0.5, truth, torch.ones_like(truth)) == 0
    seen = layer.alpha[0] == 1
    inner = seen & (closed_form.sphere(*SIZE, distance=4.5, radius=0.9)[0][0] > 0)
    assert (layer.depth[0] - depth[0])[inner].abs().max() < 0.01


@pytest.mark.parametrize("yaw", [-60.0, 35.0])
def test_a_turned_card_pushed_through_a_wall_is_cut_along_their_line(yaw):
    surface = wall()
    placed = place_layer(
        LayerPlacement(where="distance", pixel=(0.5, 0.5), distance=4.0, size=2.0, yaw=yaw, unit="metres"), surface
    )
    _, covered, _ = composite(surface, card_layer(WHITE_CARD, placed, surface), placed, PLAIN)
    # the card turns about the upright axis through its middle, which lies on the wall: one half is before it
    x, y = (closed_form.rays(*SIZE)[0, ..., i] for i in (0, 1))
    turn = torch.deg2rad(torch.tensor(yaw, dtype=torch.float64))
    depth = 4.0 * turn.cos() / (turn.cos() + x * turn.sin())
    across = depth * x * turn.cos() + (4.0 - depth) * turn.sin()
    truth = (depth < 4.0) & (across.abs() < 1) & ((depth * y).abs() < 1)
    assert truth.sum() > 300
    assert far_from_edge(covered[0] > 0.5, truth, torch.ones_like(truth)) == 0


def test_feather_is_the_depth_over_which_they_give_way():
    surface = wall()
    depth = torch.tensor([3.0, 3.9, 4.0, 4.1, 5.0]).view(1, 1, 5).expand(1, 120, 5)
    layer = SimpleNamespace(depth=torch.nn.functional.pad(depth, (0, 155)))
    share = in_front(layer, surface, torch.tensor([0.4]))
    assert torch.allclose(share[0, 0, :5], torch.tensor([1.0, 0.75, 0.5, 0.25, 0.0]), atol=1e-5)
    assert not share[0, :, 5:].any()


def test_the_sky_is_behind_everything():
    surface = closed_form.pointmap(torch.zeros(1, *SIZE))
    surface = surface_at_image(surface)
    placed = place_layer(LayerPlacement(where="distance", pixel=(0.5, 0.5), distance=1e3, size=1e3), surface)
    picture, covered, shadow = composite(surface, card_layer(WHITE_CARD, placed, surface), placed)
    assert covered[0, 60, 80] == 1 and picture[0, 60, 80].min() > 0.99 and not shadow.any()


def test_a_standing_card_has_its_foot_on_the_surface_and_a_shadow_there():
    depth, _ = closed_form.plane(*SIZE, 60.0, -90.0, 3.0)  # a floor
    surface = surface_at_image(closed_form.pointmap(depth, image=torch.full((1, *SIZE, 3), 0.5)))
    placed = place_layer(LayerPlacement(where="surface", pixel=(0.5, 0.6), size=0.3, upright=True), surface)
    layer = card_layer(WHITE_CARD, placed, surface)
    _, covered, shadow = composite(surface, layer, placed, Compositing(shadow_samples=5, shadow_resolution=80))
    rows = (covered[0] > 0.5).nonzero()[:, 0]
    assert abs(int(rows.max()) - 0.6 * SIZE[0]) <= 2
    assert shadow.max() > 0.1 and shadow[0, 72:, 60:100].sum() > shadow[0, :20].sum()
    assert not composite(surface, layer, placed, replace(PLAIN))[2].any()


def test_refining_moves_a_cut_onto_the_photos_edge_and_leaves_flat_photos_alone():
    share = (torch.arange(160) < 77).float().expand(1, 120, 160)
    everywhere = torch.ones(1, 120, 160, dtype=torch.bool)
    flat = torch.full((1, 120, 160, 3), 0.5)
    assert torch.allclose(refine_edges(share, everywhere, flat, 4), share, atol=1e-4)
    photo = (torch.arange(160) < 80).float()[None, None, :, None].expand(1, 120, 160, 3)
    assert torch.equal(refine_edges(share, everywhere, photo, 0), share)
    refined = refine_edges(share, everywhere, photo, 4)
    assert refined[..., 77:80].min() > 0.25 and refined[..., 80:].max() < 0.01 and refined[..., :76].min() > 0.7
    # what lies outside the layer says nothing about it
    inside = (torch.arange(160) >= 40).expand(1, 120, 160)
    assert torch.allclose(refine_edges(share * inside, inside, photo, 4)[..., 40:70], torch.ones(1), atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (6, 1)])
@pytest.mark.parametrize("valid", [True, False])
def test_tiny_and_empty_maps_keep_their_size_without_nan(size, valid):
    depth = torch.full((2, *size), 2.0 if valid else 0.0)
    surface = surface_at_image(closed_form.pointmap(depth, image=torch.rand(2, *size, 3)))
    for where in ("surface", "distance"):
        placed = place_layer(LayerPlacement(where=where), surface)
        for layer in (card_layer(WHITE_CARD, placed, surface), mesh_layer(*ball(12), placed, surface)):
            outputs = composite(surface, layer, placed, Compositing(edge_refine=3, shadow_samples=4))
            assert outputs[0].shape == (2, *size, 3) and outputs[1].shape == outputs[2].shape == (2, *size)
            assert all(o.isfinite().all() and o.min() >= 0 and o.max() <= 1 for o in outputs)


def test_the_shadow_of_a_mesh_as_it_is_does_not_ask_where_it_was_not_put():
    surface = wall()
    vertices, faces = ball(24)
    vertices = vertices * 0.5 + torch.tensor([0.0, 0.0, -3.0])
    how, shadows = Compositing(shadow_samples=1, shadow_resolution=80), []
    for pixel, distance in (((0.5, 0.5), 1.0), ((0.9, 0.2), 0.3)):
        placed = place_layer(LayerPlacement(where="as is", pixel=pixel, distance=distance), surface)
        lamps = place_lights([Light(placement="camera", offset=(0.0, 0.3, 0.0), unit="metres")], surface)
        layer = mesh_layer(vertices, faces, placed, surface, lights=lamps)
        shadows.append(composite(surface, layer, placed, how, lamps)[2])
    assert shadows[0].max() > 0.5 and torch.equal(*shadows)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: LayerPlacement(where="in the air"), "in the air"),
        (lambda: LayerPlacement(size=0.0), "layer_size"),
        (lambda: Compositing(catcher="sea"), "sea"),
        (lambda: Compositing(feather=-1.0), "feather"),
        (
            lambda: place_layer(LayerPlacement(unit="metres"), closed_form.pointmap(torch.ones(1, 4, 4))),
            "scene depth",
        ),
    ],
)
def test_bad_values_are_refused_in_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_beside_a_layer_and_its_shadow_the_picture_is_the_photo_to_the_bit():
    depth, _ = closed_form.plane(*SIZE, 60.0, -90.0, 3.0)
    photo = torch.rand(1, *SIZE, 3, generator=torch.Generator().manual_seed(0))
    surface = surface_at_image(closed_form.pointmap(depth, image=photo))
    placed = place_layer(LayerPlacement(where="surface", pixel=(0.5, 0.6), size=0.3, upright=True), surface)
    picture, covered, shadow = composite(surface, card_layer(WHITE_CARD, placed, surface), placed, Compositing())
    touched = bounding_window((covered > 0) | (shadow > 0))
    beside = torch.ones(1, *SIZE, dtype=torch.bool)
    beside[:, touched.rows, touched.columns] = False
    assert 0.2 < float(beside.float().mean()) < 1
    assert torch.equal(picture[beside], photo[beside]) and not torch.allclose(picture, photo, atol=0.1)
