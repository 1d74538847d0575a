"""Steady people: feet that stand still, one size, no trembling, and what must not be touched."""

from dataclasses import replace

import gaits
import pytest
import torch
import walkers
from real_gait import real_gait, real_rig

from sam3d_geometry.bodies.size import statures
from sam3d_geometry.bodies.steady import Steadying, shots_of, steady_bodies
from sam3d_geometry.bodies.steady_report import foot_skate

FRAMES = 48
HOW = Steadying(fps=walkers.FPS)


@pytest.fixture(scope="module")
def truth():
    return walkers.walk(FRAMES)


def unrest(walk, seed=0):
    """The walk as an estimator has it: joints tremble, sizes change by 3 %, places by 5 mm and 2 cm in depth."""
    generator = torch.Generator().manual_seed(seed)
    bodies = walkers.walk(FRAMES, noise=0.5, seed=seed).bodies
    off = torch.randn(FRAMES, 1, 3, generator=generator) * torch.tensor([0.005, 0.005, 0.02])
    bodies = replace(bodies, translations=bodies.translations + off)
    bodies = replace(bodies, keypoints_2d=bodies.projected(bodies.keypoints))
    return bodies.scaled(1 + 0.03 * torch.randn(FRAMES, 1, generator=generator))


def places(bodies):
    return bodies.keypoints + bodies.translations[:, :, None]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_feet_stand_still_and_nothing_moves_in_the_picture(truth, seed):
    seen = unrest(truth, seed)
    done = steady_bodies(seen, truth.world, HOW)
    before, after = (float(foot_skate(b, truth.world, truth.contacts[:, None], HOW.fps)) for b in (seen, done.bodies))
    assert before > 200 and after < before / 100
    assert float(foot_skate(done.bodies, truth.world, done.contacts, HOW.fps)) < 1
    off = [(places(b) - places(truth.bodies)).norm(dim=-1).mean() for b in (seen, done.bodies)]
    assert off[1] < off[0] / 3.5
    moved = (done.bodies.keypoints_2d - truth.bodies.keypoints_2d).norm(dim=-1).median()
    assert moved < 1.3
    tall = statures(done.bodies)
    assert tall.std() < 0.005 and statures(seen).std() > 0.03


def test_a_true_walk_stays_what_it_is(truth):
    done = steady_bodies(truth.bodies, truth.world, HOW)
    assert (done.contacts[:, 0] == truth.contacts).float().mean() > 0.98
    assert (places(done.bodies) - places(truth.bodies)).norm(dim=-1).max() < 0.06
    assert (done.bodies.keypoints_2d - truth.bodies.keypoints_2d).norm(dim=-1).median() < 1
    assert float(foot_skate(done.bodies, truth.world, done.contacts, HOW.fps)) < 0.5


def test_nothing_asked_changes_nothing(truth):
    idle = Steadying(lock_size=False, smoothing_hz=0, plant_feet=False, fps=walkers.FPS)
    done = steady_bodies(truth.bodies, truth.world, idle)
    for name in ("vertices", "joints", "keypoints", "translations", "rotations"):
        assert torch.allclose(getattr(done.bodies, name), getattr(truth.bodies, name), atol=1e-5), name


def test_there_is_no_delay(truth):
    done = steady_bodies(truth.bodies, truth.world, replace(HOW, plant_feet=False))
    wrists = places(truth.bodies)[:, 0, 41, 1], places(done.bodies)[:, 0, 41, 1]
    seen, smooth = (w - w.mean() for w in wrists)
    scores = [float((seen[5:-5] * smooth.roll(lag)[5:-5]).sum()) for lag in range(-4, 5)]
    assert max(range(9), key=scores.__getitem__) == 4


def test_nothing_crosses_a_cut_or_a_gap(truth):
    moved = truth.bodies.translations.clone()
    moved[24:] += torch.tensor([1.0, 0.0, 2.0])
    cut = torch.zeros(FRAMES, dtype=torch.bool)
    cut[24] = True
    jumping = replace(truth.bodies, translations=moved)
    done = steady_bodies(jumping, truth.world, HOW, cuts=cut)
    assert (places(done.bodies) - places(jumping)).norm(dim=-1).mean() < 0.03
    assert shots_of(torch.tensor([True, True, False, True]), None) == [slice(0, 2), slice(3, 4)]
    assert shots_of(torch.ones(4, dtype=torch.bool), torch.tensor([True, False, True, False])) == [
        slice(0, 2),
        slice(2, 4),
    ]


def test_people_who_come_and_go_and_stay_a_frame(truth):
    present = truth.bodies.present.clone()
    present[10:14] = False
    present[20] = True
    present[19] = present[21] = False
    tensors = {
        name: torch.where(
            present.view(FRAMES, 1, *[1] * (getattr(truth.bodies, name).dim() - 2)), getattr(truth.bodies, name), 0
        )
        for name in (
            "vertices",
            "joints",
            "keypoints",
            "keypoints_2d",
            "translations",
            "boxes",
            "sizes",
            "focal",
            "rotations",
        )
    }
    coming = replace(truth.bodies, present=present, **tensors)
    done = steady_bodies(coming, truth.world, HOW)
    assert done.bodies.vertices.isfinite().all() and not done.contacts[~present].any()
    assert not done.bodies.vertices[~present].any() and not done.bodies.keypoints_2d[~present].any()


def test_a_camera_that_moves_and_turns_is_taken_out(truth):
    share = torch.linspace(0, 1, FRAMES, dtype=torch.float64)
    world = truth.world.clone()
    cosine, sine = torch.cos(0.2 * share), torch.sin(0.2 * share)
    world[:, 0, 0], world[:, 0, 2], world[:, 2, 0], world[:, 2, 2] = cosine, sine, -sine, cosine
    world[:, 0, 3], world[:, 2, 3] = 0.3 * share, -0.4 * share
    back = torch.linalg.inv(world) @ truth.world
    turn = back[:, None, :3, :3].float()

    def turned(points):
        return points @ turn.mT

    bodies = unrest(truth)
    seen = replace(
        bodies,
        vertices=turned(bodies.vertices),
        joints=turned(bodies.joints),
        keypoints=turned(bodies.keypoints),
        rotations=None,
        translations=turned(bodies.translations[:, :, None])[:, :, 0] + back[:, None, :3, 3].float(),
    )
    done = steady_bodies(seen, world, HOW)
    assert float(foot_skate(done.bodies, world, done.contacts, HOW.fps)) < 5
    assert float(foot_skate(seen, world, done.contacts, HOW.fps)) > 150


def test_without_a_known_floor_feet_still_stand(truth):
    done = steady_bodies(unrest(truth), truth.world, HOW, has_floor=False)
    assert float(foot_skate(done.bodies, truth.world, done.contacts, HOW.fps)) < 4


def test_settings_and_lengths_that_cannot_be_are_refused(truth):
    with pytest.raises(ValueError, match="fps above 0"):
        Steadying(fps=0)
    with pytest.raises(ValueError, match="way of the camera came with 3 frames and the people with 48"):
        steady_bodies(truth.bodies, truth.world[:3], HOW)


@pytest.mark.parametrize(
    ("name", "slide", "missed"), [("turning", 0.7, 2), ("stairs", 1.1, 5), ("standing", 0.7, 2), ("jumping", 1, 4)]
)
def test_feet_that_roll_turn_climb_and_jump_stand_still_where_they_are_flat(name, slide, missed):
    truth, seen = gaits.gait(name, 56), walkers.shaken(gaits.gait(name, 56, 0.5).bodies)
    done = steady_bodies(seen, truth.world, HOW, rig=walkers.rig())
    before, after = (float(foot_skate(b, truth.world, truth.flat[:, None], HOW.fps)) for b in (seen, done.bodies))
    assert before > 200 and after < slide
    contacts = truth.contacts[:, None]
    assert (contacts & ~done.contacts).sum() <= missed / 100 * contacts.sum()
    assert (done.bodies.keypoints_2d - truth.bodies.keypoints_2d).norm(dim=-1).median() < 1.2


def test_parts_are_smoothed_by_their_own_frequencies(truth):
    for part, hz in (("tail", 2.0), ("arms", -1.0)):
        with pytest.raises(ValueError, match=f"smoothing of {part} came as"):
            Steadying(parts_hz={part: hz})
    how = Steadying(fps=walkers.FPS, plant_feet=False, fit_smoothing=False)
    for rig in (None, walkers.rig()):
        made = [
            steady_bodies(truth.bodies, truth.world, h, rig=rig).bodies.joints[:, 0]
            for h in (how, replace(how, parts_hz={"arms": 1.0}))
        ]
        elbow, knee = ((made[0] - made[1])[:, joint].norm(dim=-1).max() for joint in (40, 19))
        assert elbow > 5e-3 and knee < 1e-5


def test_a_real_person_in_a_gait_stands_still_without_delay_and_without_leaving_the_picture():
    truth, noisy = (real_gait("rolling walk", 40, noise) for noise in (0.0, 0.5))
    seen = walkers.shaken(noisy.bodies)
    done = steady_bodies(seen, truth.world, HOW, rig=real_rig())
    flat = truth.flat[:, None]
    own, before, after = (
        float(foot_skate(b, truth.world, flat, HOW.fps)) for b in (truth.bodies, seen, done.bodies)
    )  # even in truth heels go with the shank's skin a little
    assert done.by_skin and before > 200 and after < before / 100 and after < own + 1
    assert (truth.contacts[:, None] & ~done.contacts).sum() <= 0.05 * truth.contacts.sum()
    assert (done.bodies.keypoints_2d - truth.bodies.keypoints_2d).norm(dim=-1).median() < 1.2
    off = [(places(b) - places(truth.bodies)).norm(dim=-1).mean() for b in (seen, done.bodies)]
    assert off[1] < off[0] / 2.5
