"""Legs that give way: how much, when, and which parts of a body take it."""

import torch
import walkers

from sam3d_geometry.bodies.leg_give import MOST_M, leg_gives, leg_shares
from sam3d_geometry.bodies.skeleton import JOINT_NAMES, joints, keypoints


def test_a_foot_that_slides_is_held_and_let_go_slowly():
    feet = torch.zeros(40, 2, 2, 3, dtype=torch.float64)
    feet[:, 0, :, 0] = torch.linspace(0, 0.04, 40, dtype=torch.float64)[:, None]
    contacts = torch.zeros(40, 2, dtype=torch.bool)
    contacts[10:20] = True
    gives = leg_gives(feet, contacts, 24.0)
    assert (feet[10:20, 0, :, 0] + gives[10:20, 0, 0, None]).std(0).max() < 1e-12
    assert not gives[:, 1].any() and not gives[:5].any() and not gives[26:].any()
    assert gives.diff(dim=0).norm(dim=-1).max() < 0.003


def test_more_than_unrest_is_not_followed():
    feet = torch.zeros(10, 2, 1, 3, dtype=torch.float64)
    feet[:, 0, :, 2] = torch.linspace(0, 3, 10, dtype=torch.float64)[:, None]
    gives = leg_gives(feet, torch.ones(10, 2, dtype=torch.bool), 24.0)
    assert gives.norm(dim=-1).max() <= MOST_M + 1e-9


def test_feet_take_all_knees_half_and_hips_and_hands_nothing():
    bodies = walkers.walk(1).bodies
    places = bodies.joints[0, 0].double()
    shares = leg_shares(places, places)
    take = {name: [round(value, 3) for value in shares[JOINT_NAMES.index(name)].tolist()] for name in JOINT_NAMES}
    assert take["l_foot"] == take["l_ball"] == [1, 0] and take["r_ball"] == [0, 1]
    assert take["c_head"] == take["l_wrist"] == take["root"] == [0, 0]
    assert 0.4 < take["l_lowleg"][0] < 0.6 and take["r_upleg"][1] == 0
    toes = bodies.keypoints[0, 0, keypoints(["left-heel", "left-big-toe-tip", "right-small-toe-tip"])].double()
    assert leg_shares(toes, places).tolist() == [[1, 0], [1, 0], [0, 1]]
    vertices = leg_shares(bodies.vertices[0, 0].double(), places)
    low = bodies.vertices[0, 0, :, 1] > places[joints(["l_upleg"])[0], 1] + 0.3  # y is down
    assert vertices[low].sum(1).min() > 0 and vertices.max() <= 1
