"""Which foot stands when: a walk, somebody who stands, and somebody who jumps."""

import pytest
import torch
import walkers

from sam3d_geometry.bodies.foot_contacts import exact_contacts, foot_contacts, settled_hips
from sam3d_geometry.bodies.skeleton import ROOT
from sam3d_geometry.bodies.steady import FOOT_POINTS


def feet_of(bodies):
    """Hips (T, 3) and points of the feet relative to them, in camera axes, which are level."""
    hips = (bodies.joints[:, 0, ROOT] + bodies.translations[:, 0]).double()
    points = bodies.keypoints[:, 0, FOOT_POINTS.flatten()].unflatten(1, FOOT_POINTS.shape).double()
    return hips, points - bodies.joints[:, 0, ROOT, None, None].double()


@pytest.mark.parametrize("heading", [75.0, 0.0, -140.0])
def test_contacts_of_a_walk_are_those_it_was_made_with(heading):
    walk = walkers.walk(60, heading=heading)
    assert (foot_contacts(*feet_of(walk.bodies), walkers.FPS) == walk.contacts).float().mean() > 0.95


def test_hips_that_tremble_hide_few_of_them():
    walk = walkers.walk(60)
    hips, feet = feet_of(walk.bodies)
    hips = hips + 0.01 * torch.randn(hips.shape, generator=torch.Generator().manual_seed(0)).double()
    found = foot_contacts(settled_hips(hips, walkers.FPS), feet, walkers.FPS)
    assert (found == walk.contacts).float().mean() > 0.85


def test_who_stands_stands_on_both_and_who_jumps_on_none():
    hips, feet = feet_of(walkers.walk(40).bodies)
    hips, feet = hips[:1].repeat(40, 1), feet[:1].repeat(40, 1, 1, 1)
    feet[:, 1, :, 1] = feet[:, 0, :, 1]
    assert foot_contacts(hips, feet, walkers.FPS).all()
    hips[15:25, 1] -= 0.5 - 0.02 * (torch.arange(10) - 4.5).double() ** 2  # y is down
    found = foot_contacts(hips, feet, walkers.FPS)
    assert not found[16:24].any() and found[:14].all() and found[27:].all()


def test_a_pause_of_a_frame_is_none():
    hips, feet = feet_of(walkers.walk(40).bodies)
    hips, feet = hips[:1].repeat(40, 1), feet[:1].repeat(40, 1, 1, 1)
    feet[20, 0, :, 1] -= 0.2
    assert foot_contacts(hips, feet, walkers.FPS)[:, 0].all()


def landing():
    """A foot (20 frames, 2, 1, 3) that comes down fast, stands in frames 8 to 19, and its smoothed way, which lands late."""
    feet = torch.zeros(20, 2, 1, 3, dtype=torch.float64)
    feet[:8, 0, 0, 1] = -0.08 * torch.arange(8, 0, -1)  # y is down
    smooth = feet.clone()
    smooth[6:10, 0, 0, 1] = torch.tensor([-0.2, -0.12, -0.05, -0.02])
    seen = feet + 0.004 * (torch.arange(20) % 2 - 0.5)[:, None, None, None]
    return smooth, seen


def test_a_foot_that_lands_stands_from_the_frame_on_in_which_it_was_seen_to():
    smooth, seen = landing()
    rays = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(20, 3)
    late = torch.zeros(20, 2, dtype=torch.bool)
    late[9:, 0] = True
    found = exact_contacts(late, smooth, seen, rays, walkers.FPS)
    assert found[8:, 0].all() and not found[:8, 0].any() and not found[:, 1].any()
    assert torch.equal(exact_contacts(late, seen, seen, rays, walkers.FPS), late)  # nothing was carried away


def test_a_shot_neither_begins_nor_ends_with_one_frame_of_a_step():
    still = torch.zeros(12, 2, 1, 3, dtype=torch.float64)
    rays = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(12, 3)
    stands = torch.ones(12, 2, dtype=torch.bool)
    stands[0], stands[-1] = False, False
    still[-1, 1, 0, 1] = -0.1  # this foot is high
    found = exact_contacts(stands, still, still, rays, walkers.FPS)
    assert found[:, 0].all() and found[0, 1] and not found[-1, 1]
