"""What averages over frames know of noise: how large it is, which values agree within it, and its mean around each pixel."""

from __future__ import annotations

import torch

from ..geometry.windows import window_mean

NORMAL_SPREAD = 1.4826  # standard deviation of normal noise by its median distance from 0
AGREEING = 4.0  # standard deviations: noise hardly ever goes further, so what is further off shows something else
# side of the window of `windowed_mean`: enough pixels to average noise out, small beside most things
AVERAGED_PIXELS = 9


def spread(residuals: torch.Tensor, least: float) -> float:
    """Standard deviation of the greater part of residuals (N,), by their median, at least `least`."""
    return max(NORMAL_SPREAD * residuals.abs().median().item(), least)


def agreement(residuals: torch.Tensor, noise: float | torch.Tensor) -> torch.Tensor:
    """Residuals of any shape and their standard deviation -> weights in [0, 1]: Tukey's biweight, 0 from `AGREEING` deviations."""
    return (1 - (residuals / (AGREEING * noise)).square()).clamp_min(0).square()


def windowed_mean(values: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Mean of values (H, W), weighted by `counted`, over a window around each; 0 where nothing counts."""
    sums = window_mean(torch.stack([values * counted, counted.to(values)]), AVERAGED_PIXELS)
    return sums[0] / sums[1].clamp_min(1e-6)
