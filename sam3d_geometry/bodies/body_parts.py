"""Parts of a body that are smoothed each by itself: which joints and points belong to which."""

from __future__ import annotations

import torch

from .nearest_bones import nearest_bones
from .skeleton import HAND_JOINTS, JOINT_NAMES, JOINT_PARENTS, ROOT

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
    parents = torch.tensor(JOINT_PARENTS[ROOT + 1 :])
    nearest, _ = nearest_bones(points, joint_places[parents], joint_places[ROOT + 1 :])
    return PART_OF_JOINT[parents][nearest]  # a bone is moved by the joint that it begins at
