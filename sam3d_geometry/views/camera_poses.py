"""Poses of cameras that look at a place, and what they keep of the world's up."""

from __future__ import annotations

import torch

UP = (0.0, -1.0, 0.0)  # of a level world in OpenCV axes


def looking_at(position: torch.Tensor, target: torch.Tensor, up: torch.Tensor | None = None) -> torch.Tensor:
    """Pose (4, 4) float64 in OpenCV axes of a camera at `position` (3,) that has `target` (3,) in the middle, `up` upward.

    Without `up` it is that of a level world, -y. A camera that looks straight up or down has the world's z, or else its x, at
    the top of its picture. ValueError where it stands on what it looks at.
    """
    position, target = position.double(), target.double()
    forward = target - position
    if not float(forward.norm()) > 0:
        raise ValueError("A camera cannot look at the place where it stands; move one of them.")
    forward = forward / forward.norm()
    down = -(torch.tensor(UP, dtype=torch.float64) if up is None else up.double())
    for candidate in (down, torch.tensor([0.0, 0.0, -1.0]), torch.tensor([-1.0, 0.0, 0.0])):
        right = torch.linalg.cross(candidate.double(), forward)
        if float(right.norm()) > 1e-6:
            break
    right = right / right.norm()
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3] = torch.stack([right, torch.linalg.cross(forward, right), forward], 1)
    pose[:3, 3] = position
    return pose


def turned_about(axis: torch.Tensor, degrees: float) -> torch.Tensor:
    """Rotation (3, 3) float64 by the right hand about an axis (3,)."""
    from scipy.spatial.transform import Rotation

    vector = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64)) * axis.double() / axis.double().norm()
    return torch.from_numpy(Rotation.from_rotvec(vector.numpy()).as_matrix())
