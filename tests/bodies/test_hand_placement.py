"""People moved by hand: all that belongs to a person moves as one rigid thing about one pivot, and nobody else does."""

import math
from dataclasses import replace

import pytest
import torch
from people import FLOOR, two_people

from sam3d_geometry.bodies.contact import sole_depths
from sam3d_geometry.bodies.hand_placement import Move, moved_by_hand
from sam3d_geometry.bodies.perform import Settings, perform
from sam3d_geometry.bodies.rotation_maths import rotation_from_euler
from sam3d_geometry.bodies.size import statures
from sam3d_geometry.bodies.skeleton import ROOT
from sam3d_geometry.geometry.rotations import rotation_from_degrees

DOWN = torch.tensor([0.0, 1.0, 0.0])


def tilted(people):
    """The same with a level world that the camera is tilted and moving in."""
    world = torch.eye(4, dtype=torch.float64).repeat(len(people), 1, 1)
    for t in range(len(people)):
        world[t, :3, :3] = rotation_from_degrees(3.0 * t, -10.0, 2.0)
        world[t, :3, 3] = torch.tensor([0.1 * t, -1.4, 0.0])
    return replace(people, world_from_camera=world)


def in_world(bodies, points):
    seen = (points + bodies.translations[:, :, None]).double()
    if bodies.world_from_camera is None:
        return seen
    world = bodies.world_from_camera[:, None]
    return seen @ world[..., :3, :3].transpose(-1, -2) + world[..., None, :3, 3]


def test_nothing_asked_for_changes_nothing():
    people = two_people(2)
    moved = moved_by_hand(people, Move())
    for name in ("vertices", "joints", "keypoints", "translations", "rotations", "keypoints_2d", "sizes"):
        assert torch.allclose(getattr(moved, name), getattr(people, name), atol=1e-3), name


@pytest.mark.parametrize("pivot", ["feet", "hips", "camera"])
def test_vertices_joints_and_keypoints_move_as_one_and_the_clip_as_a_whole(pivot):
    people = tilted(two_people(3))
    move = Move(turn_degrees=(35.0, 0.0, 0.0), shift_m=(0.3, 0.2, 0.5), factor=1.1, pivot=pivot)
    moved = moved_by_hand(people, move, 1)
    names = ("vertices", "joints", "keypoints")
    before, after = (
        torch.cat([in_world(b, getattr(b, n)) for n in names], 2)[:, 1].reshape(-1, 3) for b in (people, moved)
    )
    # one similarity for all points of all frames: fitted by least squares, nothing is left
    ones = torch.ones(len(before), 1, dtype=torch.float64)
    matrix = torch.linalg.lstsq(torch.cat([before, ones], 1), after).solution.T
    assert float((torch.cat([before, ones], 1) @ matrix.T - after).abs().max()) < 1e-5
    assert torch.allclose(matrix[:, :3] / 1.1, rotation_from_degrees(35.0, 0.0, 0.0), atol=1e-5)
    assert torch.equal(moved.vertices[:, 0], people.vertices[:, 0]) and torch.equal(
        moved.boxes[:, 0], people.boxes[:, 0]
    )
    assert torch.allclose(moved.projected(moved.keypoints), moved.keypoints_2d, atol=1e-3)
    assert torch.allclose(statures(moved)[:, 1], 1.1 * statures(people)[:, 1], rtol=1e-5)
    # the hips stay where the rig has them relative to the person's origin
    assert torch.allclose(moved.joints[:, 1, ROOT], 1.1 * people.joints[:, 1, ROOT], atol=1e-5)


def test_about_the_feet_they_keep_to_the_floor():
    people = two_people()
    moved = moved_by_hand(people, Move(turn_degrees=(90.0, 0.0, 0.0), factor=0.7), 1)
    assert float(sole_depths(moved, 0, 1, DOWN).max()) == pytest.approx(
        float(sole_depths(people, 0, 1, DOWN).max()), abs=1e-4
    )
    assert float(sole_depths(people, 0, 1, DOWN).max()) == pytest.approx(FLOOR, abs=0.05)


def test_directions_are_those_that_are_told():
    people = two_people()
    shifted = moved_by_hand(people, Move(shift_m=(1.0, 2.0, 3.0)))
    wanted = torch.tensor([1.0, -2.0, 3.0])  # camera axes: y is down
    assert torch.allclose(shifted.translations - people.translations, wanted.expand(1, 2, 3), atol=1e-5)
    facing = people.joints[0, 1, ROOT] - torch.tensor([0.0, 0.0, 1.0])  # a point in front of who faces the camera
    turn = rotation_from_degrees(90.0, 0.0, 0.0).float()
    assert float((turn @ (facing - people.joints[0, 1, ROOT]))[0]) == pytest.approx(
        -1, abs=1e-5
    )  # to the picture's left


def test_bones_turn_with_the_mesh_and_the_pose_numbers_too():
    people = tilted(two_people(2))
    angles = torch.tensor([0.2, -0.4, 0.1]).expand(2, 2, 3).clone()
    people = replace(people, parameters={"global_rot": angles})
    moved = moved_by_hand(people, Move(turn_degrees=(50.0, 10.0, -20.0)))
    one, other = (rotation_from_euler(b.parameters["global_rot"]) for b in (people, moved))
    against = moved.rotations[:, :, ROOT] @ people.rotations[:, :, ROOT].transpose(-1, -2)
    assert torch.allclose(other @ one.transpose(-1, -2), against, atol=1e-5)
    # a skeleton made of them has the same rest and bones
    before, after = (perform(bodies, 0, Settings())[0] for bodies in (people, moved))
    assert torch.allclose(before.rest, after.rest, atol=2e-4)


def test_what_cannot_be_is_said_in_a_sentence():
    people = two_people()
    with pytest.raises(ValueError, match="Person 0 would come behind the camera in frame 0"):
        moved_by_hand(people, Move(shift_m=(0.0, 0.0, -9.0)))
    with pytest.raises(ValueError, match="choose 0 to 1, or -1 for all"):
        moved_by_hand(people, Move(), 5)
    with pytest.raises(ValueError, match="choose one of feet, hips, camera"):
        Move(pivot="nose")
    with pytest.raises(ValueError, match="size_factor came as nan"):
        Move(factor=math.nan)
