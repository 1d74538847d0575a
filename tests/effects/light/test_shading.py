"""Shading laws: Lambert's closed form, falloff, the horizon of a light, and what a highlight may do."""

import math

import pytest
import torch
from lit_scenes import lamp
from torch.nn import functional as F

from sam3d_geometry.effects.light.shading import NEAREST_SHARE, ggx, lambert, light_at


def upward(n):
    return torch.tensor([[0.0, 0.0, -1.0]]).expand(n, 3)


def test_a_white_surface_facing_the_light_at_its_reach_is_seen_as_white():
    _, strength, sine = light_at(torch.tensor([[0.0, 0, 3]]), lamp((0, 0, 1), reach=2.0), 0)
    assert strength.item() == pytest.approx(1) and sine.item() == 0


@pytest.mark.parametrize("falloff", [0.0, 1.0, 2.0])
def test_light_falls_off_with_its_power_of_the_distance(falloff):
    points = torch.tensor([[0.0, 0, 2], [0, 0, 5]])
    _, strength, _ = light_at(points, lamp((0, 0, 1), falloff=falloff), 0)
    assert torch.allclose(strength, torch.tensor([1.0, 4.0]) ** -falloff)


def test_no_light_is_brighter_than_close_by_and_nothing_is_infinite_at_it():
    _, strength, sine = light_at(torch.tensor([[0.0, 0, 1], [0, 0, 1 + 1e-9]]), lamp((0, 0, 1), reach=1.0), 0)
    assert torch.allclose(strength, torch.tensor(NEAREST_SHARE**-2.0)) and sine.isfinite().all()


def test_a_disc_lights_only_what_lies_before_it():
    points = torch.tensor([[0.0, 0, 2], [1, 0, 2], [0, 0, 0.5]])
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
    shine = ggx(upward(len(away)), to_light.expand_as(away), away, roughness, torch.zeros(len(away)))
    # radiance times cosine over the hemisphere, against pi times the light's cosine that came in
    sent = (shine * -away[:, 2]).mean() * 2
    assert 0.01 < sent / -to_light[0, 2] < 1


def test_a_highlight_is_brightest_at_the_mirror_direction_and_none_is_behind():
    to_light = F.normalize(torch.tensor([[1.0, 0, -1]]), dim=-1).expand(181, 3)
    angle = torch.deg2rad(torch.linspace(-90, 90, 181))
    to_camera = torch.stack([torch.sin(angle), torch.zeros_like(angle), -torch.cos(angle)], -1)
    shine = ggx(upward(181), to_light, to_camera, 0.2, torch.zeros(181))
    assert abs(int(shine[20:-20].argmax()) + 20 - 45) <= 2
    assert not ggx(upward(181), -to_light, to_camera, 0.2, torch.zeros(181)).any()
