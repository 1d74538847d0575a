"""A person's rest is found back: skinning brings it exactly to where it was found, and statures are the people's own."""

import pytest
import torch
from posed_people import real_people, walkers

from sam3d_geometry.bodies.rest import (
    BodyMotion,
    posed_vertices,
    rest_mesh,
    rest_of,
    resting_vertices,
    sampled_frames,
    skinning,
    stature,
)
from sam3d_geometry.bodies.rest_pose import rest_rotations
from sam3d_geometry.bodies.skeleton import JOINT_COUNT, JOINT_NAMES, JOINT_PARENTS
from sam3d_geometry.bodies.skin import geometric_skin, skin_from_dense

FLIP = torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64)
STATURES = (1.691, 1.734, 1.787, 1.677)  # metres, of the four real people, by the rig's own skin


def moving(person=0, frames=6):
    people = walkers(frames)
    return people, BodyMotion.of(people.rotations[:, person], people.joints[:, person], rest_rotations())


def test_bone_lengths_are_the_persons_own():
    people, motion = moving()
    rest = rest_of(motion, rest_rotations())
    parents = torch.tensor(JOINT_PARENTS).clamp_min(0)
    lengths = (rest.joints - rest.joints[parents]).norm(dim=1)
    seen = (people.joints[0, 0] - people.joints[0, 0, parents]).norm(dim=1)
    assert (lengths - seen).abs().max() < 1e-5


def test_skinning_and_its_inverse_undo_each_other():
    _, motion = moving()
    rest = rest_of(motion, rest_rotations())
    moves = skinning(motion.transforms()[3], rest.transforms())
    generator = torch.Generator().manual_seed(0)
    vertices = torch.randn(50, 3, generator=generator, dtype=torch.float64)
    skin = skin_from_dense(torch.rand(50, JOINT_COUNT, generator=generator) ** 8, "random")
    back = resting_vertices(posed_vertices(vertices, skin, moves), skin, moves)
    assert (back - vertices).abs().max() < 1e-9


def test_a_mannequin_of_rigid_parts_has_one_rest_in_all_frames():
    people, motion = moving()
    rest = rest_of(motion, rest_rotations())
    skin = geometric_skin(people.vertices[0, 0], people.faces, people.joints[0, 0])
    # each part hangs from one joint only
    strongest = skin.joints.gather(1, skin.weights.argmax(1, keepdim=True))[:, 0]
    rigid = skin_from_dense(torch.nn.functional.one_hot(strongest, JOINT_COUNT).double(), "rigid")
    found, chosen, apart = rest_mesh(people.vertices[:, 0], rigid, motion.transforms(), rest.transforms())
    assert apart < 1e-4
    moved = posed_vertices(found, rigid, skinning(motion.transforms()[chosen], rest.transforms()))
    assert (moved - people.vertices[chosen, 0] * FLIP).abs().max() < 1e-9


def test_frames_are_sampled_from_end_to_end():
    assert sampled_frames(1).tolist() == [0]
    found = sampled_frames(300).tolist()
    assert len(found) == 9 and found[0] == 0 and found[-1] == 299


def test_statures_of_four_real_people_are_within_a_percent():
    people, turns = real_people(), rest_rotations()
    for person, height in enumerate(STATURES):
        motion = BodyMotion.of(people.rotations[:, person], people.joints[:, person], turns)
        rest = rest_of(motion, turns)
        skin = geometric_skin(people.vertices[0, person], people.faces, people.joints[0, person])
        vertices, _, _ = rest_mesh(people.vertices[:, person], skin, motion.transforms(), rest.transforms())
        assert stature(vertices) == pytest.approx(height, rel=0.01)
        ankles = rest.joints[[JOINT_NAMES.index("l_foot"), JOINT_NAMES.index("r_foot")]]
        assert abs(float(ankles[0, 1] - ankles[1, 1])) < 0.01  # both feet on one floor
