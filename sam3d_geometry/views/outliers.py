"""Outliers: posed depths that the others contradict as a whole, which would ruin the surface that the rest makes together."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..geometry.widening import widened
from .consistency import differences
from .posed_depth import PosedDepth

FLOATS = 0.1  # of ln depth, by which a point stands before what another view sees there
OUTLINE_PIXELS = 2  # by which depth may lie outside of an outline
LEAST_LANDING = 0.05  # of a view's pixels that another one must see: fewer say nothing
MOST_CLASHING, TIMES_USUAL = 0.35, 2.0  # of what a view sees, and of what the views clash by on their median
LEAST_TO_JUDGE = 3  # views: of two that clash neither can be named


def without_clashing(frames: Sequence[PosedDepth]) -> tuple[list[PosedDepth], dict[str, str]]:
    """The frames without those that clash with the others, and why each was left out, by its name.

    The worst goes first, and the rest is judged again without it, so that one wrong view takes no right one along.
    """
    kept, reasons = list(frames), {}
    clash = _clashes(kept)
    while len(kept) >= LEAST_TO_JUDGE:
        worth = torch.nanmedian(clash, 1).values
        share, usual = float(torch.nan_to_num(worth).max()), float(torch.nanmedian(worth))
        if share <= max(MOST_CLASHING, TIMES_USUAL * usual):
            break
        at = int(torch.nan_to_num(worth).argmax())
        reasons[kept[at].name] = (
            f"{share:.0%} of it would float where the other photos see through, or lies beside the object in them"
        )
        rest = torch.tensor([k for k in range(len(kept)) if k != at])
        clash = clash[rest][:, rest]
        del kept[at]
    return kept, reasons


def _clashes(frames: Sequence[PosedDepth]) -> torch.Tensor:
    """(V, V) mean share of both ways by which two views clash; nan where they do not see the same, and of a view with itself."""
    found = torch.full((len(frames),) * 2, torch.nan)
    for i, one in enumerate(frames):
        for j, other in enumerate(frames):
            if i != j:
                found[i, j] = _clash(one, other)
    both = torch.stack([found, found.T])
    return torch.where(both.isnan().all(0), torch.nan, both.nanmean(0))


def _clash(frame: PosedDepth, other: PosedDepth) -> float:
    """Share of what lands of `frame` in `other` that floats before what that sees, or lies outside of its outline."""
    value, there = differences(frame, other)
    _, pixel, inside = other.seen_at(frame.world_points().reshape(-1, 3))
    inside = inside.view(frame.depth.shape) & frame.valid
    beside = torch.zeros_like(inside)
    if other.silhouette is not None:
        outline = widened(other.silhouette[None], OUTLINE_PIXELS)[0]
        before = (other.everything > 0) & ~other.silhouette  # something may stand before the object there
        beside = inside & ~(outline | before).reshape(-1)[pixel].view(frame.depth.shape)
    judged = there | beside
    if int(judged.sum()) < LEAST_LANDING * int(frame.valid.sum()) + 1:
        return float("nan")
    return float(((value < -FLOATS) & there | beside).sum() / judged.sum())
