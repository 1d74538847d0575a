"""Camera axes to the level world with y up and back."""

import torch

from sam3d_geometry.bodies.level_frame import HALF_TURN, points_from_level, points_to_level, turns_to_level
from sam3d_geometry.bodies.rotation_maths import rotation_from_vector


def worlds():
    world = torch.eye(4, dtype=torch.float64).repeat(5, 1, 1)
    world[:, :3, :3] = rotation_from_vector(
        torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    )
    world[:, :3, 3] = torch.arange(15.0).reshape(5, 3)
    return world


def test_there_and_back():
    points = torch.randn(5, 7, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert (points_from_level(points_to_level(points, worlds()), worlds()) - points).abs().max() < 1e-12


def test_up_is_up_and_directions_turn_as_points_do():
    level = torch.eye(4, dtype=torch.float64)[None]
    assert torch.equal(
        points_to_level(torch.tensor([[[0.0, 1.0, 2.0]]]), level)[0, 0], torch.tensor([0.0, -1.0, -2.0]).double()
    )
    points = torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    moved = points_to_level(points, worlds()).diff(dim=1)[:, 0]
    assert (
        torch.einsum("nab,nb->na", turns_to_level(worlds()), points.diff(dim=1)[:, 0] @ HALF_TURN) - moved
    ).abs().max() < 1e-12
