"""How a person stands at rest for another program: the same bones, turned to the directions that the program expects."""

from __future__ import annotations

import math

import torch

from .rest import Rest
from .rest_pose import KNUCKLES
from .rotation_maths import least_turn, rotation_from_vector
from .skeleton import JOINT_COUNT, JOINT_NAMES, JOINT_PARENTS

# Directions of a left limb's bones at rest, in the rig's axes (x the person's left, y up, z ahead); the right side mirrors x.
# Each goes from the joint to the one that ends it. VRM and Unity: arms level along x, palms down, thumbs 45 degrees ahead
# (vrm.dev, "About VRM T-Pose"). Rigify: from heads and tails of the bones in its human metarig, whose z is up and y back.
_ENDS = {
    "upleg": "lowleg",
    "lowleg": "foot",
    "uparm": "lowarm",
    "lowarm": "wrist_twist",
    "wrist": "middle1",
    **{f"{finger}{i}": f"{finger}{i + 1}" for finger in ("thumb", "index", "middle", "ring", "pinky") for i in (1, 2)},
    **{f"{finger}3": f"{finger}_null" for finger in ("thumb", "index", "middle", "ring", "pinky")},
}
_THUMB = (math.sqrt(0.5), 0.0, math.sqrt(0.5))
_LEVEL = dict.fromkeys((name for name in _ENDS if "leg" not in name), (1.0, 0.0, 0.0))
STANCES: dict[str, dict[str, tuple[float, float, float]]] = {
    "A": {},
    "T": {
        **_LEVEL,
        **dict.fromkeys(("thumb1", "thumb2", "thumb3"), _THUMB),
        **dict.fromkeys(("upleg", "lowleg"), (0.0, -1.0, 0.0)),
    },
    "metarig": {
        "uparm": (0.2471, -0.1355, -0.0618),
        "lowarm": (0.2170, -0.1430, 0.0393),
        "wrist": (0.0640, -0.0476, 0.0080),
    },
}
_TWISTS = {f"lowarm_twist{i}_proc": i / 5 for i in range(1, 5)}  # share of the hand's roll that parts of a forearm take
STEEP = 0.7  # share of a bone that points ahead, beyond which its third axis is told by up


def stand(rest: Rest, stance: str) -> Rest:
    """The person's rest in another stance: A is the rest as it is, T and metarig turn the limbs, and T the palms down too."""
    wanted = STANCES[stance]
    if not wanted:
        return rest
    turn = torch.eye(3, dtype=torch.float64).repeat(JOINT_COUNT, 1, 1)
    for joint in range(1, JOINT_COUNT):
        turn[joint] = turn[JOINT_PARENTS[joint]]
        side, _, part = JOINT_NAMES[joint].partition("_")
        if side not in ("l", "r"):
            continue
        mirror = 1.0 if side == "l" else -1.0
        if part == "foot" and "lowleg" in wanted:
            turn[joint] = torch.eye(3, dtype=torch.float64)
        if part == "wrist_twist" and stance == "T":
            turn[joint] = _palm_down(rest, turn[joint], side, joint) @ turn[joint]
        if part in wanted:
            end = JOINT_NAMES.index(f"{side}_{_ENDS[part]}")
            x, y, z = wanted[part]
            goal = torch.tensor([mirror * x, y, z], dtype=torch.float64)
            turn[joint] = least_turn(turn[joint] @ (rest.joints[end] - rest.joints[joint]), goal) @ turn[joint]
    _spread_roll(rest, turn)
    rotations = turn @ rest.rotations
    joints = rest.joints.clone()
    for joint in range(1, JOINT_COUNT):
        parent = JOINT_PARENTS[joint]
        joints[joint] = joints[parent] + turn[parent] @ (rest.joints[joint] - rest.joints[parent])
    return Rest(rotations, joints)


def _palm_down(rest: Rest, turn: torch.Tensor, side: str, joint: int) -> torch.Tensor:
    """The roll about the forearm (3, 3) that turns the palm to the floor."""
    wrist = JOINT_NAMES.index(f"{side}_wrist")
    sign = 1.0 if side == "l" else -1.0
    index, ring = (torch.tensor(KNUCKLES[name], dtype=torch.float64) for name in ("index1", "ring1"))
    palm = turn @ rest.rotations[wrist] @ (-sign * torch.linalg.cross(index, ring))
    middle = JOINT_NAMES.index(f"{side}_middle1")
    axis = torch.nn.functional.normalize(turn @ (rest.joints[middle] - rest.joints[joint]), dim=0)
    level = torch.tensor([sign, 0.0, 0.0], dtype=torch.float64)
    straight = least_turn(axis, level)
    palm = straight @ palm
    angle = torch.atan2(sign * palm[2], -palm[1])
    return straight.T @ rotation_from_vector(level * angle) @ straight


def _spread_roll(rest: Rest, turn: torch.Tensor) -> None:
    """Gives the parts of each forearm their shares of the roll between elbow and hand."""
    for side in ("l", "r"):
        elbow, hand = (JOINT_NAMES.index(f"{side}_{part}") for part in ("lowarm", "wrist_twist"))
        along = torch.nn.functional.normalize(turn[elbow] @ (rest.joints[hand] - rest.joints[elbow]), dim=0)
        between = turn[hand] @ turn[elbow].T
        across = torch.linalg.cross(along, torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64))
        turned = between @ across
        angle = torch.atan2(turned @ torch.linalg.cross(along, across), turned @ across)
        for part, share in _TWISTS.items():
            joint = JOINT_NAMES.index(f"{side}_{part}")
            turn[joint] = rotation_from_vector(along * angle * share) @ turn[elbow]


def bone_axes(axes: str, own: torch.Tensor, along: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
    """Axes (B, 3, 3) of bones at rest in a program's manner.

    own (B, 3, 3) the rig's axes, along (B, 3) directions of the bones, left (B,) False for bones of the right side. `axes` is
    own, world, `y along`, or `x along`, where on the right side x points back along the bone, as the Unreal mannequin has it. The
    third axis lies as far ahead as it can, for bones that point ahead as far up.
    """
    if axes == "own":
        return own
    if axes == "world":
        return torch.eye(3, dtype=own.dtype).expand_as(own).clone()
    along = torch.nn.functional.normalize(
        torch.where(left[:, None] | torch.tensor(axes == "y along"), along, -along), dim=-1
    )
    ahead, up = (along.new_tensor(axis).expand_as(along) for axis in ([0.0, 0.0, 1.0], [0.0, 1.0, 0.0]))
    third = torch.where((along[:, 2:].abs() > STEEP), up, ahead)
    if axes == "x along":
        second = torch.nn.functional.normalize(torch.linalg.cross(third, along), dim=-1)
        return torch.stack([along, second, torch.linalg.cross(along, second)], -1)
    first = torch.nn.functional.normalize(torch.linalg.cross(along, third), dim=-1)
    return torch.stack([first, along, torch.linalg.cross(first, along)], -1)
