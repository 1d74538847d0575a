"""Cuts between the shots of a clip, found by what the frames look like."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .dissolves import LONGEST_DISSOLVE, spans_of_dissolves
from .fades import comes_out, fades_in, is_pale

# below the most alike of unrelated photos (0.41), far above pans of 2.5 % of the width a frame (0.13)
CUT_THRESHOLD = 0.35
LOOK_SIZE = (48, 48)  # pixels: what is left of a picture tells two shots apart, and a fast pan moves it by one pixel
# pixels of a thumbnail in one where exposures are compared: a pan moves it by a third of one, noise is gone
EXPOSURE_CELL = 4
BLANK = 0.04  # a frame that is everywhere this near to black or to white shows nothing
FRAMES_AT_ONCE = (
    8  # whose histograms are counted together: sixteen numbers for each pixel of a thumbnail, which fill the cache
)
HISTOGRAM_BINS = 16  # of brightness: noise and compression stay within one


def thumbnails(images: torch.Tensor) -> torch.Tensor:
    """Images (B, H, W, C) -> thumbnails (B, 48, 48, 3), frame by frame so that a long clip is not copied."""
    looks = [
        F.interpolate(frame[None, ..., :3].movedim(-1, 1).float(), LOOK_SIZE, mode="area").movedim(1, -1)
        for frame in images
    ]
    return torch.cat(looks).expand(-1, -1, -1, 3)


def _histograms(looks: torch.Tensor) -> torch.Tensor:
    """(B, 3, bins) share of pixels in each brightness bin of each channel; neighbouring bins share a pixel linearly."""
    centres = torch.arange(HISTOGRAM_BINS, device=looks.device, dtype=looks.dtype)
    found = []
    for part in looks.reshape(len(looks), -1, 3).split(FRAMES_AT_ONCE):
        position = part.clamp(0, 1) * (HISTOGRAM_BINS - 1)
        found.append((1 - (position[..., None] - centres).abs()).clamp_min(0).mean(1))
    return torch.cat(found)


def _gini_difference(values: torch.Tensor) -> torch.Tensor:
    """(B,) mean distance between two values drawn from sorted ones (B, N): Gini's mean difference."""
    count = values.shape[1]
    weights = 2 * torch.arange(count, device=values.device, dtype=values.dtype) - count + 1
    return 2 * (values * weights).sum(1) / count**2


def _rearranged(looks: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
    """How differently light and dark lie in two thumbnails (B, 48, 48, 3): (B,), 0 for any exposure of one, about 1 for others.

    The tone curve between the two is taken out by matching their sorted brightness, in the direction that fits better, since
    what one of them clips is seen in the other only. What is left is given in shares of what chance would leave.
    """
    now, before = (F.avg_pool2d(look.mean(-1)[:, None], EXPOSURE_CELL).flatten(1) for look in (looks, previous))
    least = torch.full((len(looks),), torch.inf, device=looks.device, dtype=looks.dtype)
    for source, target in ((before, now), (now, before)):
        values = target.sort(1).values
        matched = torch.empty_like(target).scatter_(1, source.argsort(1), values)
        share = (matched - target).abs().mean(1) / _gini_difference(values)
        least = torch.minimum(least, torch.where(share.isfinite(), share, torch.inf))
    return least


def _blank(looks: torch.Tensor) -> torch.Tensor:
    """(B,) bool: whether a thumbnail is black or white all over, but for noise."""
    coarse = F.avg_pool2d(looks.movedim(-1, 1), EXPOSURE_CELL).flatten(1)
    return (coarse < BLANK).all(1) | (coarse > 1 - BLANK).all(1)


def compared_looks(looks: torch.Tensor, before: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Which frames are passed over, (B,) bool, and the thumbnails (B + 1, 48, 48, 3) that the next frame is compared with.

    A black or white frame after a picture shows nothing: it is passed over, and the frame after it is compared with the
    picture. The first thumbnail is `before`, or the first frame itself; the last is what a stream goes on from.
    """
    last = looks[:1] if before is None else before
    blank, seen = _blank(looks).tolist(), not bool(_blank(last))
    passed, kept = [], [last]
    for i, is_blank in enumerate(blank):
        passed.append(is_blank and seen)
        if not passed[-1]:
            last, seen = looks[i : i + 1], not is_blank
        kept.append(last)
    return torch.tensor(passed, device=looks.device), torch.cat(kept)


@dataclass(frozen=True)
class FrameCuts:
    """Where the shots of B frames start, and what a stream goes on from.

    cuts     (B,) bool, True where a frame starts a shot: after a cut, and at the end of a dissolve or a fade
    gradual  (B,) bool, True where it is the end of a dissolve or a fade
    passed   (B,) bool, True for black and white frames that are passed over
    look     (N, 48, 48, 3) thumbnails of the shot's last frames, in order, of black and white ones in a row a single one
    """

    cuts: torch.Tensor
    gradual: torch.Tensor
    passed: torch.Tensor
    look: torch.Tensor


def find_cuts(looks: torch.Tensor, before: torch.Tensor | None, threshold: float) -> FrameCuts:
    """The cuts in thumbnails (B, 48, 48, 3), `before` being the look that an earlier run ended with."""
    recent = looks[:0] if before is None else before
    blank = _blank(recent)
    seen = recent[~blank] if len(recent) and not bool(blank.all()) else recent
    passed, kept = compared_looks(looks, seen[-1:] if len(seen) else None)
    cuts = _changes(looks, passed, kept, before is None) > threshold
    gradual = torch.zeros_like(cuts)
    for i, (is_cut, is_passed) in enumerate(zip(cuts.tolist(), passed.tolist())):
        flat_before = bool(blank[-1:].any())
        recent, blank = (v[:0] if is_cut else v[-LONGEST_DISSOLVE:] for v in (recent, blank))
        if is_passed and flat_before:
            continue
        recent, blank = torch.cat([recent, looks[i : i + 1]]), torch.cat([blank, passed[i : i + 1]])
        if not is_passed and not is_cut and _has_changed(recent, blank, threshold):
            cuts[i] = gradual[i] = True
            recent, blank = recent[-1:], blank[-1:]
    return FrameCuts(cuts, gradual, passed, recent.clone())


def _has_changed(recent: torch.Tensor, blank: torch.Tensor, threshold: float) -> bool:
    """Whether another shot has dissolved, or faded, into that of the last of thumbnails (N, 48, 48, 3)."""
    shown = recent[~blank]
    if comes_out(recent):
        return False
    if threshold < 1 and fades_in(recent):
        return True
    spans = (span for span in spans_of_dissolves(shown) if not is_pale(shown[-1 - span :]))
    return any(_differs(shown[[-1 - span, -1]], threshold) for span in spans)


def _differs(pair: torch.Tensor, threshold: float) -> bool:
    """Whether two thumbnails (2, 48, 48, 3) are as different as a cut makes them."""
    return bool(_changes(pair, *compared_looks(pair), is_start=False)[1] > threshold)


def frame_changes(looks: torch.Tensor, before: torch.Tensor | None = None) -> torch.Tensor:
    """How different each frame looks from the one before it, (B,) in [0, 1]; the first is compared with `before` or 1.

    Half the distance of the colour histograms, which motion hardly changes, plus the mean difference of the thumbnails; no
    more than what another exposure leaves, so that flashes are no cuts; 0 for a frame that is passed over (`compared_looks`).
    """
    return _changes(looks, *compared_looks(looks, before), before is None)


def _changes(looks: torch.Tensor, passed: torch.Tensor, kept: torch.Tensor, is_start: bool) -> torch.Tensor:
    """`frame_changes` of frames whose `compared_looks` are known."""
    previous = kept[:-1]
    histogram = (_histograms(looks) - _histograms(previous)).abs().sum(-1).mean(-1) / 2
    picture = (looks - previous).abs().mean((1, 2, 3))
    changes = torch.minimum(0.5 * histogram + picture, _rearranged(looks, previous)).clamp(0, 1)
    changes = torch.where(passed, 0, changes)
    if is_start:
        changes[0] = 1
    return changes


def shots(images: torch.Tensor, threshold: float = CUT_THRESHOLD) -> list[slice]:
    """The frames of images (B, H, W, 3) from cut to cut, in order."""
    return shots_between(find_cuts(thumbnails(images), None, threshold).cuts)


def shots_between(cuts: torch.Tensor) -> list[slice]:
    """The frames from cut to cut; `cuts` (B,) bool is True where a frame starts a shot, as the first always does."""
    starts = sorted({0, *torch.nonzero(cuts)[:, 0].tolist()})
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], len(cuts)])]
