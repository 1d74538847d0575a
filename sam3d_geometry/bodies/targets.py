"""Skeletons of other programs: what they call the bones, how they stand at rest, how their bones' axes lie.

Names are those of the programs' own rigs: Mixamo (52 bones and the ends), the Unreal mannequin, Unity's HumanBodyBones, VRM 1.0
(vrm-c/vrm-specification), Rigify's human metarig. The table is targets.json beside this file: bone -> joint, or the joint where
it begins and the joint that turns it; @ stands for the side, # for the finger and * for its part.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .skeleton import JOINT_NAMES, JOINT_PARENTS

TARGETS = ("mhr", "mixamo", "unreal", "unity humanoid", "vrm", "rigify")
FINGERS = ("thumb", "index", "middle", "ring", "pinky")  # in the order in which the table names them


@dataclass(frozen=True)
class Bone:
    """One bone: its name, the joint where it begins and the joint that turns it; None for one that stands still on the floor."""

    name: str
    begins: int | None
    turns: int | None


@dataclass(frozen=True)
class Target:
    """A skeleton.

    rest      how it stands: A (the rig's own), T, or metarig
    axes      of the bones at rest: own (the rig's), world, or x or y along the bone
    bones     a parent before its children; `parents` their numbers, -1 for a root
    holders   (127,) which bone carries what hangs from each joint
    humanoid  whether the bones' names are VRM's
    units_per_metre  lengths in files that do not say their unit, such as BVH
    """

    name: str
    rest: str
    axes: str
    bones: tuple[Bone, ...]
    parents: tuple[int, ...]
    holders: tuple[int, ...]
    humanoid: bool
    units_per_metre: float


@lru_cache(1)
def _table() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("targets.json").read_text(encoding="utf-8"))


def _bone(name: str, joints: str, side: str = "") -> Bone:
    if not joints:
        return Bone(name, None, None)
    first, *last = (JOINT_NAMES.index(side + joint) for joint in joints.split())
    return Bone(name, first, last[0] if last else first)


def _sided_bones(entry: dict[str, Any]) -> list[Bone]:
    found = []
    for side, prefix in zip(entry["sides"], ("l_", "r_")):
        found += [_bone(name.replace("@", side), joints, prefix) for name, joints in entry["sided"].items()]
        fingers = entry["fingers"]
        for finger, called in zip(FINGERS, fingers["fingers"]):
            parts = fingers.get("thumb", fingers["parts"]) if finger == "thumb" else fingers["parts"]
            for number, part in enumerate(parts, 1):
                name = fingers["name"].replace("@", side).replace("#", called).replace("*", part)
                joint = f"{finger}_null" if number == 4 else f"{finger}{number}"
                found.append(_bone(name, joint, prefix))
    return found


@lru_cache
def target_skeleton(name: str) -> Target:
    """The skeleton of this name; ValueError names those that there are."""
    if name not in TARGETS:
        raise ValueError(f"Names came as {name!r}; choose one of {', '.join(TARGETS)}.")
    entry = _table()[name]
    if entry["bones"]:
        bones = [_bone(bone, joints) for bone, joints in entry["bones"].items()] + _sided_bones(entry)
    else:
        bones = [Bone("body_world", None, None)] + [_bone(joint, joint) for joint in JOINT_NAMES[1:]]
    # in the order of the joints, in which a parent comes first
    bones.sort(key=lambda bone: -1 if bone.begins is None else bone.begins)
    of_joint = {joint: i for i, bone in enumerate(bones) for joint in (bone.begins, bone.turns) if joint is not None}
    floor = 0 if bones[0].begins is None else -1
    holders = []
    for joint in range(len(JOINT_NAMES)):
        above = joint
        while above >= 0 and above not in of_joint:
            above = JOINT_PARENTS[above]
        holders.append(of_joint[above] if above >= 0 else max(floor, 0))
    parents = []
    for bone in bones:
        above = -1 if bone.begins is None else JOINT_PARENTS[bone.begins]
        while above >= 0 and above not in of_joint:
            above = JOINT_PARENTS[above]
        parents.append(of_joint[above] if above >= 0 else (floor if bone.begins is not None else -1))
    return Target(
        name=name,
        rest=entry["rest"],
        axes=entry["axes"],
        bones=tuple(bones),
        parents=tuple(parents),
        holders=tuple(holders),
        humanoid=bool(entry.get("humanoid")),
        units_per_metre=float(entry["units_per_metre"]),
    )
