"""The world that people are written in: found before, by the floor of a pointmap, or under the lowest point of the people."""

from dataclasses import replace

import closed_form
import pytest
import torch
from posed_people import walkers

from sam3d_geometry.bodies.world import world_of


def test_the_cameras_own_world_is_none():
    assert world_of(walkers(2), None, "camera") == (None, "the camera's axes")


def test_a_world_found_before_stays():
    found = torch.eye(4, dtype=torch.float64).repeat(2, 1, 1)
    found[:, 1, 3] = -1.7
    world, said = world_of(replace(walkers(2), world_from_camera=found), None, "level")
    assert torch.equal(world, found) and "found before" in said


def test_without_a_floor_it_lies_under_the_lowest_point():
    people = walkers(3)
    world, _ = world_of(people, None, "level")
    heights = [
        -float((people.points(t, p).double() @ world[t, 1, :3] + world[t, 1, 3]).max())
        for t in range(3)
        for p in range(2)
    ]
    assert min(heights) == pytest.approx(0, abs=1e-6)


def test_a_room_gives_its_own_floor():
    depth = closed_form.box_room(60, 80)[0].float()
    world, said = world_of(walkers(2), closed_form.pointmap(depth.expand(2, -1, -1), metric=True), "level")
    assert "floor of the pointmap" in said
    assert world[:, 1, 3].tolist() == pytest.approx([-1.5, -1.5], abs=0.05)


def test_a_wall_of_unknown_scale_gives_a_world_but_no_floor():
    wall = closed_form.pointmap(closed_form.plane(48, 64, 0.0, distance=3.0)[0].float())
    world, said = world_of(walkers(2), wall, "level")
    assert world.shape == (2, 4, 4) and "under the lowest point" in said
