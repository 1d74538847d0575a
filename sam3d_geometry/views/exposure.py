"""Exposure: one factor for each photo and channel, so that photos of one surface have one brightness."""

from __future__ import annotations

import torch

PRIOR = 0.05  # share of the evidence that holds each photo at its own brightness
DARKEST, BRIGHTEST = 0.01, 0.95  # linear light outside of which a photo says nothing about its exposure
LARGEST_LOG_FACTOR = 0.7  # natural logarithm of the largest factor
LEVELLING_ROUNDS = 4


def gains_of(light: torch.Tensor, worth: torch.Tensor) -> torch.Tensor:
    """Linear light (V, N, 3) of N places in V photos, and how much each sees of them (V, N) -> factors (V, 3).

    Least squares on logarithms over pairs of photos that see the same place, with Cauchy weights against shadows and
    highlights; the mean of the logarithms is 0, so that the set keeps its brightness.
    """
    count = len(light)
    if count == 1:
        return torch.ones(1, 3)
    usable = (worth > 0)[..., None] & (light > DARKEST) & (light < BRIGHTEST)
    logs = light.clamp_min(1e-6).log().double()
    channels = [_added_to_photos(logs[..., c], usable[..., c].double()) for c in range(3)]
    return torch.stack(channels, 1).clamp(-LARGEST_LOG_FACTOR, LARGEST_LOG_FACTOR).exp().float()


def _added_to_photos(logs: torch.Tensor, usable: torch.Tensor) -> torch.Tensor:
    """Logarithms (V, N) -> what is added to each photo's (V,)."""
    count = len(logs)
    level = torch.zeros(count, dtype=torch.float64)
    for _ in range(LEVELLING_ROUNDS):
        matrix = torch.zeros(count, count, dtype=torch.float64)
        right = torch.zeros(count, dtype=torch.float64)
        for i in range(count):
            for j in range(i + 1, count):
                apart = logs[i] - logs[j]
                weight = usable[i] * usable[j] / (1 + ((apart + level[i] - level[j]) / 0.1) ** 2)
                total, pull = float(weight.sum()), float((weight * apart).sum())
                matrix[[i, j], [i, j]] += total
                matrix[[i, j], [j, i]] -= total
                right[i] -= pull
                right[j] += pull
        evidence = float(matrix.diagonal().mean())
        if evidence == 0:
            return level
        matrix += torch.eye(count, dtype=torch.float64) * PRIOR * evidence
        level = torch.linalg.solve(matrix, right)
    return level - level.mean()
