"""Means and maxima over square windows around every pixel, by sums of doubled length: few passes whatever the side."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F


def window_mean(values: torch.Tensor, side: int) -> torch.Tensor:
    """Values (..., H, W) -> their mean over a window of an odd `side` around each; beyond the border they count as 0."""
    sums = _joined(_joined(values, side, -1, torch.add), side, -2, torch.add)
    return sums.mul_(1 / side**2)


def window_any(mask: torch.Tensor, side: int) -> torch.Tensor:
    """Bool (..., H, W) -> whether it is True anywhere in a window of an odd `side` around each pixel."""
    return _joined(_joined(mask, side, -1, torch.logical_or), side, -2, torch.logical_or)


def _joined(
    values: torch.Tensor, side: int, dim: int, join: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """`side` neighbours along a dimension joined into one value for each."""
    length, around = values.shape[dim], (side // 2, side // 2)
    run = F.pad(values, around if dim == -1 else (0, 0, *around))
    whole, taken, width = None, 0, 1
    while True:
        if side & width:
            part = run.narrow(dim, taken, length)
            whole = part if whole is None else join(whole, part)
            taken += width
        if 2 * width > side:
            return whole if whole is not None else values
        rest = run.shape[dim] - width
        run = join(run.narrow(dim, 0, rest), run.narrow(dim, width, rest))
        width *= 2
