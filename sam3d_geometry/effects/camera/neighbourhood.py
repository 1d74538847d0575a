"""What a pixel and its eight neighbours hold, taken together: greatest, least, any."""

from __future__ import annotations

from collections.abc import Callable

import torch

NEIGHBOURS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1))  # rows down, columns right


def _nine(values: torch.Tensor, combine: Callable[..., torch.Tensor]) -> torch.Tensor:
    for dim in (1, 0):
        length = values.shape[dim] - 1
        if length < 1:
            continue
        first, second = values.narrow(dim, 0, length), values.narrow(dim, 1, length)
        pairs = combine(first, second)
        values = values.clone()
        into = values.narrow(dim, 0, length)
        combine(into, pairs, out=into)
        into = values.narrow(dim, 1, length)
        combine(into, pairs, out=into)
    return values


def around(values: torch.Tensor, combine: Callable[..., torch.Tensor], steps: int = 1) -> torch.Tensor:
    """Each pixel of (H, W) and the others up to `steps` rows and columns away, combined.

    `combine` is torch.maximum, torch.minimum or torch.logical_or. At the picture's border only the pixels inside count.
    """
    for _ in range(steps):
        values = _nine(values, combine)
    return values
