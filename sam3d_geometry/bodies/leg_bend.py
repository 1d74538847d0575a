"""Legs bent in their knees, so that feet come to where they should stand."""

from __future__ import annotations

import torch
from torch.nn.functional import normalize

from .rotation_maths import least_turn
from .skeleton import JOINT_COUNT, JOINT_PARENTS, joints

STRAIGHT = 0.999  # of a leg's length: how far a bent leg may reach, so that knees do not lock
LEGS = tuple(tuple(joints([f"{side}_{part}" for part in ("upleg", "lowleg", "foot")])) for side in "lr")


def bent_legs(rotations: torch.Tensor, places: torch.Tensor, moves: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotations (N, 127, 3, 3) and places (N, 127, 3) of joints with the ankles moved by `moves` (N, 2, 3), left and right.

    Hips stay, bones keep their lengths, knees bend in the plane that they bend in, and feet are not turned. An ankle that would
    be out of reach comes as near as it can. Method: two-bone inverse kinematics by the law of cosines.
    """
    rotations, places = rotations.clone(), places.clone()
    for side, (hip, knee, ankle) in enumerate(LEGS):
        moved = moves[:, side].norm(dim=-1) > 0
        if not bool(moved.any()):
            continue
        at_hip, at_knee, at_ankle = places[moved, hip], places[moved, knee], places[moved, ankle]
        new_knee, new_ankle = _bent(at_hip, at_knee, at_ankle, at_ankle + moves[moved, side])
        turns = {
            hip: least_turn(at_knee - at_hip, new_knee - at_hip),
            knee: least_turn(at_ankle - at_knee, new_ankle - new_knee),
            ankle: torch.eye(3, dtype=places.dtype).expand(len(at_hip), 3, 3),
        }
        anchors = {hip: (at_hip, at_hip), knee: (at_knee, new_knee), ankle: (at_ankle, new_ankle)}
        for joint, owner in _OWNERS[side].items():
            before, after = anchors[owner]
            places[moved, joint] = after + (turns[owner] @ (places[moved, joint] - before)[..., None])[..., 0]
            rotations[moved, joint] = turns[owner] @ rotations[moved, joint]
    return rotations, places


def _owners(leg: tuple[int, ...]) -> dict[int, int]:
    """Every joint of a leg, and which of hip, knee and ankle it is turned by."""
    found = {leg[0]: leg[0]}
    for joint in range(leg[0] + 1, JOINT_COUNT):
        if JOINT_PARENTS[joint] in found:
            found[joint] = joint if joint in leg else found[JOINT_PARENTS[joint]]
    return found


_OWNERS = tuple(_owners(leg) for leg in LEGS)


def _bent(
    hip: torch.Tensor, knee: torch.Tensor, ankle: torch.Tensor, goal: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where knee and ankle (N, 3) come to lie when the ankle goes to `goal`, as far as the leg reaches."""
    thigh, shank = (knee - hip).norm(dim=-1, keepdim=True), (ankle - knee).norm(dim=-1, keepdim=True)
    line = goal - hip
    reach = line.norm(dim=-1, keepdim=True).clamp_min(1e-9)
    now = (ankle - hip).norm(dim=-1, keepdim=True)
    most = torch.maximum(STRAIGHT * (thigh + shank), now)
    length = torch.minimum(torch.maximum(reach, (thigh - shank).abs() + 1e-6), most)
    along = line / reach
    # the plane of the leg goes with the line from hip to ankle
    turn = least_turn(ankle - hip, line)
    aside = (turn @ (knee - hip)[..., None])[..., 0]
    aside = aside - (aside * along).sum(-1, keepdim=True) * along
    aside = normalize(aside, dim=-1)
    ahead = (length.square() + thigh.square() - shank.square()) / (2 * length)
    away = (thigh.square() - ahead.square()).clamp_min(0).sqrt()
    return hip + ahead * along + away * aside, hip + length * along
