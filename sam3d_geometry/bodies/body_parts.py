"""Parts of a body that are smoothed each by itself: which joints and points belong to which."""

from __future__ import annotations

import torch

from .leg_give import POINTS_AT_ONCE
from .skeleton import HAND_JOINTS, JOINT_COUNT, JOINT_NAMES, JOINT_PARENTS

BODY_PARTS = ("torso", "head", "arms", "hands", "legs")
_FIRSTS = {"c_neck": "head", "r_clavicle": "arms", "l_clavicle": "arms", "r_upleg": "legs", "l_upleg": "legs"}
_HANDS = frozenset(joint for side in HAND_JOINTS.values() for joint in side)


def _part_numbers() -> tuple[int, ...]:
    found: list[int] = []
    for joint, (name, parent) in enumerate(zip(JOINT_NAMES, JOINT_PARENTS)):
        above = found[parent] if parent >= 0 else 0
        part = "hands" if joint in _HANDS else _FIRSTS.get(name)
        found.append(above if part is None else BODY_PARTS.index(part))
    return tuple(found)


PART_OF_JOINT = torch.tensor(_part_numbers())  # (127,) numbers of BODY_PARTS


def joints_of_part(part: str) -> torch.Tensor:
    """Numbers of the joints of a part, those that move; joint 0, the body's own origin, belongs to none."""
    chosen = PART_OF_JOINT.eq(BODY_PARTS.index(part))
    chosen[0] = False
    return torch.nonzero(chosen)[:, 0]


def parts_of_points(points: torch.Tensor, joint_places: torch.Tensor) -> torch.Tensor:
    """(K,) numbers of BODY_PARTS: for points (K, 3) the part of the bone that they are nearest to, from the joints (127, 3)."""
    starts = joint_places[torch.tensor(JOINT_PARENTS).clamp_min(1)]
    along = joint_places - starts
    squares = along.square().sum(-1).clamp_min(1e-12)
    # a bone is moved by the joint that it begins at
    owners = PART_OF_JOINT[torch.tensor(JOINT_PARENTS).clamp_min(1)]
    ends_bone = torch.arange(JOINT_COUNT) > 1
    found = []
    for some in points.split(POINTS_AT_ONCE):
        aside = some[:, None] - starts
        share = ((aside * along).sum(-1) / squares).clamp(0, 1)
        apart = (aside - share[..., None] * along).square().sum(-1)
        found.append(owners[apart.masked_fill(~ends_bone, torch.inf).argmin(1)])
    return torch.cat(found)
