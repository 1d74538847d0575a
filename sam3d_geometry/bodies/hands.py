"""Hands whose stored rotations are out of date, turned as their joints lie."""

from __future__ import annotations

import torch

from .rest_pose import KNUCKLES
from .rotation_maths import best_rotation, least_turn, vector_from_rotation
from .skeleton import HAND_JOINTS, JOINT_NAMES, JOINT_PARENTS

DISAGREES_DEGREES = 5.0  # a stored rotation that is farther from the joints is out of date
# share of the fingers' beginnings that no turn explains: real ones have 0.006 at most, a mannequin's 0.33
ANOTHER_HAND = 0.1


def _angle_degrees(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return vector_from_rotation(first.transpose(-1, -2) @ second).norm(dim=-1).rad2deg()


def _hand(
    side: str, rotations: torch.Tensor, joints: torch.Tensor, rest: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotations (N, 127, 3, 3) with one hand turned to its joints, and by how much its wrist was off, degrees (N,)."""
    sign = (
        1.0 if side == "left" else -1.0
    )  # the right side's axes are the left's turned about: its fingers lie along -x
    wrist, *fingers = HAND_JOINTS[side]
    prefix = JOINT_NAMES[wrist][:2]
    knuckles = [JOINT_NAMES.index(prefix + name) for name in KNUCKLES]
    own = torch.tensor(list(KNUCKLES.values()), dtype=rotations.dtype) * sign
    seen = joints[:, knuckles] - joints[:, wrist : wrist + 1]
    turned = rotations.clone()
    turned[:, wrist] = best_rotation(own.expand(len(seen), -1, -1), seen)
    fitted = own @ turned[:, wrist].transpose(-1, -2)
    size = (fitted * seen).sum((1, 2)) / own.square().sum()
    rest_of_it = (seen - size[:, None, None] * fitted).norm(dim=(1, 2)) / seen.norm(dim=(1, 2)).clamp_min(1e-9)
    off = _angle_degrees(rotations[:, wrist], turned[:, wrist])
    off = torch.where(rest_of_it < ANOTHER_HAND, off, 0)
    along = torch.tensor([sign, 0.0, 0.0], dtype=rotations.dtype)
    for joint in fingers:
        parent = JOINT_PARENTS[joint]
        turned[:, joint] = turned[:, parent] @ (rest[parent].T @ rest[joint])
        if joint + 1 in fingers and JOINT_PARENTS[joint + 1] == joint and not JOINT_NAMES[joint].endswith("0"):
            bone = joints[:, joint + 1] - joints[:, joint]
            turned[:, joint] = least_turn(turned[:, joint] @ along, bone) @ turned[:, joint]
    return turned, off


def repaired_hands(
    rotations: torch.Tensor, joints: torch.Tensor, rest: torch.Tensor
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Joint rotations whose hands agree with where the joints are, and how far each wrist was off in degrees, (N,) by side.

    rotations (N, 127, 3, 3) and joints (N, 127, 3) in the rig's axes, rest (127, 3, 3) as `rest_rotations`. A wrist is turned
    by the rigid fit of the five joints where the fingers begin, a finger's joint along its bone without a twist. Hands that are
    less than `DISAGREES_DEGREES` off stay to the bit, and so do those that are not the rig's, such as a mannequin's.
    """
    result, found = rotations, {}
    for side, numbers in HAND_JOINTS.items():
        turned, off = _hand(side, rotations, joints, rest)
        found[side] = off
        stale = off > DISAGREES_DEGREES
        hand = torch.tensor(numbers)
        chosen = torch.where(stale[:, None, None, None], turned[:, hand], result[:, hand])
        result = result.index_copy(1, hand, chosen)
    return result, found
