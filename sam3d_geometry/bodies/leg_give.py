"""Legs that give way a little, so that both feet of a person stand still where moving the whole person can serve only one.

What is left is millimetres to a centimetre or two: a foot and its ankle take all of it, the rest of the leg less and less
up to the hip, in proportion to the way along the bones. No bone is turned for it.
"""

from __future__ import annotations

import torch

from .contact import SIDES
from .nearest_bones import nearest_bones
from .root_path import standing_points
from .runs import runs
from .skeleton import FOOT_JOINTS, JOINT_NAMES, JOINT_PARENTS, joints

FADE_S = 0.2  # how long before and after a foot stands its leg takes to give way
MOST_M = 0.07  # more than that is no unrest but a wrong contact; smoothing carries a quick landing off by 6 cm
# joints that end a bone; those that only share its twist lie on it
_BONES = tuple(joint for joint, name in enumerate(JOINT_NAMES) if JOINT_PARENTS[joint] > 0 and "_proc" not in name)


def leg_gives(feet: torch.Tensor, contacts: torch.Tensor, fps: float) -> torch.Tensor:
    """(T, 2, 3) by which each foot has to move so that it stands still while it stands; points of both feet (T, 2, K, 3).

    While a foot stands it goes to the mean of its places; before and after it comes back to its own way.
    """
    gives = torch.zeros(len(feet), 2, 3, dtype=torch.float64)
    fade = max(1, round(FADE_S * fps))
    for foot in range(2):
        at, before, after, _ = standing_points(feet.numpy(), feet.numpy(), contacts.numpy(), foot)
        steps = torch.zeros(len(feet), 3, dtype=torch.float64)
        steps[at] = torch.from_numpy(after - before)
        for first, last in runs(contacts[:, foot]):
            slid = torch.cat([steps.new_zeros(1, 3), steps[first:last].cumsum(0)])
            give = slid.mean(0) - slid
            length = give.norm(dim=1, keepdim=True)
            gives[first : last + 1, foot] = give * (MOST_M / length.clamp_min(MOST_M))
        _fade(gives[:, foot], contacts[:, foot], fade)
    return gives


def _fade(gives: torch.Tensor, stands: torch.Tensor, fade: int) -> None:
    """Between the times (T,) that a foot stands its give (T, 3) goes straight to the next one's, or to 0 within `fade` frames."""
    for first, last in runs(~stands):
        count = last - first + 1
        share = torch.arange(1, count + 1, dtype=torch.float64)[:, None]
        leaving = (1 - share / fade).clamp_min(0) if first else torch.zeros_like(share)
        coming = (1 - (count + 1 - share) / fade).clamp_min(0) if last < len(stands) - 1 else torch.zeros_like(share)
        before = gives[first - 1] if first else gives.new_zeros(3)
        after = gives[last + 1] if last < len(stands) - 1 else gives.new_zeros(3)
        gives[first : last + 1] = leaving * before + coming * after


def leg_shares(points: torch.Tensor, joint_places: torch.Tensor) -> torch.Tensor:
    """(K, 2) how much of the left and of the right leg's give points (K, 3) take, from the joints (127, 3) of the same frame.

    A point goes with the bone that it is nearest to: 0 with other bones than a leg's, 1 with the foot's.
    """
    starts = joint_places[torch.tensor([JOINT_PARENTS[joint] for joint in _BONES])]
    nearest, share = nearest_bones(points, starts, joint_places[list(_BONES)])
    low, high = _bone_shares(joint_places)
    return torch.lerp(low[nearest], high[nearest], share[:, None])


def _bone_shares(joint_places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(bones, 2) what the beginning and the end of each of _BONES takes of the left and of the right leg's give."""
    low, high = (joint_places.new_zeros(len(_BONES), 2) for _ in range(2))
    for side, name in enumerate(SIDES):
        hip, knee, ankle = joints([f"{name[0]}_{part}" for part in ("upleg", "lowleg", "foot")])
        thigh, shank = (float((joint_places[b] - joint_places[a]).norm()) for a, b in ((hip, knee), (knee, ankle)))
        middle = thigh / max(thigh + shank, 1e-12)
        ends = {knee: (0.0, middle), ankle: (middle, 1.0)}
        ends |= dict.fromkeys(set(FOOT_JOINTS[name]) - {ankle}, (1.0, 1.0))
        for joint, (start, end) in ends.items():
            low[_BONES.index(joint), side], high[_BONES.index(joint), side] = start, end
    return low, high
