"""Dissolves and fades from one shot to another: frames between them are mixtures of both, and no two that follow each other differ much.

Twin comparison (Zhang et al., 1993) looks for frames that differ from one some time ago though each step is small; here the
frames in between must be mixtures as well, which those of pans, zooms and moving things are not.
"""

from __future__ import annotations

import torch

from .likeness import coarse_looks, same_place

LONGEST_DISSOLVE = 32  # frames that a dissolve takes at most: a second and a third at 24 a second
SPANS = (8, 16, 24, LONGEST_DISSOLVE)
ALIKE = 0.05  # mean difference of two thumbnails up to which they are of one shot
MOST_LEFT = 0.3  # share of the difference of two shots that a mixture of them may miss, through noise and slow motion
STILL_MIXED = 0.15  # share of another shot from which a frame counts as a mixture
LEAST_MIXED = 3  # frames that are mixtures: fewer are a cut
# a fifth of the frames at the end are the new shot alone: in the middle of a dissolve they are mixtures
SETTLED_PART = 5
WRONG_WAY = 0.1  # by which a share may go the wrong way, through noise


def spans_of_dissolves(looks: torch.Tensor) -> list[int]:
    """How many frames before the last of thumbnails (N, 48, 48, 3) there stood another shot that has dissolved into its own."""
    return [span for span in SPANS if span < len(looks) and _are_mixtures(looks[-1 - span :])]


def _are_mixtures(looks: torch.Tensor) -> bool:
    """Whether thumbnails (N, 48, 48, 3) lead from what the first shows to what the last shows by mixtures of the two."""
    if (looks[-1] - looks[0]).abs().mean() < ALIKE:
        return False
    frames = coarse_looks(looks).flatten(1).cpu()  # not every device solves
    ends, between = frames[[0, -1]], frames[1:-1]
    shares = torch.linalg.lstsq(ends.T, between.T).solution  # (2, N - 2): how much of each end
    left = (between - shares.T @ ends).norm(dim=1)
    if bool((left > MOST_LEFT * (ends[1] - ends[0]).norm()).any()):
        return False
    of_first, of_last = shares
    if bool((of_last.diff() < -WRONG_WAY).any()) or bool((of_first.diff() > WRONG_WAY).any()):
        return False
    mixed = (of_first < 1 - STILL_MIXED) & (of_last < 1 - STILL_MIXED)
    settled = -(-len(mixed) // SETTLED_PART)
    if int(mixed.sum()) < LEAST_MIXED or bool(mixed[-settled:].any()):
        return False
    return not same_place(looks[0], looks[-1])
