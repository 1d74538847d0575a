"""A clip of people held steady: the world, the cuts and the report go together."""

import torch
import walkers

from sam3d_geometry.bodies.shot import Steadying
from sam3d_geometry.bodies.steady import steady_bodies
from sam3d_geometry.bodies.steady_clip import steady_clip

HOW = Steadying(fps=walkers.FPS)


def test_it_is_the_steps_one_by_one():
    seen = walkers.unsteady_walk(24)
    done = steady_clip(seen, HOW)
    world = done.bodies.world_from_camera
    again = steady_bodies(seen, world, HOW, has_floor=False)
    assert torch.equal(done.bodies.keypoints, again.bodies.keypoints) and torch.equal(done.contacts, again.contacts)
    assert "the camera taken as level" in done.report and "Person 0: 24 frames" in done.report


def test_a_camera_that_moves_is_told():
    seen = walkers.unsteady_walk(24)
    poses = torch.eye(4, dtype=torch.float64).repeat(24, 1, 1)
    assert "along the way of the camera" in steady_clip(seen, HOW, poses=poses).report
