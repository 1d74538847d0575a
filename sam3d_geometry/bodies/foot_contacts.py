"""When a foot stands: low and slow, begun and ended at different limits, so that it does not flicker."""

from __future__ import annotations

import torch

from .low_pass import low_pass
from .runs import runs

RISES_M = (0.04, 0.08)  # over the lower foot's sole: below the first a foot begins to stand, above the second it ends
# metres per second, likewise: so many times the speed that the slower foot has, which is the unrest of an estimator, within limits
UNREST = (3.0, 4.5)
SLOWEST, FASTEST = 0.12, 0.6
AIR_M = 0.12  # over where soles usually are when lowest: both feet higher than that are in the air
BODY_HZ = 2.0  # faster than this the hips do not speed up and slow down; what does is the estimator
SHORTEST_S = 0.1  # a step or a pause shorter than that is none
# from where a foot stands: as near, before and after, it stands there already, or still; times the unrest of feet, at most metres
NEAR, NEAREST_M = 2.5, 0.025


def settled_hips(hips: torch.Tensor, fps: float) -> torch.Tensor:
    """The hips' places (T, 3) without the unrest of an estimator, good enough to tell a foot that stands from one that swings."""
    return low_pass(hips, BODY_HZ, fps)


def foot_contacts(hips: torch.Tensor, feet: torch.Tensor, fps: float, unrest: float = 0.0) -> torch.Tensor:
    """(T, 2) bool: whether the left and the right foot stand in each frame of a shot.

    hips (T, 3) in a level world with y down, and points of both feet relative to them (T, 2, K, 3), metres, float64; `unrest` is how
    far off they are from frame to frame.
    """
    settled = hips[:, None, None] + feet
    soles = settled[..., 1].amax(-1)  # y is down
    lowest = soles.amax(1)
    usual = lowest.median()
    rise = lowest[:, None] - soles
    speed = _speeds(settled, fps)
    usual_speed = float(speed.amin(1).median())
    slow, slow_enough = (min(max(times * usual_speed, SLOWEST), FASTEST) for times in UNREST)
    in_air = (usual - lowest > AIR_M)[:, None]
    begins = (rise < RISES_M[0]) & (speed < slow) & ~in_air
    goes_on = (rise < RISES_M[1]) & (speed < slow_enough) & ~in_air
    stands, now = torch.zeros_like(begins), torch.zeros_like(begins[0])
    for t in range(len(begins)):
        now = (now & goes_on[t]) | begins[t]
        stands[t] = now
    shortest, may = max(2, round(SHORTEST_S * fps)), (rise < RISES_M[1]) & ~in_air
    for foot in range(2):
        _drop_short(stands[:, foot], False, shortest)  # short pauses first, then short steps
        _extend(stands[:, foot], settled[:, foot], may[:, foot], min(NEAR * unrest, NEAREST_M))
        for value in (False, True):
            _drop_short(stands[:, foot], value, shortest)
    return stands


def _extend(stands: torch.Tensor, places: torch.Tensor, may: torch.Tensor, near_m: float) -> None:
    """Adds to the times (T,) that a foot stands the frames before and after in which one of its points (T, K, 3) is within `near_m` of
    where that stood, while they `may` (T,); in place."""
    for first, last in runs(stands):
        stood = places[first : last + 1].mean(0)
        near = may & ((places - stood).norm(dim=-1).amin(-1) < near_m)
        while first > 0 and near[first - 1]:
            first -= 1
        while last < len(stands) - 1 and near[last + 1]:
            last += 1
        stands[first : last + 1] = True


def _speeds(feet: torch.Tensor, fps: float) -> torch.Tensor:
    """(T, 2) metres per second of the slowest of each foot's points: the one that a rolling foot stands on."""
    if len(feet) < 2:
        return feet.new_zeros(feet.shape[:2])
    steps = feet.diff(dim=0).norm(dim=-1) * fps
    both = torch.cat([steps[:1], torch.minimum(steps[1:], steps[:-1]), steps[-1:]])
    return both.amin(-1)


def _drop_short(states: torch.Tensor, value: bool, shortest: int) -> None:
    """Turns runs (T,) of `value` that are shorter into their neighbours' state, in place; those at the ends stay."""
    for first, last in runs(states == value):
        if first and last < len(states) - 1 and last - first + 1 < shortest:
            states[first : last + 1] = not value
