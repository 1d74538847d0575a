"""How a person's surface lies on the scene: one ratio of depths, robust against occluders, clothes, bleeding and noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

RATIO_BIN, MODE_WIDTH = 0.005, 0.03  # of the histogram of log ratios that is begun with, and how wide its mode may be
TUKEY, LEAST_RATIO_SPREAD = 4.685, 0.002  # Tukey's constant, and the spread below which nothing is called an outlier
FIT_STEPS = 15
GRAZING = 0.3  # cosine below which a surface is seen too flat for its depth to say much
MINIMUM_PIXELS = 60  # of the pointmap: fewer tell nothing
RIM = 2  # pixels inside the silhouette that are left out where enough remain: depth bleeds there


@dataclass(frozen=True)
class DepthFit:
    """The ratio scene over body of the depths of one person in one frame.

    log_ratio  its natural logarithm
    spread     of the logarithms of the pixels that agree: 1 standard deviation
    inliers    share of the person's visible pixels that agree with it
    pixels     how many pixels that are
    """

    log_ratio: float
    spread: float
    inliers: float
    pixels: int


def fit_ratio(scene: torch.Tensor, body: torch.Tensor, weights: torch.Tensor) -> DepthFit | None:
    """Depths of the scene and of the body on the same pixels (N,) with weights -> their ratio; None for too few pixels.

    It starts at the fullest place of a histogram, so that even an occluder over more than half of the body does not carry
    it away, and goes on by Tukey's biweight with a spread that is measured anew in each step.
    """
    kept = (scene > 0) & (body > 0) & (weights > 0)
    if int(kept.sum()) < MINIMUM_PIXELS:
        return None
    logs = (scene[kept].cpu().double() / body[kept].cpu().double()).log()
    weight = weights[kept].cpu().double()
    centre, spread = _mode(logs, weight), MODE_WIDTH / 2
    for _ in range(FIT_STEPS):
        off = (logs - centre) / (TUKEY * spread)
        say = weight * (1 - off.square()).clamp_min(0).square()
        centre = float((say * logs).sum() / say.sum())
        near = (logs - centre).abs() < TUKEY * spread
        spread = (
            max(LEAST_RATIO_SPREAD, 1.4826 * float((logs[near] - centre).abs().median()))
            if bool(near.any())
            else spread
        )
    inside = (logs - centre).abs() < TUKEY * spread
    deviation = float((logs[inside] - centre).std()) if int(inside.sum()) > 1 else spread
    return DepthFit(centre, deviation, float(weight[inside].sum() / weight.sum()), int(inside.sum()))


def _mode(logs: torch.Tensor, weight: torch.Tensor) -> float:
    """Where most of the weight lies within MODE_WIDTH; of equals the middle one."""
    low = float(logs.min()) - MODE_WIDTH
    index = ((logs - low) / RATIO_BIN).long()
    counts = torch.zeros(int(index.max()) + 1 + round(MODE_WIDTH / RATIO_BIN), dtype=torch.float64).index_add_(
        0, index, weight
    )
    width = 2 * round(MODE_WIDTH / RATIO_BIN / 2) + 1
    smooth = F.avg_pool1d(counts[None], width, stride=1, padding=width // 2)[0]
    best = torch.nonzero(smooth >= smooth.max() * (1 - 1e-9)).flatten()
    return low + (float(best[len(best) // 2]) + 0.5) * RATIO_BIN


def inner(mask: torch.Tensor) -> torch.Tensor:
    """A mask (H, W) without the RIM pixels along its border, where enough of it remains; otherwise as it came."""
    width = 2 * RIM + 1
    eroded = -F.max_pool2d(-F.pad(mask[None].float(), (RIM,) * 4, value=1.0), width, stride=1)[0] > 0.5
    return eroded if int(eroded.sum()) >= max(MINIMUM_PIXELS, 0.2 * int(mask.sum())) else mask
