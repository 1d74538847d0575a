"""Numbers of frames: when each comes, where missing ones leave their time to the frame before them, and a few of many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ..files.depth_file import NUMBER

MOST_MISSING = 3  # times as many as there are; numbers that lie farther apart are no frame numbers
GAPS_NAMED = 5


@dataclass(frozen=True)
class FrameTimes:
    """When each frame comes, in frames from 0, and a sentence about missing numbers, or None where there is nothing to say."""

    times: list[int]
    note: str | None = None


def frame_times(files: Sequence[Path]) -> FrameTimes:
    """The times of files in the order of their numbers, the last one in each name; one after the other where names differ otherwise."""
    one_by_one = list(range(len(files)))
    numbers = _numbers_in_names(files)
    steps = [after - before for before, after in pairwise(numbers)]
    if not steps or min(steps) < 1:
        return FrameTimes(one_by_one)
    step = math.gcd(*steps)
    times = [(number - numbers[0]) // step for number in numbers]
    missing = times[-1] + 1 - len(files)
    if not missing:
        note = f"Only every {step}th number is there; the frames follow each other without gaps."
        return FrameTimes(times, note if step > 1 else None)
    named = _gaps(numbers, step)
    if missing > MOST_MISSING * len(files):
        note = f"Numbers are missing ({named}), too many for frames; the frames follow each other without gaps."
        return FrameTimes(one_by_one, note)
    return FrameTimes(times, f"Numbers are missing ({named}); the frame before them stays on in their place.")


def spread_evenly(count: int, length: int) -> list[int]:
    """The numbers of up to `count` of `length` frames, one in the middle of each of as many equal parts of the clip."""
    count = min(count, length)
    return [(2 * i + 1) * length // (2 * count) for i in range(count)]


def last_number(path: Path) -> int | None:
    """The last number in a file's name."""
    found = NUMBER.search(path.stem)
    return None if found is None else int(found[1])


def _numbers_in_names(files: Sequence[Path]) -> list[int]:
    """The numbers of files whose names are the same but for them, [] of others."""
    found = [NUMBER.search(path.stem) for path in files]
    rest = {None if match is None else match.string[: match.start()] + match.string[match.end() :] for match in found}
    return [] if len(rest) > 1 or None in rest else [int(match[1]) for match in found if match is not None]


def _gaps(numbers: Sequence[int], step: int) -> str:
    gaps = [(a + step, b - step) for a, b in pairwise(numbers) if b - a > step]
    named = [str(first) if first == last else f"{first} to {last}" for first, last in gaps[:GAPS_NAMED]]
    return ", ".join(named) + (f" and {len(gaps) - GAPS_NAMED} gaps more" if len(gaps) > GAPS_NAMED else "")
