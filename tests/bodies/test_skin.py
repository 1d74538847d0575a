"""Skins hold what they are given, pass weights on to fewer bones, and follow the limbs of a shape."""

import pytest
import torch
from posed_people import real_people, walkers

from sam3d_geometry.bodies.skeleton import JOINT_COUNT, JOINT_NAMES
from sam3d_geometry.bodies.skin import INFLUENCES, geometric_skin, skin_from_dense, skin_from_entries


def dense_of(skin):
    result = torch.zeros(len(skin), JOINT_COUNT, dtype=torch.float64)
    return result.scatter_add_(1, skin.joints, skin.weights)


def test_the_rigs_lists_become_rows_that_add_up():
    vertices, joints = torch.tensor([0, 0, 1, 2, 2, 2]), torch.tensor([3, 4, 9, 1, 2, 3])
    skin = skin_from_entries(vertices, joints, torch.tensor([0.25, 0.75, 1.0, 0.2, 0.3, 0.5]), "the rig")
    dense = dense_of(skin)
    assert dense[0, 3] == pytest.approx(0.25) and dense[0, 4] == pytest.approx(0.75) and dense[1, 9] == 1
    assert torch.allclose(skin.weights.sum(1), torch.ones(3, dtype=torch.float64))
    with pytest.raises(ValueError, match="2 vertices, 1 joints and 2 weights"):
        skin_from_entries(torch.tensor([0, 1]), torch.tensor([1]), torch.tensor([1.0, 1.0]), "the rig")
    with pytest.raises(ValueError, match="without any joint"):
        skin_from_entries(torch.tensor([0, 2]), torch.tensor([1, 1]), torch.tensor([1.0, 1.0]), "the rig")


def test_only_the_strongest_stay():
    dense = torch.rand(20, 12, generator=torch.Generator().manual_seed(0))
    skin = skin_from_dense(dense, "random")
    assert skin.joints.shape == (20, INFLUENCES)
    assert (skin.weights.min(1).values > 0).all()
    strongest = dense.topk(INFLUENCES, 1).indices
    assert torch.equal(skin.joints.sort(1).values, strongest.sort(1).values)


def test_weights_go_to_the_bones_that_hold_a_joint():
    skin = skin_from_entries(torch.tensor([0, 0, 1]), torch.tensor([2, 3, 5]), torch.tensor([0.5, 0.5, 1.0]), "the rig")
    holders = [0] * JOINT_COUNT
    holders[5] = 1
    merged = skin.onto(holders)
    assert merged.weights.sum(1).tolist() == pytest.approx([1, 1])
    assert dense_of(merged)[0, 0] == pytest.approx(1) and dense_of(merged)[1, 1] == pytest.approx(1)


def test_a_mannequins_parts_hang_from_their_own_bones():
    people = walkers(1)
    skin = geometric_skin(people.vertices[0, 0], people.faces, people.joints[0, 0])
    assert skin.geometric and "not the rig's own" in skin.source
    shin, knee, ankle = (JOINT_NAMES.index(name) for name in ("l_lowleg", "l_lowleg", "l_foot"))
    middle = (people.joints[0, 0, knee] + people.joints[0, 0, ankle]) / 2
    near = (people.vertices[0, 0] - middle).norm(dim=1).topk(8, largest=False).indices
    assert dense_of(skin)[near, shin].min() > 0.5
    assert torch.allclose(skin.weights.sum(1), torch.ones(len(skin), dtype=torch.float64))


def test_a_real_persons_limbs_follow_their_own_bones():
    people = real_people()
    for person in range(people.persons):
        skin = geometric_skin(people.vertices[0, person], people.faces, people.joints[0, person])
        dense = dense_of(skin)
        for name, end in (
            ("l_lowleg", "l_foot"),
            ("r_lowarm", "r_wrist"),
            ("l_uparm", "l_lowarm"),
            ("r_upleg", "r_lowleg"),
        ):
            start, stop = (people.joints[0, person, JOINT_NAMES.index(joint)] for joint in (name, end))
            near = (people.vertices[0, person] - (start + stop) / 2).norm(dim=1).topk(60, largest=False).indices
            assert dense[near, JOINT_NAMES.index(name)].mean() > 0.8


def test_a_hand_on_a_thigh_does_not_take_it_along():
    from sam3d_geometry.bodies.mannequin import mannequins

    hanging = {"r_uparm": (0.0, 0.0, -42.0), "r_lowarm": (0.0, -10.0, 0.0), "l_uparm": (0.0, 0.0, 42.0)}
    people = mannequins([[(hanging, (0.0, 0.9, 4.0), 1.0)]], focal=560.0, image_size=(480, 640))
    dense = dense_of(geometric_skin(people.vertices[0, 0], people.faces, people.joints[0, 0]))
    arms = [i for i, name in enumerate(JOINT_NAMES) if "arm" in name or i in range(42, 65) or i in range(78, 101)]
    legs = (people.vertices[0, 0, :, 1] > -0.85) & (dense.argmax(1) > -1)  # below the hips; y is down
    hands = (people.vertices[0, 0] - people.joints[0, 0, JOINT_NAMES.index("r_wrist")]).norm(dim=1) < 0.16
    hands |= (people.vertices[0, 0] - people.joints[0, 0, JOINT_NAMES.index("l_wrist")]).norm(dim=1) < 0.16
    assert dense[legs & ~hands][:, arms].sum(1).max() < 0.1
