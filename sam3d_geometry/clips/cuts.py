"""Cuts between the shots of a clip, found by what the frames look like."""

from __future__ import annotations

import torch
from torch.nn import functional as F

CUT_THRESHOLD = (
    0.35  # below the most alike of unrelated photos (0.41), far above pans of 2.5 % of the width a frame (0.13)
)
LOOK_SIZE = (48, 48)  # pixels: what is left of a picture tells two shots apart, and a fast pan moves it by one pixel
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
    position = looks.reshape(len(looks), -1, 3).clamp(0, 1) * (HISTOGRAM_BINS - 1)
    centres = torch.arange(HISTOGRAM_BINS, device=looks.device, dtype=looks.dtype)
    return (1 - (position[..., None] - centres).abs()).clamp_min(0).mean(1)


def frame_changes(looks: torch.Tensor, before: torch.Tensor | None = None) -> torch.Tensor:
    """How different each frame looks from the one before it, (B,) in [0, 1]; the first is compared with `before` or 1.

    Half the distance of the colour histograms, which motion hardly changes, plus the mean difference of the thumbnails.
    """
    previous = torch.cat([looks[:1] if before is None else before, looks[:-1]])
    histogram = (_histograms(looks) - _histograms(previous)).abs().sum(-1).mean(-1) / 2
    picture = (looks - previous).abs().mean((1, 2, 3))
    changes = (0.5 * histogram + picture).clamp(0, 1)
    if before is None:
        changes[0] = 1
    return changes


def shots(images: torch.Tensor, threshold: float = CUT_THRESHOLD) -> list[slice]:
    """The frames of images (B, H, W, 3) from cut to cut, in order."""
    return shots_between(frame_changes(thumbnails(images)) > threshold)


def shots_between(cuts: torch.Tensor) -> list[slice]:
    """The frames from cut to cut; `cuts` (B,) bool is True where a frame starts a shot, as the first always does."""
    starts = sorted({0, *torch.nonzero(cuts)[:, 0].tolist()})
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], len(cuts)])]
