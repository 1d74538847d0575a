"""The median of values that count differently."""

from __future__ import annotations

import torch


def weighted_median(values: torch.Tensor, weights: torch.Tensor) -> float:
    """The lowest of values (N,) that, with all below it, has at least half of the weights (N,), none of them negative."""
    order = values.argsort()
    total = weights[order].cumsum(0)
    return float(values[order[int((total < total[-1] / 2).sum())]])
