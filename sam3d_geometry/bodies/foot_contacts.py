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
EDGE_S = 0.08  # how much longer a foot may stand than its smoothed way tells
EDGE_FRAMES = 6  # that tell where it stood
THERE = 2.0  # standard deviations, of three axes together, within which a point is where it stood
LEAST_SPREAD_M = 2e-3  # how exactly a standing foot is seen at best
CARRIED_M = 0.01  # off its place by smoothing
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


def exact_contacts(
    contacts: torch.Tensor, feet: torch.Tensor, seen: torch.Tensor, rays: torch.Tensor, fps: float
) -> torch.Tensor:
    """Contacts (T, 2) whose first and last frames are told by where feet were seen (T, 2, K, 3) where smoothing has carried `feet` away.

    Smoothing spreads a landing over some frames. A foot stands one or two frames longer where one of its points was still seen
    where it stood, as exactly as while it stood; `rays` (T, 3) are the unit directions in which it is known least. A shot does not
    begin or end with a low foot that leaves or comes in its first or last frame.
    """
    found = contacts.clone()
    reach = max(1, round(EDGE_S * fps))
    for foot in range(2):
        times = runs(contacts[:, foot])
        for number, (first, last) in enumerate(times):
            low = times[number - 1][1] + 1 if number else 0
            high = times[number + 1][0] - 1 if number + 1 < len(times) else len(contacts) - 1
            begin, end = (
                slice(first, min(first + EDGE_FRAMES, last + 1)),
                slice(max(first, last + 1 - EDGE_FRAMES), last + 1),
            )
            for inside, frames in (
                (begin, range(first - 1, max(low, first - reach) - 1, -1)),
                (end, range(last + 1, min(high, last + reach) + 1)),
            ):
                place = feet[inside, foot].mean(0)
                for t in frames:
                    carried = bool(((feet[t, foot] - place).norm(dim=-1) > CARRIED_M).all())
                    if not (carried and _still_there(seen[inside, foot], seen[t, foot], rays[t])):
                        break
                    found[t, foot] = True
        _fill_ends(found[:, foot], feet[:, foot, :, 1].amax(-1))
    return found


def _fill_ends(stands: torch.Tensor, soles: torch.Tensor) -> None:
    """A single first or last frame beside some in which a foot stands (T,) is one too where its sole (T,), y down, is as low; in place."""
    if len(stands) < 3:
        return
    for end, beside, next_one in ((0, 1, 2), (-1, -2, -3)):
        if stands[beside] and stands[next_one] and abs(float(soles[end] - soles[beside])) < RISES_M[0]:
            stands[end] = True


def _still_there(stood: torch.Tensor, now: torch.Tensor, ray: torch.Tensor) -> bool:
    """Whether one of the points (K, 3) of a foot is where it was in frames (N, K, 3) in which it stood, by their own spread."""
    place = stood.mean(0)
    spread, off = stood - place, now - place
    parts = []
    for apart in (spread, off):
        along = apart @ ray
        parts.append((along.square(), (apart.square().sum(-1) - along.square()) / 2))
    (deep, across), (deep_off, across_off) = parts
    free = max(len(stood) - 1, 1)
    deep = (deep.sum(0) / free).clamp_min(LEAST_SPREAD_M**2)
    across = (across.sum(0) / free).clamp_min(LEAST_SPREAD_M**2)
    return bool((deep_off / deep + 2 * across_off / across < THERE**2).any())


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
