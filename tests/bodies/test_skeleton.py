"""Names and parents of the rig: a tree, and the same on both sides."""

import json

from real_bodies import real_files

from sam3d_geometry.bodies.skeleton import (
    FOOT_JOINTS,
    HAND_JOINTS,
    JOINT_NAMES,
    JOINT_PARENTS,
    KEYPOINT_LINKS,
    KEYPOINT_NAMES,
    joints,
    keypoints,
)


def mirrored(name):
    return {"l_": "r_", "r_": "l_"}.get(name[:2], name[:2]) + name[2:]


def test_joints_are_a_tree_that_is_told_from_the_root_on():
    assert len(JOINT_NAMES) == len(set(JOINT_NAMES)) == len(JOINT_PARENTS) == 127
    assert JOINT_PARENTS[0] == -1
    assert all(0 <= parent < joint for joint, parent in enumerate(JOINT_PARENTS) if joint)


def test_both_sides_are_built_alike():
    parent = {name: JOINT_NAMES[above] for name, above in zip(JOINT_NAMES[1:], JOINT_PARENTS[1:])}
    assert {mirrored(name) for name in JOINT_NAMES} == set(JOINT_NAMES)
    assert all(parent[mirrored(name)] == mirrored(above) for name, above in parent.items())


def test_keypoints_of_both_sides_are_the_same_and_links_join_one_side_or_the_middle():
    assert len(KEYPOINT_NAMES) == len(set(KEYPOINT_NAMES)) == 70
    left = {name.removeprefix("left-") for name in KEYPOINT_NAMES if name.startswith("left-")}
    assert left == {name.removeprefix("right-") for name in KEYPOINT_NAMES if name.startswith("right-")}
    ends = [(KEYPOINT_NAMES[a].split("-"), KEYPOINT_NAMES[b].split("-")) for a, b in KEYPOINT_LINKS]
    across = {"-".join(a[1:]) for a, b in ends if a[0] != b[0]}
    assert across <= {"shoulder", "hip", ""}
    assert keypoints(["right-wrist", "left-wrist", "neck"]) == [41, 62, 69]


def test_hands_and_feet_hang_from_wrists_and_ankles():
    for side, wrist, foot in (("left", "l_wrist", "l_foot"), ("right", "r_wrist", "r_foot")):
        for group, top in ((HAND_JOINTS[side], wrist), (FOOT_JOINTS[side], foot)):
            assert group[0] == joints([top])[0]
            assert all(JOINT_PARENTS[joint] in group for joint in group[1:])


def test_the_table_is_the_rigs_own():
    told = json.loads((real_files()[-1].parent / "joint_hierarchy.json").read_text(encoding="utf-8"))
    assert (list(JOINT_NAMES), list(JOINT_PARENTS)) == (told["names"], told["parents"])
