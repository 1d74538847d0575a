"""How alike two thumbnails are, in whatever light and though the camera has moved on a little: whether they show one place."""

from __future__ import annotations

import torch
from torch.nn import functional as F

LIKENESS_CELL = 4  # pixels of a thumbnail in one: small motion and noise are gone
STEP_ASIDE = 2  # coarse pixels, a sixth of the picture, by which the camera may have moved on
ONE_PLACE = 0.5  # likeness beyond which two thumbnails show one place; of unrelated photos it is below 0.45


def coarse_looks(looks: torch.Tensor) -> torch.Tensor:
    """Thumbnails (N, 48, 48, 3) -> (N, 3, 12, 12)."""
    return F.avg_pool2d(looks.float().movedim(-1, 1), LIKENESS_CELL)


def patterns(looks: torch.Tensor) -> torch.Tensor:
    """Thumbnails (N, 48, 48, 3) -> (N, M) what varies within each; its length is the contrast."""
    frames = coarse_looks(looks)
    return (frames - frames.mean((2, 3), keepdim=True)).flatten(1)


def likeness(first: torch.Tensor, second: torch.Tensor, reach: int = STEP_ASIDE) -> float:
    """The best correlation, -1 to 1, of two thumbnails (48, 48, 3), one of them moved by up to `reach` coarse pixels."""
    one, other = coarse_looks(torch.stack([first, second]))
    side, best = one.shape[-1], -1.0
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            moved = [
                picture[:, _part(sign * down, side), _part(sign * right, side)]
                for picture, sign in ((one, 1), (other, -1))
            ]
            a, b = ((part - part.mean((1, 2), keepdim=True)).flatten() for part in moved)
            best = max(best, float(F.cosine_similarity(a, b, dim=0)))
    return best


def _part(offset: int, side: int) -> slice:
    return slice(max(0, offset), side + min(0, offset))


def same_place(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Whether two thumbnails (48, 48, 3) show one place."""
    return likeness(first, second) > ONE_PLACE
