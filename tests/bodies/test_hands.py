"""Hands that are out of date are turned to where their joints lie; hands that agree stay to the bit."""

import pytest
import torch
from posed_people import real_people, walkers

from sam3d_geometry.bodies.hands import DISAGREES_DEGREES, repaired_hands
from sam3d_geometry.bodies.rest import BodyMotion, rest_of
from sam3d_geometry.bodies.rest_pose import rest_rotations
from sam3d_geometry.bodies.rotation_maths import rotation_from_vector, vector_from_rotation
from sam3d_geometry.bodies.skeleton import HAND_JOINTS, JOINT_COUNT

FLIP = torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)


def resting_hands():
    """A rig at rest whose left and right knuckles lie as a hand's do."""
    from sam3d_geometry.bodies.rest_pose import KNUCKLES
    from sam3d_geometry.bodies.skeleton import JOINT_NAMES, JOINT_PARENTS

    rotations, joints = rest_rotations(), torch.zeros(JOINT_COUNT, 3, dtype=torch.float64)
    for joint in range(1, JOINT_COUNT):
        side, _, part = JOINT_NAMES[joint].partition("_")
        sign = -1.0 if side == "r" else 1.0
        bone = torch.tensor(KNUCKLES.get(part, (30.0, 0.0, 0.0)), dtype=torch.float64) * sign / 1000
        joints[joint] = joints[JOINT_PARENTS[joint]] + rotations[JOINT_PARENTS[joint]] @ bone
    return rotations[None], joints[None]


def test_a_turned_hand_with_stale_rotations_is_found_and_repaired():
    rotations, joints = resting_hands()
    rest = rest_rotations()
    same, off = repaired_hands(rotations, joints, rest)
    assert torch.equal(same, rotations) and off["left"].max() < 1e-4
    hand = list(HAND_JOINTS["left"])
    wrist = hand[0]
    turn = rotation_from_vector(torch.tensor([0.5, -0.9, 0.3], dtype=torch.float64))
    moved = joints.clone()
    moved[:, hand] = (joints[:, hand] - joints[:, wrist : wrist + 1]) @ turn.T + joints[:, wrist : wrist + 1]
    repaired, off = repaired_hands(rotations, moved, rest)
    angle = float(vector_from_rotation(turn).norm().rad2deg())
    assert float(off["left"]) == pytest.approx(angle, abs=1e-6)
    fingers = [joint for joint in hand if joint + 1 in hand]
    assert (repaired[:, fingers] - turn @ rotations[:, fingers]).abs().max() < 1e-6
    right = list(HAND_JOINTS["right"])
    assert torch.equal(repaired[:, right], rotations[:, right])


def test_of_eight_real_hands_three_are_stale_and_agree_with_their_joints_after_it():
    people = real_people()
    rest = rest_rotations()
    motion = BodyMotion.of(people.rotations[0], people.joints[0], rest)
    off = torch.cat([motion.hands_off[side] for side in ("left", "right")])
    assert int((off > DISAGREES_DEGREES).sum()) == 3
    assert off[off < DISAGREES_DEGREES].max() < 1  # the others are the rig's own to a degree
    again, left_off = repaired_hands(motion.rotations, motion.joints, rest)
    assert torch.equal(again, motion.rotations)
    assert max(float(value.max()) for value in left_off.values()) < 1
    assert rest_of(motion, rest).joints.isfinite().all()


def test_hands_of_another_shape_are_not_the_rigs_and_stay():
    people = walkers(2)
    motion = BodyMotion.of(people.rotations[:, 0], people.joints[:, 0], rest_rotations())
    assert torch.equal(motion.rotations, people.rotations[:, 0].double())
    assert max(float(off.max()) for off in motion.hands_off.values()) == 0
