"""From camera axes to the level world with y up in which movement is solved and written, and back."""

from __future__ import annotations

import torch

from ..geometry.axes import target_from_source

HALF_TURN = target_from_source("opengl", "opencv")  # a half turn about x: it is its own inverse


def points_to_level(points: torch.Tensor, world: torch.Tensor) -> torch.Tensor:
    """Points (N, K, 3) in camera axes -> the world with y up, given (N, 4, 4) to the level world with y down, float64."""
    moved = torch.einsum("nab,nkb->nka", world[:, :3, :3], points.double())
    return (moved + world[:, None, :3, 3]) @ HALF_TURN


def points_from_level(points: torch.Tensor, world: torch.Tensor) -> torch.Tensor:
    """The inverse of `points_to_level`."""
    return torch.einsum("nba,nkb->nka", world[:, :3, :3], points @ HALF_TURN - world[:, None, :3, 3])


def turns_to_level(world: torch.Tensor) -> torch.Tensor:
    """(N, 4, 4) -> (N, 3, 3) rotations from the rig's axes (the camera's with y up and z toward the viewer) to the world with y up."""
    return HALF_TURN @ world[:, :3, :3] @ HALF_TURN
