"""How tall people are: their stature as they would stand, from the lengths of their bones, whatever their pose."""

from __future__ import annotations

import torch

from .bodies import Bodies
from .skeleton import joints

LEG_BONES = ("upleg", "lowleg", "foot")
TRUNK = ("root", "c_spine0", "c_spine1", "c_spine2", "c_spine3", "c_neck", "c_head")
# stature over the length of a leg and of the trunk to the head's joint; adults between 1.68 and 1.79 m, to within 1 %
STATURE_OF_CHAIN = 1.169


def _length(points: torch.Tensor, names: tuple[str, ...]) -> torch.Tensor:
    chain = points[..., joints(names), :]
    return (chain[..., 1:, :] - chain[..., :-1, :]).norm(dim=-1).sum(-1)


def statures(bodies: Bodies) -> torch.Tensor:
    """Stature (T, P) in metres of each person as it would stand upright, from bones that no pose changes; 0 for the absent.

    Foot, knee and hip (the mean of both legs), and pelvis, spine, neck and head: their length times STATURE_OF_CHAIN.
    """
    legs = [_length(bodies.joints, tuple(f"{side}_{part}" for part in LEG_BONES)) for side in "lr"]
    return STATURE_OF_CHAIN * ((legs[0] + legs[1]) / 2 + _length(bodies.joints, TRUNK))
