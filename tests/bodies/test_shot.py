"""One person over a shot: what is smoothed keeps its place, and a shot knows nothing of the frames around it."""

import pytest
import torch
import walkers

from sam3d_geometry.bodies.shot import Shot, Steadying
from sam3d_geometry.bodies.skeleton import ROOT

HOW = Steadying(fps=walkers.FPS)


def shot_of(bodies, world, frames, how=HOW):
    return Shot(bodies, 0, frames, world, how)


def test_hips_are_where_they_are_in_the_level_world():
    walk = walkers.walk(12)
    shot = shot_of(walk.bodies, walk.world, slice(0, 12))
    seen = (walk.bodies.joints[:, 0, ROOT] + walk.bodies.translations[:, 0]).double()
    torch.testing.assert_close(shot.hips, seen + walk.world[:, :3, 3], atol=1e-6, rtol=0)
    torch.testing.assert_close(shot.new_translations(shot.hips), shot.part(walk.bodies.translations), atol=1e-6, rtol=0)


def test_frames_outside_do_not_matter():
    walk = walkers.walk(32)
    inside = slice(8, 24)
    other = walk.bodies.translations.clone()
    other[24:] += 5  # another shot begins
    changed = type(walk.bodies)(**{**vars(walk.bodies), "translations": other})
    made = [shot_of(bodies, walk.world, inside).place(walkers.FLOOR) for bodies in (walk.bodies, changed)]
    torch.testing.assert_close(*made, atol=0, rtol=0)


def test_feet_that_are_not_to_be_planted_do_not_give():
    seen = walkers.unsteady_walk(24)
    shot = shot_of(seen, walkers.walk(24).world, slice(0, 24), Steadying(fps=walkers.FPS, plant_feet=False))
    shot.place(0.0)
    assert float(shot.gives.abs().max()) == 0
    turns = shot.turn_in_rig()
    torch.testing.assert_close(turns @ turns.mT, torch.eye(3).double().expand_as(turns), atol=1e-6, rtol=0)


def test_rates_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="fps above 0"):
        Steadying(fps=0)
    with pytest.raises(ValueError, match="smoothing_hz of at least 0"):
        Steadying(smoothing_hz=-1)
