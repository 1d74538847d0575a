"""Rotations come back from every form that they are written in, and the least turn is the least."""

import math

import pytest
import torch
from scipy.spatial.transform import Rotation

from sam3d_geometry.bodies.rotation_maths import (
    are_rotations,
    best_rotation,
    continuous,
    euler_zxy_degrees,
    least_turn,
    quaternion_xyzw,
    rotation_from_euler,
    rotation_from_vector,
    rotation_from_xyzw,
    vector_from_rotation,
)


@pytest.fixture
def turns():
    """Random rotations, and half turns about every axis, at which quaternions are hardest."""
    random = Rotation.random(200, random_state=0).as_matrix()
    half = Rotation.from_rotvec([[math.pi, 0, 0], [0, math.pi, 0], [0, 0, math.pi], [0, 0, 0]]).as_matrix()
    return torch.cat([torch.tensor(random), torch.tensor(half)])


def test_quaternions_and_vectors_are_what_scipy_says_and_come_back(turns):
    wanted = Rotation.from_matrix(turns.numpy())
    found = quaternion_xyzw(turns)
    assert (rotation_from_xyzw(found) - turns).abs().max() < 1e-12
    assert abs((found * torch.tensor(wanted.as_quat())).sum(-1).abs().min() - 1) < 1e-12
    assert (rotation_from_vector(vector_from_rotation(turns)) - turns).abs().max() < 1e-12
    assert (vector_from_rotation(turns).norm(dim=-1) - torch.tensor(wanted.magnitude())).abs().max() < 1e-9


def test_euler_angles_turn_about_the_fixed_axes_x_then_y_then_z():
    angles = torch.tensor([[0.3, -0.8, 2.1]], dtype=torch.float64)
    assert (
        rotation_from_euler(angles) - torch.tensor(Rotation.from_euler("xyz", angles).as_matrix())
    ).abs().max() < 1e-12


@pytest.mark.parametrize("x", [-90, -30, 0, 89.9999, 90])
def test_angles_of_a_bvh_give_the_rotation_back_even_where_they_lock(x):
    turn = torch.tensor(Rotation.from_euler("ZXY", [20, x, -130], degrees=True).as_matrix())
    z, x_found, y = euler_zxy_degrees(turn).tolist()
    back = Rotation.from_euler("ZXY", [z, x_found, y], degrees=True).as_matrix()
    assert abs(back - turn.numpy()).max() < 1e-6


def test_signs_of_quaternions_take_the_short_way_and_a_single_frame_stays():
    angles = torch.linspace(0, 4 * math.pi, 50, dtype=torch.float64)
    vectors = torch.stack([angles, angles * 0, angles * 0], -1)
    found = continuous(quaternion_xyzw(rotation_from_vector(vectors)))
    assert ((found[1:] * found[:-1]).sum(-1) > 0.9).all()
    assert len(continuous(found[:1])) == 1


def test_the_least_turn_goes_there_by_the_angle_between():
    start = torch.tensor([[1.0, 0, 0], [0, 0, 2.0], [0.5, 0.5, 0]], dtype=torch.float64)
    end = torch.tensor([[0, 1.0, 0], [0, 0, -1.0], [0.5, 0.5, 0.1]], dtype=torch.float64)
    turn = least_turn(start, end)
    unit = torch.nn.functional.normalize
    assert (torch.einsum("nab,nb->na", turn, unit(start, dim=-1)) - unit(end, dim=-1)).abs().max() < 1e-12
    between = torch.acos((unit(start, dim=-1) * unit(end, dim=-1)).sum(-1).clamp(-1, 1))
    assert (vector_from_rotation(turn).norm(dim=-1) - between).abs().max() < 1e-6


def test_the_best_rotation_is_found_back_and_never_mirrors(turns):
    points = torch.randn(len(turns), 6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    moved = points @ turns.transpose(-1, -2)
    assert (best_rotation(points, moved) - turns).abs().max() < 1e-9
    flat = points * torch.tensor([1.0, 1.0, 0.0])
    assert (torch.det(best_rotation(flat, flat * torch.tensor([1.0, -1.0, 1.0]))) - 1).abs().max() < 1e-9


def test_what_is_no_rotation_is_told():
    turns = rotation_from_euler(torch.tensor([[0.3, -0.2, 1.0], [2.0, 0.1, -0.4]], dtype=torch.float64))
    assert are_rotations(turns, 1e-3) and not are_rotations(turns * 1.01, 1e-3)
    assert not are_rotations(torch.cat([turns, torch.full((1, 3, 3), torch.nan, dtype=torch.float64)]), 0.1)
