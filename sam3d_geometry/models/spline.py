"""Upsampling of a coarse map by a cubic B-spline: smooth to the second derivative, so that normals show no facets."""

from __future__ import annotations

from functools import lru_cache

import torch


@lru_cache(maxsize=64)
def _spline_weights(coarse: int, fine: int) -> torch.Tensor:
    """(fine, coarse) weights of the uniform cubic B-spline at pixel centres; beyond the border the map goes on straight."""
    position = (torch.arange(fine, dtype=torch.float64) + 0.5) * (coarse / fine) - 0.5
    base = position.floor()
    t = position - base
    taps = [(1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6]
    weights = torch.zeros(fine, coarse, dtype=torch.float64)
    last = coarse - 1
    rows = torch.arange(fine)
    for offset, weight in zip((-1, 0, 1, 2), taps):
        index = (base + offset).long()
        inside = index.clamp(0, last)
        beyond = (index - inside).to(torch.float64)
        # v[-k] = v[0] + k * (v[0] - v[1]), and likewise at the other end
        neighbour = torch.where(beyond < 0, torch.tensor(min(1, last)), torch.tensor(max(0, last - 1)))
        weights.index_put_((rows, inside), weight * (1 + beyond.abs()), accumulate=True)
        weights.index_put_((rows, neighbour), -weight * beyond.abs(), accumulate=True)
    return weights.float()


def upsample(maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Maps (B, h, w) -> (B, *size), both float32; linear maps come out exact up to the border."""
    rows = _spline_weights(maps.shape[1], size[0]).to(maps.device)
    columns = _spline_weights(maps.shape[2], size[1]).to(maps.device)
    return rows @ maps @ columns.T
