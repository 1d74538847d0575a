"""Regions of pixels and what is around them."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def widened(region: torch.Tensor, radius: int) -> torch.Tensor:
    """Bool region (B, H, W) with the pixels up to `radius` rows and columns around it."""
    return F.max_pool2d(region.float(), 2 * radius + 1, 1, radius) > 0
