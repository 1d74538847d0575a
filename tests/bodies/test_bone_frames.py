"""Bones of a target lie on the person: at rest they point to what they hold, in every frame they move as the joints do."""

import pytest
import torch
from posed_people import walkers

from sam3d_geometry.bodies.bone_frames import BoneFrames
from sam3d_geometry.bodies.rest import BodyMotion, rest_of
from sam3d_geometry.bodies.rest_pose import rest_rotations
from sam3d_geometry.bodies.stance import stand
from sam3d_geometry.bodies.targets import TARGETS, target_skeleton


def bones_of(name, stance="A"):
    people = walkers(3)
    motion = BodyMotion.of(people.rotations[:, 0], people.joints[:, 0], rest_rotations())
    return BoneFrames.of(target_skeleton(name), stand(rest_of(motion, rest_rotations()), stance)), motion


@pytest.mark.parametrize("name", TARGETS)
def test_a_person_at_rest_has_bones_at_rest(name):
    bones, _ = bones_of(name)
    bind = bones.bind()
    assert (bones.turned(bones.rest.rotations[None])[0] - bind[:, :3, :3]).abs().max() < 1e-9
    assert (bones.places(bones.rest.joints[None])[0] - bind[:, :3, 3]).abs().max() < 1e-9


def test_axes_are_those_of_the_program():
    mixamo, _ = bones_of("mixamo", "T")
    names = [bone.name for bone in mixamo.target.bones]
    arm = mixamo.axes[names.index("mixamorig:LeftArm")]
    assert (arm[:, 1] - torch.tensor([1.0, 0, 0])).abs().max() < 1e-6
    thigh = mixamo.axes[names.index("mixamorig:RightUpLeg")]
    assert (thigh[:, 1] - torch.tensor([0, -1.0, 0])).abs().max() < 1e-6
    unreal, _ = bones_of("unreal")
    names = [bone.name for bone in unreal.target.bones]
    left, right = (unreal.axes[names.index(f"lowerarm_{side}")] for side in "lr")
    assert left[0, 0] > 0.3 and right[0, 0] > 0.3  # x runs along the left arm and back along the right one
    vrm, _ = bones_of("vrm", "T")
    assert torch.equal(vrm.axes, torch.eye(3, dtype=torch.float64).expand_as(vrm.axes))


def test_a_bone_turns_as_its_joint_does():
    bones, motion = bones_of("unreal")
    names = [bone.name for bone in bones.target.bones]
    calf = names.index("calf_l")
    turned = bones.turned(motion.rotations)[:, calf]
    joint = bones.target.bones[calf].turns
    moved = motion.rotations[:, joint] @ bones.rest.rotations[joint].T
    assert (turned - moved @ bones.axes[calf]).abs().max() < 1e-12
    assert bones.on_floor().tolist().count(True) == 1
