"""What is said of steadied people, and their contacts as JSON."""

import json

import torch
import walkers

from sam3d_geometry.bodies.example import walking_person
from sam3d_geometry.bodies.steady import Steadying, steady_bodies
from sam3d_geometry.bodies.steady_report import contacts_json, foot_skate, standing_slide, steady_report
from sam3d_geometry.bodies.world import level_world_of


def test_a_line_for_each_person_with_sizes_and_slides():
    walk = walkers.walk(30)
    seen = walk.bodies.scaled(1 + 0.05 * torch.randn(30, 1, generator=torch.Generator().manual_seed(0)))
    how = Steadying(fps=walkers.FPS)
    done = steady_bodies(seen, walk.world, how)
    first, second, _ = steady_report(seen, done, walk.world, how, "level").splitlines()
    assert first == "30 frames at 24 a second. World: level."
    assert second.startswith("Person 0: 30 frames, size was 4.") and "slides" in second and "-> 0." in second


def test_a_foot_that_stands_does_not_slide_and_one_that_never_stands_has_no_speed():
    walk = walkers.walk(30)
    assert float(foot_skate(walk.bodies, walk.world, walk.contacts[:, None], walkers.FPS)) < 1e-3
    never = torch.zeros(30, 1, 2, dtype=torch.bool)
    assert foot_skate(walk.bodies, walk.world, never, walkers.FPS).isnan().all()


def test_contacts_are_first_and_last_frames():
    contacts = torch.zeros(6, 1, 2, dtype=torch.bool)
    contacts[1:4, 0, 0] = contacts[5, 0, 0] = True
    said = json.loads(contacts_json(contacts, torch.tensor([7]), 25.0))
    assert said == {"fps": 25.0, "persons": [{"track_id": 7, "left": [[1, 3], [5, 5]], "right": []}]}


def test_a_foot_that_rolls_about_its_ball_does_not_slide_and_stays_so():
    walk, how = walking_person(), Steadying()
    world = level_world_of(walk, None)
    done = steady_bodies(walk, world.from_camera, how, has_floor=False)
    seen = (walk, world.from_camera, done.contacts, how.fps)
    assert float(foot_skate(*seen)) > 3 and float(standing_slide(*seen)) < 0.5
    assert float(standing_slide(done.bodies, *seen[1:])) < 0.5
