"""Performances are the people: their meshes exactly, in the camera's axes, a level world, on the spot or for another size."""

import pytest
import torch
from posed_people import largest, real_people, upright, walkers, without

from sam3d_geometry.bodies.perform import Settings, perform
from sam3d_geometry.bodies.rest import posed_vertices, skinning
from sam3d_geometry.bodies.targets import TARGETS


def skinned(made, frame):
    return posed_vertices(made.vertices, made.skin, skinning(made.transforms()[frame], made.rest))


@pytest.mark.parametrize("name", TARGETS)
def test_the_skinned_mesh_is_the_person_in_the_exact_frame(name):
    people = walkers()
    made, facts = perform(people, 0, Settings(names=name))
    frame = facts.exact_frame
    assert largest(skinned(made, frame).numpy() - upright(people, frame, 0)) < 1e-6
    assert facts.leg_length == pytest.approx(0.83, abs=0.03)


@pytest.mark.parametrize("name", ["mhr", "mixamo"])
def test_real_people_too(name):
    people = real_people()
    for person in range(people.persons):
        made, facts = perform(people, person, Settings(names=name))
        assert largest(skinned(made, 0).numpy() - upright(people, 0, person)) < 1e-6
        assert facts.exact_frame == 0


def test_at_rest_a_person_stands_on_the_floor():
    made, _ = perform(walkers(), 0, Settings(names="mixamo"))
    assert float(made.vertices[:, 1].min()) == pytest.approx(0, abs=1e-9)
    assert made.rest[0, 1, 3] > 0.8  # the hips


def test_in_a_level_world_a_tilted_camera_makes_no_difference():
    people = walkers()
    straight, _ = perform(people, 0, Settings())
    angle = torch.tensor(0.3, dtype=torch.float64)
    tilt = torch.eye(4, dtype=torch.float64)
    tilt[1:3, 1:3] = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])
    tilt[:3, 3] = torch.tensor([0.0, -1.4, 0.0])
    turned, _ = perform(people, 0, Settings(world=tilt.expand(len(people), 4, 4)))
    flip = torch.diag(torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64))
    turn = flip @ tilt[:3, :3] @ flip
    moved = straight.places @ turn.T + torch.tensor([0.0, 1.4, 0.0], dtype=torch.float64)
    bones = slice(1, None)  # the first stands still on the floor
    assert (moved - turned.places)[:, bones].abs().max() < 1e-6
    assert (turn @ straight.rotations - turned.rotations)[:, bones].abs().max() < 1e-6
    frame = 2
    body = torch.tensor(upright(people, frame, 0)) @ turn.T + torch.tensor([0.0, 1.4, 0.0], dtype=torch.float64)
    assert (skinned(turned, frame) - body).abs().median() < 0.01


def test_on_the_spot_the_hips_stay_over_one_place_and_keep_their_height():
    people = walkers()
    made, _ = perform(people, 0, Settings(names="mixamo", in_place=True))
    free, _ = perform(people, 0, Settings(names="mixamo"))
    assert made.places[:, 0, [0, 2]].abs().max() == 0
    assert torch.equal(made.places[:, 0, 1], free.places[:, 0, 1])
    assert free.places[:, 0, 0].max() - free.places[:, 0, 0].min() > 0.3


def test_for_another_character_everything_is_scaled_by_the_legs():
    own, facts = perform(walkers(), 0, Settings(names="mixamo"))
    made, _ = perform(walkers(), 0, Settings(names="mixamo", leg_length=2 * facts.leg_length))
    assert (made.places - 2 * own.places).abs().max() < 1e-9
    assert (made.vertices - 2 * own.vertices).abs().max() < 1e-9


def test_frames_without_the_person_are_left_out_and_nobody_is_refused():
    people = without(walkers(), 1, [0, 3])
    made, _ = perform(people, 1, Settings())
    assert made.frames.tolist() == [1, 2, 4, 5] and made.frame_count == 6
    with pytest.raises(ValueError, match="in no frame"):
        perform(without(walkers(2), 0, [0, 1]), 0, Settings())


def test_without_rotations_or_faces():
    from dataclasses import replace

    people = walkers(2)
    made, facts = perform(replace(people, faces=None), 0, Settings())
    assert made.vertices is None and facts.skin_source == "no mesh"
    with pytest.raises(ValueError, match="pred_global_rots"):
        perform(replace(people, rotations=None), 0, Settings())
