"""When a foot stands: low and slow, begun and ended at different limits, so that it does not flicker."""

from __future__ import annotations

import torch

from .low_pass import low_pass
from .runs import runs

RISES_M = (0.04, 0.08)  # over the lower foot's sole: below the first a foot begins to stand, above the second it ends
# metres per second, likewise: so many times the speed that the slower foot has, which is the unrest of an estimator, within limits
UNREST = (3.0, 4.5)
TREMBLE = 0.5  # of the trembling of a point: the slowest of several points trembles less
SLOWEST, FASTEST = 0.12, 0.6
AIR_M = 0.12  # over where soles usually are when lowest: both feet higher than that are in the air
BODY_HZ = 2.0  # faster than this the hips do not speed up and slow down; what does is the estimator
RESTS_S = 0.3  # a foot that does not move for so long stands, however high: on a stair
SHORTEST_S = 0.1  # a step or a pause shorter than that is none


def settled_hips(hips: torch.Tensor, fps: float) -> torch.Tensor:
    """The hips' places (T, 3) without the unrest of an estimator, good enough to tell a foot that stands from one that swings."""
    return low_pass(hips, BODY_HZ, fps)


def foot_contacts(hips: torch.Tensor, feet: torch.Tensor, fps: float, unrest: float = 0.0) -> torch.Tensor:
    """(T, 2) bool: whether the left and the right foot stand in each frame of a shot.

    hips (T, 3) in a level world with y down, and points of both feet relative to them (T, 2, K, 3), metres, float64;
    `unrest` is the speed in metres per second that trembling gives to feet that stand.
    """
    settled = hips[:, None, None] + feet
    soles = settled[..., 1].amax(-1)  # y is down
    lowest = soles.amax(1)
    usual = lowest.median()
    rise = lowest[:, None] - soles
    speed = _speeds(settled, fps)
    usual_speed = float(speed.amin(1).median())
    slow, slow_enough = (min(max(times * max(usual_speed, TREMBLE * unrest), SLOWEST), FASTEST) for times in UNREST)
    in_air = (usual - lowest > AIR_M)[:, None]
    rests = _lasting(speed < slow, round(RESTS_S * fps))
    begins = ((rise < RISES_M[0]) & (speed < slow) & ~in_air) | rests
    goes_on = ((rise < RISES_M[1]) & (speed < slow_enough) & ~in_air) | rests
    stands, now = torch.zeros_like(begins), torch.zeros_like(begins[0])
    for t in range(len(begins)):
        now = (now & goes_on[t]) | begins[t]
        stands[t] = now
    shortest = max(2, round(SHORTEST_S * fps))
    for foot in range(2):
        for value in (False, True):  # short pauses first, then short steps
            _drop_short(stands[:, foot], value, shortest)
    return stands


def _speeds(feet: torch.Tensor, fps: float) -> torch.Tensor:
    """(T, 2) metres per second of the slowest of each foot's points: the one that a rolling foot stands on."""
    if len(feet) < 2:
        return feet.new_zeros(feet.shape[:2])
    steps = feet.diff(dim=0).norm(dim=-1) * fps
    both = torch.cat([steps[:1], torch.minimum(steps[1:], steps[:-1]), steps[-1:]])
    return both.amin(-1)


def _lasting(states: torch.Tensor, shortest: int) -> torch.Tensor:
    """The runs in states (T, 2) of at least so many frames."""
    found = torch.zeros_like(states)
    for foot in range(2):
        for first, last in runs(states[:, foot]):
            found[first : last + 1, foot] = last - first + 1 >= shortest
    return found


def _drop_short(states: torch.Tensor, value: bool, shortest: int) -> None:
    """Turns runs (T,) of `value` that are shorter into their neighbours' state, in place; those at the ends stay."""
    for first, last in runs(states == value):
        if first and last < len(states) - 1 and last - first + 1 < shortest:
            states[first : last + 1] = not value
