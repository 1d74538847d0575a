"""The rig's rest: arms lowered, legs down, both sides mirror images; real people agree where the rig's numbers say so."""

import torch

from sam3d_geometry.bodies.rest_pose import KNUCKLES, LOCAL_DEGREES, other_side, rest_rotations
from sam3d_geometry.bodies.skeleton import JOINT_NAMES


def axis_of(name):
    return rest_rotations()[JOINT_NAMES.index(name)][:, 0]


def test_all_are_rotations():
    turns = rest_rotations()
    assert (turns @ turns.transpose(-1, -2) - torch.eye(3)).abs().max() < 1e-12
    assert (torch.det(turns) - 1).abs().max() < 1e-12


def test_a_resting_person_stands_with_lowered_arms_and_looks_ahead():
    x, y, _ = axis_of("l_uparm").tolist()
    assert x > 0.6 and -0.8 < y < -0.6  # outward and down by about 45 degrees
    assert axis_of("l_upleg")[1] < -0.98 and axis_of("l_lowleg")[1] < -0.98
    assert axis_of("c_spine3")[1] > 0.99 and axis_of("c_head")[1] > 0.99
    assert axis_of("l_middle2")[0] > 0.3  # fingers point away from the body
    assert axis_of("l_transversetarsal")[2] < -0.95  # x of the foot's arch points back to the heel


def test_the_right_side_mirrors_the_left():
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64))
    turns = rest_rotations()
    for joint, name in enumerate(JOINT_NAMES):
        if name.startswith("l_"):
            right = turns[JOINT_NAMES.index(other_side(name))]
            assert (mirror @ turns[joint] @ -torch.eye(3, dtype=torch.float64) - right).abs().max() < 1e-12


def test_the_table_names_joints_that_there_are():
    assert set(LOCAL_DEGREES) <= set(JOINT_NAMES)
    assert {f"l_{name}" for name in KNUCKLES} <= set(JOINT_NAMES)
    assert other_side("c_head") == "c_head"
