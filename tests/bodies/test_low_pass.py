"""Smoothing over time: what is slow stays, what trembles goes, and nothing comes later."""

import math

import pytest
import torch

from sam3d_geometry.bodies.low_pass import fitting_hz, low_pass, low_pass_rotations, speed_left, unwrapped
from sam3d_geometry.bodies.rotation_maths import rotation_from_vector, vector_from_rotation

FPS = 30.0
TIME = torch.arange(120, dtype=torch.float64) / FPS


def wave(hz):
    return torch.sin(2 * math.pi * hz * TIME)


def test_slow_stays_and_fast_goes_and_a_straight_way_is_exact():
    assert (low_pass(wave(1), 6, FPS) - wave(1)).abs().max() < 0.01
    assert low_pass(wave(13), 6, FPS)[15:-15].abs().max() < 0.02
    straight = torch.stack([3 * TIME - 1, 0 * TIME + 2], 1)
    assert torch.allclose(low_pass(straight, 4, FPS), straight, atol=1e-6)


def test_there_is_no_delay():
    bump = torch.exp(-0.5 * ((TIME - 2) / 0.1) ** 2)
    smooth = low_pass(bump, 3, FPS)
    assert int(smooth.argmax()) == int(bump.argmax())
    assert torch.allclose(smooth, smooth[torch.arange(120, 0, -1) % 120], atol=1e-3)


@pytest.mark.parametrize(("frames", "hz"), [(120, 0), (120, 15), (120, 40), (3, 6), (1, 6)])
def test_nothing_is_done_where_nothing_can_be(frames, hz):
    values = torch.randn(frames, 2, dtype=torch.float64)
    assert torch.equal(low_pass(values, hz, FPS), values)


@pytest.mark.parametrize("frames", [4, 7, 20])
def test_short_shots_work(frames):
    assert low_pass(torch.ones(frames, 3), 6, FPS).sub(1).abs().max() < 1e-9


def test_rotations_go_through_half_a_turn_and_lose_their_trembling():
    torch.manual_seed(0)
    axis = torch.nn.functional.normalize(torch.tensor([0.3, 1.0, -0.2], dtype=torch.float64), dim=0)
    slow = rotation_from_vector((TIME * 2)[:, None] * axis)
    shaken = slow @ rotation_from_vector(0.03 * torch.randn(120, 3, dtype=torch.float64))

    def off(rotations):
        return vector_from_rotation(rotations.mT @ slow).norm(dim=1).mean()

    assert off(low_pass_rotations(shaken, 3, FPS)) < 0.6 * off(shaken)
    assert off(low_pass_rotations(slow, 3, FPS)) < 1e-3


def test_angles_without_jumps():
    angles = torch.tensor([[3.0], [-3.1], [3.1], [-3.0]], dtype=torch.float64)
    assert unwrapped(angles).diff(dim=0).abs().max() < 0.5


def test_the_cut_off_follows_how_much_it_trembles():
    time = torch.arange(96, dtype=torch.float64) / 24
    true = torch.sin(2 * math.pi * time)[:, None] * torch.tensor([1.0, 0.5, 0.2], dtype=torch.float64)
    noise = torch.randn(96, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    chosen = [fitting_hz(true + size * noise, 6.0, 24.0) for size in (0.0, 0.02, 0.3)]
    assert chosen[0] == 6.0 and chosen[2] < chosen[1] <= 6.0 and chosen[2] < 3
    off = [(low_pass(true + 0.3 * noise, hz, 24.0) - true).square().mean() for hz in (6.0, chosen[2])]
    assert off[1] < 0.6 * off[0]
    assert fitting_hz(noise[:8], 6.0, 24.0) == 6.0 and fitting_hz(noise, 0.0, 24.0) == 0.0


def test_the_speed_that_is_left_of_trembling_is_told():
    noise = torch.randn(4000, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    smooth = low_pass(noise, 4.0, 24.0)
    taken = float((noise - smooth).square().mean().sqrt())
    left = float((smooth.diff(dim=0) * 24).square().mean().sqrt())
    assert speed_left(taken, 4.0, 24.0) == pytest.approx(left, rel=0.05) and speed_left(1.0, 0.0, 24.0) == 0
