"""Skeletons of other programs: every bone has a joint, every joint a bone, parents come first, names are the programs' own."""

import pytest

from sam3d_geometry.bodies.skeleton import JOINT_COUNT, JOINT_NAMES
from sam3d_geometry.bodies.targets import TARGETS, target_skeleton


@pytest.mark.parametrize("name", TARGETS)
def test_bones_form_one_tree_that_carries_every_joint(name):
    target = target_skeleton(name)
    assert len({bone.name for bone in target.bones}) == len(target.bones)
    assert target.parents.count(-1) == 1
    assert all(parent < bone for bone, parent in enumerate(target.parents))
    assert len(target.holders) == JOINT_COUNT and max(target.holders) < len(target.bones)
    for joint, holder in enumerate(target.holders):
        bone = target.bones[holder]
        if joint > 0 and name == "mhr":
            assert bone.turns == joint


@pytest.mark.parametrize(
    ("name", "count", "wanted"),
    [
        ("mhr", 127, {"l_lowleg", "c_head", "r_pinky3"}),
        (
            "mixamo",
            63,
            {"mixamorig:Hips", "mixamorig:LeftHandThumb1", "mixamorig:RightToeBase", "mixamorig:LeftHandPinky3"},
        ),
        ("unreal", 61, {"root", "pelvis", "spine_01", "clavicle_l", "upperarm_twist_01_r", "thumb_03_l", "ball_r"}),
        (
            "unity humanoid",
            55,
            {"Hips", "UpperChest", "LeftThumbIntermediate", "RightLittleDistal", "LeftToes", "LeftEye"},
        ),
        (
            "vrm",
            55,
            {"hips", "upperChest", "leftThumbMetacarpal", "leftThumbDistal", "rightLittleIntermediate", "leftToes"},
        ),
        ("rigify", 52, {"spine", "spine.006", "upper_arm.L", "f_index.01.R", "thumb.03.L", "shin.R", "toe.L"}),
    ],
)
def test_names_are_the_programs_own(name, count, wanted):
    bones = target_skeleton(name).bones
    assert len(bones) == count
    assert wanted <= {bone.name for bone in bones}


def test_a_forearm_hangs_from_its_upper_arm_and_the_skin_of_its_twists_from_it():
    target = target_skeleton("mixamo")
    names = [bone.name for bone in target.bones]
    forearm = names.index("mixamorig:LeftForeArm")
    assert names[target.parents[forearm]] == "mixamorig:LeftArm"
    assert target.holders[JOINT_NAMES.index("l_lowarm_twist3_proc")] == forearm
    assert names[target.holders[JOINT_NAMES.index("c_jaw")]] == "mixamorig:Head"
    assert names[target.holders[JOINT_NAMES.index("l_subtalar")]] == "mixamorig:LeftFoot"


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="choose one of mhr, mixamo"):
        target_skeleton("smpl")
