"""Feet that do not turn while they stand flat: their unrest goes, and heels and toes stand as still as what they stand on.

A foot stands flat in the frames of a contact in which its sole points are nearly as level as they ever are in it. There it has one
direction, the mean of those that it was seen in; one that truly turns on the spot is left to turn. Before and after, as
it rolls over heel and ball, the correction fades.
"""

from __future__ import annotations

import math

import torch

from .leg_give import fade_between
from .rotation_maths import best_rotation, rotation_from_vector, vector_from_rotation
from .runs import runs

FLAT_M = 0.015  # by how much more than at its most level a sole may be out of level
MOST_LEVEL = 0.2  # share of a contact's frames that tell how level its sole becomes
PIVOTS = math.radians(8.0)  # from the mean: a foot that is turned farther pivots, and from here on is held less
FADE_S = 0.15  # how long before and after a flat foot its correction takes


def flat_turns(turns: torch.Tensor, feet: torch.Tensor, contacts: torch.Tensor, fps: float) -> torch.Tensor:
    """Rotations (N, 2, 3, 3) in the world by which feet are to be turned about their ankles, the unit where nothing is to change.

    turns     (N, 2, 3, 3) from the ankles' axes to the world
    feet      (N, 2, K, 3) points of both soles in a level world with y down
    contacts  (N, 2) whether each foot stands
    """
    fade = max(1, round(FADE_S * fps))
    made = torch.eye(3, dtype=torch.float64).repeat(*contacts.shape, 1, 1)
    for foot in range(2):
        flat = torch.zeros(len(contacts), dtype=torch.bool)
        vectors = torch.zeros(len(contacts), 3, dtype=torch.float64)
        tilt = feet[:, foot, :, 1].amax(-1) - feet[:, foot, :, 1].amin(-1)
        for first, last in runs(contacts[:, foot]):
            part = slice(first, last + 1)
            flat[part] = tilt[part] <= torch.quantile(tilt[part], MOST_LEVEL) + FLAT_M
            at = first + torch.nonzero(flat[part])[:, 0]
            axes = torch.eye(3, dtype=torch.float64).repeat(len(at), 1)
            mean = best_rotation(axes, turns[at, foot].mT.flatten(0, 1))
            off = vector_from_rotation(mean @ turns[at, foot].mT)
            held = (2 - off.norm(dim=-1, keepdim=True) / PIVOTS).clamp(0, 1)
            vectors[at] = held * off
        fade_between(vectors, flat, fade)
        made[:, foot] = rotation_from_vector(vectors)
    return made
