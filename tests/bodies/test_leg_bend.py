"""Legs bent to where feet should be: bones keep their lengths, hips stay, and feet keep how they are turned."""

import itertools

import torch
import walkers

from sam3d_geometry.bodies.leg_bend import LEGS, bent_legs


def walking():
    bodies = walkers.walk(24).bodies
    return bodies.rotations[:, 0].double(), bodies.joints[:, 0].double()


def moves(seed, most=0.03):
    """A few centimetres any way, and up: a leg that is nearly straight reaches no farther."""
    anywhere = most * (2 * torch.rand(24, 2, 3, generator=torch.Generator().manual_seed(seed)).double() - 1)
    return anywhere - torch.tensor([0.0, 2 * most, 0.0], dtype=torch.float64)


def lengths(places, leg):
    return places[:, leg].diff(dim=1).norm(dim=-1)


def test_ankles_go_where_they_are_wanted_and_bones_keep_their_lengths():
    rotations, places = walking()
    for seed in range(3):
        wanted = moves(seed)
        turned, placed = bent_legs(rotations, places, wanted)
        for side, leg in enumerate(LEGS):
            hip, _, ankle = leg
            torch.testing.assert_close(placed[:, ankle], places[:, ankle] + wanted[:, side], atol=1e-9, rtol=0)
            torch.testing.assert_close(placed[:, hip], places[:, hip], atol=0, rtol=0)
            torch.testing.assert_close(lengths(placed, leg), lengths(places, leg), atol=1e-9, rtol=0)
            # the foot goes along without a turn, and so do its own joints
            torch.testing.assert_close(turned[:, ankle], rotations[:, ankle], atol=1e-9, rtol=0)
            apart = placed[:, ankle + 4] - placed[:, ankle]
            torch.testing.assert_close(apart, places[:, ankle + 4] - places[:, ankle], atol=1e-9, rtol=0)
            # a bone lies in its joint's axes where it lay
            for joint, end in itertools.pairwise(leg):
                own = [
                    torch.einsum("nba,nb->na", r[:, joint], p[:, end] - p[:, joint])
                    for r, p in ((rotations, places), (turned, placed))
                ]
                torch.testing.assert_close(own[0], own[1], atol=1e-9, rtol=0)


def test_knees_stay_on_their_side():
    rotations, places = walking()
    _, placed = bent_legs(rotations, places, moves(5))
    for hip, knee, ankle in LEGS:
        bow = [
            p[:, knee]
            - p[:, hip]
            - (p[:, ankle] - p[:, hip])
            * (
                ((p[:, knee] - p[:, hip]) * (p[:, ankle] - p[:, hip])).sum(-1)
                / (p[:, ankle] - p[:, hip]).square().sum(-1)
            )[:, None]
            for p in (places, placed)
        ]
        assert bool((torch.nn.functional.cosine_similarity(*bow, dim=-1) > 0.97).all())


def test_a_foot_out_of_reach_comes_as_near_as_its_leg_is_long():
    rotations, places = walking()
    far = torch.zeros(24, 2, 3, dtype=torch.float64)
    far[:, 0] = 3 * (places[:, LEGS[0][2]] - places[:, LEGS[0][0]])
    _, placed = bent_legs(rotations, places, far)
    hip, _, ankle = LEGS[0]
    stretched = (placed[:, ankle] - placed[:, hip]).norm(dim=-1)
    torch.testing.assert_close(lengths(placed, LEGS[0]), lengths(places, LEGS[0]), atol=1e-9, rtol=0)
    assert bool((stretched > 0.99 * lengths(places, LEGS[0]).sum(1)).all())


def test_what_is_not_wanted_does_not_move():
    rotations, places = walking()
    one = moves(2)
    one[:, 1] = 0
    turned, placed = bent_legs(rotations, places, one)
    right = [LEGS[1][0], *range(18, 34)]
    assert torch.equal(placed[:, right], places[:, right]) and torch.equal(turned[:, right], rotations[:, right])
    assert torch.equal(placed[:, 34:], places[:, 34:])
