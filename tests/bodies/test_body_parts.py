"""Every joint belongs to one part of the body, and points to the part that they lie on."""

import torch
import walkers

from sam3d_geometry.bodies.body_parts import BODY_PARTS, joints_of_part, parts_of_points
from sam3d_geometry.bodies.skeleton import JOINT_COUNT, JOINT_NAMES, keypoints


def test_every_joint_but_the_origin_is_in_one_part():
    every = torch.cat([joints_of_part(part) for part in BODY_PARTS]).sort().values
    assert torch.equal(every, torch.arange(1, JOINT_COUNT))
    for name, part in (
        *(("root", "torso"), ("c_spine3", "torso"), ("c_neck", "head"), ("c_jaw", "head"), ("r_clavicle", "arms")),
        *(("l_wrist_twist", "arms"), ("l_wrist", "hands"), ("r_thumb2", "hands"), ("r_ball", "legs")),
    ):
        assert JOINT_NAMES.index(name) in joints_of_part(part), name


def test_points_are_in_the_part_that_they_lie_on():
    bodies = walkers.walk(1).bodies
    names = ["nose", "left-olecranon", "right-index-tip", "left-heel", "right-knee"]
    found = parts_of_points(bodies.keypoints[0, 0, keypoints(names)], bodies.joints[0, 0])
    assert [BODY_PARTS[i] for i in found] == ["head", "arms", "hands", "legs", "legs"]
