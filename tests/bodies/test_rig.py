"""The rig of the body model's own arrays: its rest and its skin, or a refusal of another skeleton."""

import pytest
import torch
from posed_people import walkers

from sam3d_geometry.bodies.perform import Settings, perform
from sam3d_geometry.bodies.rest_pose import rest_rotations
from sam3d_geometry.bodies.rig import Rig, rig_from_arrays
from sam3d_geometry.bodies.rotation_maths import quaternion_xyzw
from sam3d_geometry.bodies.skeleton import JOINT_COUNT, JOINT_PARENTS


def arrays(vertices=10):
    rest = rest_rotations()
    parents = torch.tensor(JOINT_PARENTS)
    local = torch.where((parents < 0)[:, None, None], rest, rest[parents.clamp_min(0)].transpose(-1, -2) @ rest)
    return {
        "parents": parents,
        "prerotations_xyzw": quaternion_xyzw(local).float(),
        "skin_vertices": torch.arange(vertices).repeat_interleave(2),
        "skin_joints": torch.tensor([2, 3]).repeat(vertices),
        "skin_weights": torch.tensor([0.25, 0.75]).repeat(vertices),
    }


def test_prerotations_put_together_are_the_rest():
    rig = rig_from_arrays(**arrays())
    assert (rig.rotations - rest_rotations()).abs().max() < 1e-6
    assert len(rig.skin) == 10 and not rig.skin.geometric
    assert (Rig().rotations - rest_rotations()).abs().max() == 0 and Rig().skin is None


def test_the_models_own_weights_are_used_and_said():
    people = walkers(2)
    made, facts = perform(people, 0, Settings(), rig_from_arrays(**arrays(people.vertex_count)))
    assert facts.skin_source == "the body model's own weights"
    bones = made.skin.joints[made.skin.weights > 0].unique()
    assert {made.bones[int(bone)] for bone in bones} == {"l_upleg", "l_lowleg"}


def test_another_skeleton_is_refused():
    with pytest.raises(ValueError, match="another skeleton, of 22 joints; 127"):
        rig_from_arrays(**{**arrays(), "parents": torch.arange(-1, 21)})
    assert JOINT_COUNT == 127
