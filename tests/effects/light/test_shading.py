"""Shading laws: Lambert's closed form, falloff, the horizon of a light, and what a highlight may do."""

import math

import pytest
import torch
from lit_scenes import lamp
from torch.nn import functional as F

from sam3d_geometry.effects.light.shading import NEAREST_SHARE, ggx, lambert, light_at, unit


def test_a_white_surface_facing_the_light_at_its_reach_is_seen_as_white():
    _, strength, sine = light_at(torch.tensor([[0.0, 0, 3]]).T, lamp((0, 0, 1), reach=2.0), 0)
    assert strength.item() == pytest.approx(1) and sine.item() == 0


@pytest.mark.parametrize("falloff", [0.0, 1.0, 2.0])
def test_light_falls_off_with_its_power_of_the_distance(falloff):
    points = torch.tensor([[0.0, 0, 2], [0, 0, 5]]).T
    _, strength, _ = light_at(points, lamp((0, 0, 1), falloff=falloff), 0)
    assert torch.allclose(strength, torch.tensor([1.0, 4.0]) ** -falloff)


def test_no_light_is_brighter_than_close_by_and_nothing_is_infinite_at_it():
    _, strength, sine = light_at(torch.tensor([[0.0, 0, 1], [0, 0, 1 + 1e-9]]).T, lamp((0, 0, 1), reach=1.0), 0)
    assert torch.allclose(strength, torch.tensor(NEAREST_SHARE**-2.0)) and sine.isfinite().all()


def test_a_disc_lights_only_what_lies_before_it():
    points = torch.tensor([[0.0, 0, 2], [1, 0, 2], [0, 0, 0.5]]).T
    _, strength, _ = light_at(points, lamp((0, 0, 1), kind="area", reach=1.0), 0)
    assert torch.allclose(strength, torch.tensor([1.0, 0.5 * math.sqrt(0.5), 0.0]))


def test_light_behind_the_surface_gives_nothing():
    cosines = torch.linspace(-1, 0, 50)
    assert not lambert(cosines, torch.zeros(50)).any()
    assert not lambert(cosines, torch.full((50,), 0.3))[cosines <= -0.3].any()


def test_the_horizon_cuts_a_light_smoothly_and_leaves_the_cosine_above_it():
    cosine, sine = torch.linspace(-1, 1, 20001), torch.full((20001,), 0.25)
    share = lambert(cosine, sine)
    assert torch.equal(share[cosine >= 0.25], cosine[cosine >= 0.25])
    assert share.diff().min() >= 0 and share.diff().diff().abs().max() < 1e-4


def test_a_half_hidden_ball_gives_what_integration_over_its_visible_part_gives():
    # a ball of half angle s whose middle is on the horizon: brute force over its directions
    s = 0.4
    z, phi = torch.meshgrid(
        torch.linspace(math.sqrt(1 - s * s), 1, 400).double(),
        torch.linspace(0, 2 * math.pi, 400).double(),
        indexing="ij",
    )
    upwards = ((1 - z * z).clamp_min(0).sqrt() * torch.cos(phi)).clamp_min(0)
    exact = upwards.mean() / z.mean()
    found = lambert(torch.zeros(1), torch.tensor([s]))
    assert found.item() == pytest.approx(exact.item(), rel=0.25)


@pytest.mark.parametrize("roughness", [0.2, 0.5, 1.0])
def test_a_highlight_sends_back_no_more_than_came_in(roughness):
    torch.manual_seed(0)
    to_light = F.normalize(torch.tensor([[0.5, 0.0, -1.0]]), dim=-1)
    away = F.normalize(torch.randn(200_000, 3), dim=-1)
    away[:, 2] = -away[:, 2].abs()
    n_l, n_v, l_v = -to_light[:, 2].expand(len(away)), -away[:, 2], away @ to_light[0]
    shine = ggx(n_l, n_v, l_v, roughness, torch.zeros(len(away)))
    # radiance times cosine over the hemisphere, against pi times the light's cosine that came in
    sent = (shine * n_v).mean() * 2
    assert 0.01 < sent / -to_light[0, 2] < 1


def test_a_highlight_is_brightest_at_the_mirror_direction_and_none_is_behind():
    angle = torch.deg2rad(
        torch.linspace(-90, 90, 181)
    )  # of the camera, from the normal away from a light at -45 degrees
    n_l = torch.full((181,), math.sqrt(0.5))
    shine = ggx(n_l, torch.cos(angle), torch.cos(angle + math.radians(45)), 0.2, torch.zeros(181))
    assert abs(int(shine[20:-20].argmax()) + 20 - 135) <= 2
    assert not ggx(-n_l, torch.cos(angle), -torch.cos(angle + math.radians(45)), 0.2, torch.zeros(181)).any()


def test_a_light_straight_behind_the_surface_makes_no_highlight_and_no_nan():
    # light and camera opposite each other have no direction halfway between them
    assert torch.equal(ggx(*torch.tensor([[0.0], [0.0], [-1.0]]), 0.5, torch.zeros(1)), torch.zeros(1))


def test_the_highlight_is_that_of_the_microfacet_model_written_with_its_half_vector():
    torch.manual_seed(1)
    normal, light, camera = F.normalize(torch.randn(3, 1000, 3, dtype=torch.float64), dim=-1)
    half, square = F.normalize(light + camera, dim=-1), 0.4**4
    cosines = [
        (a * b).sum(-1) for a, b in ((normal, light), (normal, camera), (light, camera), (normal, half), (camera, half))
    ]
    n_l, n_v, l_v, n_h, v_h = cosines
    spread = n_h.clamp_min(0).square() * (square - 1) + 1
    met, seen = n_l.clamp_min(0), n_v.clamp_min(1e-3)
    masked = [a * (b.square() * (1 - square) + square).sqrt() for a, b in ((met, seen), (seen, met))]
    fresnel = 0.04 + 0.96 * (1 - v_h.clamp_min(0)) ** 5
    exact = square / spread.square() * fresnel * met * 0.5 / sum(masked)
    assert torch.allclose(ggx(n_l, n_v, l_v, 0.4, torch.zeros(1000, dtype=torch.float64)), exact, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("vectors", [torch.randn(3, 50), torch.zeros(3, 2), torch.full((3, 2), 1e-30)])
def test_unit_vectors_have_length_one_and_nothing_has_no_direction(vectors):
    assert torch.allclose(unit(vectors), F.normalize(vectors, dim=0), atol=1e-6)
