"""Which bone each of many points is nearest to."""

from __future__ import annotations

import torch

POINTS_AT_ONCE = 2048  # a distance to each of a hundred bones is kept for every one of them


def nearest_bones(points: torch.Tensor, starts: torch.Tensor, ends: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Points (K, 3) and bones from `starts` to `ends` (N, 3) -> the number (K,) of the bone that each is nearest to, and the share
    (K,) of the way along it, 0 to 1, of the place that is."""
    along = ends - starts
    squares = along.square().sum(-1).clamp_min(1e-12)
    numbers, shares = [], []
    for some in points.split(POINTS_AT_ONCE):
        aside = some[:, None] - starts
        share = ((aside * along).sum(-1) / squares).clamp(0, 1)
        nearest = (aside - share[..., None] * along).square().sum(-1).argmin(1)
        numbers.append(nearest)
        shares.append(share.gather(1, nearest[:, None])[:, 0])
    return torch.cat(numbers), torch.cat(shares)
