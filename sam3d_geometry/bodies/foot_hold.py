"""Feet that are flat on the floor held as they are turned: heel and toes stand still together.

A standing foot rolls over its heel, stands flat and rolls over its toes. Only while it is flat is it held; before and after,
what was changed is let go within a moment, so that nothing jumps.
"""

from __future__ import annotations

import torch

from .rotation_maths import best_rotation, rotation_from_vector, vector_from_rotation
from .runs import runs

# metres: how far a foot's points may be from where they mostly are, seen from the ankle, while it is flat: so many times their
# unrest from frame to frame, within limits
FLAT_UNREST = 6.0
FLAT_LEAST_M, FLAT_MOST_M = 0.010, 0.03
SHORTEST_FRAMES = 3
LET_GO_S = 0.15


def flat_times(feet: torch.Tensor, ankles: torch.Tensor, contacts: torch.Tensor) -> list[list[tuple[int, int]]]:
    """For the left and the right foot the first and last frames of the times in which it stands flat.

    feet (T, 2, K, 3) points of both feet and ankles (T, 2, 3) in one frame of axes, metres; contacts (T, 2) when they stand.
    """
    own = feet - ankles[:, :, None]
    found: list[list[tuple[int, int]]] = []
    for foot in range(2):
        times = []
        for first, last in runs(contacts[:, foot]):
            times += _flat_within(own[first : last + 1, foot], first)
        found.append(times)
    return found


def _flat_within(points: torch.Tensor, first: int) -> list[tuple[int, int]]:
    """The longest time in which points (N, K, 3) are near their median, counted from `first`; none that is too short."""
    if len(points) < SHORTEST_FRAMES:
        return []
    unrest = points.diff(n=2, dim=0).norm(dim=-1).median() / 6**0.5
    limit = float((FLAT_UNREST * unrest).clamp(FLAT_LEAST_M, FLAT_MOST_M))
    off = (points - points.median(0).values).norm(dim=-1).amax(-1)
    near = runs(off < limit)
    begin, end = max(near, key=lambda run: run[1] - run[0], default=(0, -1))
    return [(first + begin, first + end)] if end - begin + 1 >= SHORTEST_FRAMES else []


def held_values(values: torch.Tensor, times: list[tuple[int, int]], fps: float) -> torch.Tensor:
    """What has to be added to values (T, ...) so that each stays at its mean in each of `times` and comes back to its own way."""
    added = torch.zeros_like(values)
    for begin, end in times:
        added[begin : end + 1] = values[begin : end + 1].mean(0) - values[begin : end + 1]
    shares = _let_go(len(values), times, fps)
    for (begin, end), (before, after) in zip(times, shares):
        added[before] += _spread(added[begin], _rising(before), values.dim())
        added[after] += _spread(added[end], _rising(after).flip(0), values.dim())
    return added


def held_turns(turns: torch.Tensor, times: list[tuple[int, int]], fps: float) -> torch.Tensor:
    """Turns (T, J, 3, 3) that stay at their mean in each of `times` and come back to their own way."""
    held = turns.clone()
    for (begin, end), (before, after) in zip(times, _let_go(len(turns), times, fps)):
        flat = turns[begin : end + 1]
        mean = best_rotation(torch.eye(3, dtype=flat.dtype), flat.mean(0).mT)  # that with the least squared chords
        held[begin : end + 1] = mean
        for part, edge, rising in (
            (before, begin, _rising(before)),
            (after, end, _rising(after).flip(0)),
        ):
            away = vector_from_rotation(mean @ turns[edge].mT)
            held[part] = rotation_from_vector(rising[:, None, None] * away) @ held[part]
    return held


def _let_go(count: int, times: list[tuple[int, int]], fps: float) -> list[tuple[slice, slice]]:
    """The frames before and after each of `times` in which it is let go, half of the way to its neighbours at most."""
    reach = max(1, round(LET_GO_S * fps))
    found = []
    for number, (begin, end) in enumerate(times):
        low = (times[number - 1][1] + begin) // 2 + 1 if number else 0
        high = (end + times[number + 1][0]) // 2 if number + 1 < len(times) else count - 1
        found.append((slice(max(low, begin - reach), begin), slice(end + 1, min(high, end + reach) + 1)))
    return found


def _rising(frames: slice) -> torch.Tensor:
    """Shares that rise over `frames`, from above 0 to below 1, evenly and with slow ends."""
    count = frames.stop - frames.start
    share = torch.arange(1, count + 1, dtype=torch.float64) / (count + 1)
    return share * share * (3 - 2 * share)


def _spread(value: torch.Tensor, shares: torch.Tensor, dims: int) -> torch.Tensor:
    return shares.view(-1, *[1] * (dims - 1)) * value
