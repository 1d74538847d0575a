"""Consistency: what the neighbours of a view say about each of its depths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from .posed_depth import PosedDepth

NEIGHBOUR_VIEWS = 6  # views that each view is held against
CONTRADICTION = 0.03  # least relative difference of depth that counts as a contradiction
SPREADS = 3.0  # and in standard deviations of the differences where two views see the same
SAME_SURFACE_WITHIN = 0.1  # relative difference within which two depths may be of the same surface
MOST_SPREAD = 2.0  # times the median of all views, which no view is allowed to exceed
FRONTAL = 0.2  # weight of a pixel that looks at its surface enough to measure depth by
LEAST_SEEN_TWICE = 0.1  # of those pixels that must be seen twice for a spread to be measured
UNTESTED = 0.5  # trust in a depth that no other view can judge, where others can be judged
LEAST_TRUST = 0.05  # below this a depth is left out


@dataclass(frozen=True)
class Agreement:
    """What the others say about one view.

    trust      (h, w) float32 from 0 to 1
    agreeing   (h, w) int64, how many of the neighbours see the same surface there
    spread     standard deviation of the logarithm of one view's depth, from the differences to the others
    contradicted  share of the view's pixels that others see through more often than they confirm them
    """

    trust: torch.Tensor
    agreeing: torch.Tensor
    spread: float
    contradicted: float


def neighbours_of(frames: Sequence[PosedDepth], count: int = NEIGHBOUR_VIEWS) -> list[list[int]]:
    """For each view the numbers of those that look at it from the nearest angles, by the middles of what they see."""
    axes = torch.stack([frame.world_from_camera[:3, 2] for frame in frames])
    centres = torch.stack([frame.centre for frame in frames])
    away = torch.cdist(centres, centres)
    unit = away[away > 0].median() if bool((away > 0).any()) else away.new_tensor(1.0)
    distance = away / unit + torch.acos((axes @ axes.T).clamp(-1, 1))
    distance.fill_diagonal_(torch.inf)
    order = distance.argsort(1)[:, : min(count, len(frames) - 1)]
    return order.tolist()


def differences(frame: PosedDepth, other: PosedDepth) -> tuple[torch.Tensor, torch.Tensor]:
    """ln(depth to `other` / depth that `other` has there) for each pixel of `frame` (h, w), and where there is one.

    Negative: the point floats in front of what the other view sees; positive: it is hidden behind that.
    """
    z, pixel, inside = other.seen_at(frame.world_points().reshape(-1, 3))
    seen = other.depth.reshape(-1)[pixel]
    there = inside & (seen > 0) & frame.valid.reshape(-1) & (other.weight.reshape(-1)[pixel] > 0)
    value = torch.where(there, z.clamp_min(1e-9).log() - seen.clamp_min(1e-9).log(), 0)
    return value.view(frame.depth.shape), there.view(frame.depth.shape)


def blocked(frame: PosedDepth, other: PosedDepth, limit: float) -> torch.Tensor:
    """(h, w) int64, 1 where `other` has a surface before what `frame` sees, by more than `limit` of ln depth."""
    z, pixel, inside = frame.seen_at(other.world_points()[other.weight > 0])
    seen = frame.depth.reshape(-1)[pixel]
    before = inside & (seen > 0) & (z.clamp_min(1e-9).log() < seen.clamp_min(1e-9).log() - limit)
    found = torch.zeros(frame.depth.numel(), dtype=torch.long)
    found[pixel[before]] = 1
    return found.view(frame.depth.shape)


def agreements(frames: Sequence[PosedDepth]) -> list[Agreement]:
    """Each view held against its neighbours (projective, as in Merrell et al., 2007): trust and spread.

    A depth is confirmed where another view has the same within the spread, contradicted where another view looks through
    it, or has a surface before it on its own ray; where it is hidden behind what the other sees, that view says nothing.
    """
    if len(frames) == 1:
        frame = frames[0]
        return [Agreement(torch.ones_like(frame.depth), torch.zeros_like(frame.depth, dtype=torch.long), 0.0, 0.0)]
    found, order = [], neighbours_of(frames)
    compared = [[differences(frame, frames[other]) for other in others] for frame, others in zip(frames, order)]
    spreads = [_spread(frame, pairs) for frame, pairs in zip(frames, compared)]
    measured = sorted(spread for spread in spreads if spread)
    usual = measured[len(measured) // 2] if measured else 0.0
    for frame, others, pairs, spread in zip(frames, order, compared, spreads):
        # a view that stands apart as a whole is held to what the others are
        spread = min(spread or usual, MOST_SPREAD * usual)
        limit = min(max(CONTRADICTION, SPREADS * spread * 2**0.5), SAME_SURFACE_WITHIN)
        agreeing, through = torch.zeros_like(frame.depth).long(), torch.zeros_like(frame.depth).long()
        for other, (value, there) in zip(others, pairs):
            agreeing += (value.abs() <= limit) & there
            through += (value < -limit) & there
            through += blocked(frame, frames[other], limit)
        trust = (UNTESTED + agreeing) / (UNTESTED + agreeing + 2.0 * through)
        trust = torch.where((agreeing == 0) & (through == 0), UNTESTED, trust) * frame.valid
        trust = torch.where(trust < LEAST_TRUST, 0, trust)
        contradicted = float((through > agreeing)[frame.valid].float().mean())
        found.append(Agreement(trust.float(), agreeing, spread, contradicted))
    return found


def _spread(frame: PosedDepth, pairs: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """Robust standard deviation of ln depth of one view, from differences of two that are within SAME_SURFACE_WITHIN.

    Only where the view looks at the surface from the front; 0 where too little of it is seen twice.
    """
    front = frame.weight > FRONTAL
    values = torch.cat([value[there & front & (value.abs() < SAME_SURFACE_WITHIN)] for value, there in pairs])
    if len(values) < LEAST_SEEN_TWICE * int(front.sum()) + 2:
        return 0.0
    return float(1.4826 * values.abs().median() / 2**0.5)


def trusted(frames: Sequence[PosedDepth], found: Sequence[Agreement]) -> list[PosedDepth]:
    """The frames with their weights times the trust that the others have in them."""
    return [replace(frame, weight=frame.weight * said.trust) for frame, said in zip(frames, found, strict=True)]
