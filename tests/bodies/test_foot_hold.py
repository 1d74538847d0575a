"""Feet that are flat are held as they are turned, and let go without a jump."""

import torch

from sam3d_geometry.bodies.foot_hold import flat_times, held_turns, held_values
from sam3d_geometry.bodies.rotation_maths import rotation_from_vector, vector_from_rotation

FPS = 24.0
SOLE = torch.tensor([[0.0, 0.08, -0.05], [0.0, 0.08, 0.2], [0.05, 0.08, 0.17]], dtype=torch.float64)


def rolling(noise=0.0, seed=0):
    """A foot (30 frames) that comes toes up, is flat from frame 8 to 20, and leaves heel up; radians of its pitch, and its turns."""
    pitch = torch.zeros(30, dtype=torch.float64)
    pitch[:8], pitch[21:] = torch.linspace(0.5, 0.06, 8), -torch.linspace(0.06, 0.7, 9)
    jitter = noise * torch.randn(30, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return rotation_from_vector(torch.stack([pitch, 0 * pitch, 0 * pitch], 1) + jitter)


def feet_of(turns):
    points = torch.einsum("tab,kb->tka", turns, SOLE)
    return torch.stack([points, points], 1), torch.zeros(30, 2, 3, dtype=torch.float64)


def test_only_the_time_in_which_a_foot_is_flat_is_found():
    stands = torch.ones(30, 2, dtype=torch.bool)
    stands[:, 1] = False
    for noise in (0.0, 0.01):
        (time,), none = flat_times(*feet_of(rolling(noise)), stands)
        assert none == [] and abs(time[0] - 8) <= 1 and abs(time[1] - 20) <= 1


def test_turns_stay_while_it_is_flat_and_do_not_jump_after():
    turns = rolling(0.01)[:, None]
    held = held_turns(turns, [(8, 20)], FPS)
    assert (held[8:21] - held[8]).abs().max() < 1e-12
    steps = vector_from_rotation(held[1:] @ held[:-1].mT).norm(dim=-1)
    own = vector_from_rotation(turns[1:] @ turns[:-1].mT).norm(dim=-1)
    assert steps.max() < own.max() + 0.01
    assert torch.equal(held[:3], turns[:3]) and torch.equal(held[26:], turns[26:])


def test_values_stay_at_their_mean_and_come_back():
    values = torch.randn(40, 2, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    made = values + held_values(values, [(5, 10), (14, 20)], FPS)
    for first, last in ((5, 10), (14, 20)):
        torch.testing.assert_close(
            made[first : last + 1], values[first : last + 1].mean(0).expand(last - first + 1, 2, 3)
        )
    assert torch.equal(made[26:], values[26:]) and not held_values(values, [], FPS).any()
