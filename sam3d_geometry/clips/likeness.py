"""How alike two thumbnails are, in whatever light and though the camera has moved on a little: whether they show one place."""

from __future__ import annotations

from itertools import product

import torch
from torch.nn import functional as F

LIKENESS_CELL = 4  # pixels of a thumbnail in one: small motion and noise are gone
STEP_ASIDE = 2  # coarse pixels, a sixth of the picture, by which the camera may have moved on
ONE_PLACE = 0.5  # likeness beyond which two thumbnails may show one place; of unrelated photos it reaches 0.54
DETAIL_CELL = 2  # pixels of a thumbnail in one
DETAIL_AROUND = 5  # of those, across the surroundings that detail stands out from
ONE_PLACE_IN_DETAIL = 0.4  # of unrelated photos that are as alike it is below 0.27, of one place in motion above 0.6


def coarse_looks(looks: torch.Tensor) -> torch.Tensor:
    """Thumbnails (N, 48, 48, 3) -> (N, 3, 12, 12)."""
    return F.avg_pool2d(looks.float().movedim(-1, 1), LIKENESS_CELL)


def patterns(looks: torch.Tensor) -> torch.Tensor:
    """Thumbnails (N, 48, 48, 3) -> (N, M) what varies within each; its length is the contrast."""
    frames = coarse_looks(looks)
    return (frames - frames.mean((2, 3), keepdim=True)).flatten(1)


def likeness(first: torch.Tensor, second: torch.Tensor, reach: int = STEP_ASIDE, enough: float = 1.0) -> float:
    """The best correlation, -1 to 1, of two thumbnails (48, 48, 3), one of them moved by up to `reach` coarse pixels.

    Of small moves before large ones, the first one beyond `enough` ends the search.
    """
    return _best_correlation(coarse_looks(torch.stack([first, second])), reach, enough)


def detail_likeness(first: torch.Tensor, second: torch.Tensor, enough: float = 1.0) -> float:
    """As `likeness`, but of what is finer than the large areas of light and dark, which photos of different places may share."""
    looks = F.avg_pool2d(torch.stack([first, second]).float().movedim(-1, 1), DETAIL_CELL)
    around = F.avg_pool2d(looks, DETAIL_AROUND, 1, DETAIL_AROUND // 2, count_include_pad=False)
    return _best_correlation(looks - around, STEP_ASIDE * LIKENESS_CELL // DETAIL_CELL, enough)


def _best_correlation(pair: torch.Tensor, reach: int, enough: float) -> float:
    """The best correlation of two pictures (2, 3, N, N), one of them moved by up to `reach` pixels, or the first beyond `enough`."""
    one, other = pair
    side, best = one.shape[-1], -1.0
    steps = range(-reach, reach + 1)
    for down, right in sorted(product(steps, steps), key=lambda step: step[0] ** 2 + step[1] ** 2):
        moved = [
            picture[:, _part(sign * down, side), _part(sign * right, side)] for picture, sign in ((one, 1), (other, -1))
        ]
        a, b = ((part - part.mean((1, 2), keepdim=True)).flatten() for part in moved)
        best = max(best, float(F.cosine_similarity(a, b, dim=0)))
        if best > enough:
            break
    return best


def _part(offset: int, side: int) -> slice:
    return slice(max(0, offset), side + min(0, offset))


def same_place(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Whether two thumbnails (48, 48, 3) show one place."""
    if likeness(first, second, enough=ONE_PLACE) <= ONE_PLACE:
        return False
    return detail_likeness(first, second, enough=ONE_PLACE_IN_DETAIL) > ONE_PLACE_IN_DETAIL
