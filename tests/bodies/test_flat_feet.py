"""Feet that stand flat keep one direction; what rolls or pivots is left to."""

import torch

from sam3d_geometry.bodies.flat_feet import flat_turns
from sam3d_geometry.bodies.rotation_maths import rotation_from_vector, vector_from_rotation

FRAMES, FPS = 40, 24.0
SOLE = torch.tensor([[0.0, 0.0, -0.06], [0.03, 0.0, 0.15], [-0.03, 0.0, 0.14]], dtype=torch.float64)


def feet(vectors):
    """Turns (N, 2, 3, 3) and soles (N, 2, 3, 3) of two feet that are turned alike by rotation vectors (N, 3)."""
    turns = rotation_from_vector(vectors)[:, None].expand(-1, 2, -1, -1)
    return turns, torch.einsum("nfab,kb->nfka", turns, SOLE)


def test_a_foot_that_trembles_stands_in_its_mean_direction():
    unrest = 0.02 * torch.randn(FRAMES, 3, generator=torch.Generator().manual_seed(0)).double()
    turns, soles = feet(unrest)
    contacts = torch.ones(FRAMES, 2, dtype=torch.bool)
    made = flat_turns(turns, soles, contacts, FPS) @ turns
    tilt = soles[:, 0, :, 1].amax(-1) - soles[:, 0, :, 1].amin(-1)
    flat = tilt <= torch.quantile(tilt, 0.2) + 0.015
    assert flat.float().mean() > 0.7
    away = vector_from_rotation(made[flat, 0] @ made[flat, 0][:1].mT).norm(dim=-1)
    assert away.max() < 1e-6
    assert vector_from_rotation(made[flat, 0]).norm(dim=-1).max() < 0.01


def test_a_foot_in_the_air_and_one_that_rolls_off_stay():
    pitch = torch.zeros(FRAMES, 3, dtype=torch.float64)
    pitch[30:, 0] = torch.linspace(0, 0.8, 10)  # the heel rises
    turns, soles = feet(pitch)
    contacts = torch.zeros(FRAMES, 2, dtype=torch.bool)
    identity = torch.eye(3, dtype=torch.float64)
    assert torch.equal(flat_turns(turns, soles, contacts, FPS), identity.expand(FRAMES, 2, 3, 3))
    contacts[:, 0] = True
    made = flat_turns(turns, soles, contacts, FPS)
    assert vector_from_rotation(made).norm(dim=-1).max() < 0.02
    assert torch.equal(made[:, 1], identity.expand(FRAMES, 3, 3))


def test_a_foot_that_pivots_is_left_to():
    yaw = torch.zeros(FRAMES, 3, dtype=torch.float64)
    yaw[:, 1] = torch.linspace(-0.8, 0.8, FRAMES)
    turns, soles = feet(yaw)
    made = flat_turns(turns, soles, torch.ones(FRAMES, 2, dtype=torch.bool), FPS)
    angles = vector_from_rotation(made).norm(dim=-1)[:, 0]
    assert angles[yaw[:, 1].abs() > 0.3].max() < 1e-6 and angles.max() < 0.16


def test_a_correction_fades_before_and_after():
    unrest = torch.zeros(FRAMES, 3, dtype=torch.float64)
    unrest[15:25, 1] = torch.tensor([0.05, -0.05]).double().repeat(5)
    turns, soles = feet(unrest)
    contacts = torch.zeros(FRAMES, 2, dtype=torch.bool)
    contacts[15:25] = True
    angles = vector_from_rotation(flat_turns(turns, soles, contacts, FPS)).norm(dim=-1)[:, 0]
    assert angles[15] > 0.04 and angles[10] < 1e-6 and 0.005 < angles[13] < 0.045
