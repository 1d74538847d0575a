"""Lengths in a scene: in the pointmap's unit, or as a share of the scene's median depth where the unit is unknown."""

from __future__ import annotations

import torch

from ..pointmap import Pointmap

LENGTH_UNITS = ("share of median depth", "units")
MAX_SAMPLES = 1 << 18  # pixels of a whole clip that the median is taken from


def median_depth(pointmap: Pointmap) -> float:
    """Median of the valid depths over all frames, in the pointmap's unit; 1 where no pixel is valid."""
    stride = max(1, int((pointmap.mask.numel() / MAX_SAMPLES) ** 0.5))
    depths = pointmap.depth[:, ::stride, ::stride][pointmap.mask[:, ::stride, ::stride]]
    if not depths.numel():
        depths = pointmap.depth[pointmap.mask]
    return float(depths.median()) if depths.numel() else 1.0


def length_in_units(pointmap: Pointmap, length: float, unit: str) -> float:
    """A length given in one of LENGTH_UNITS -> the pointmap's unit; ask it of the whole clip, so that frames agree."""
    if unit not in LENGTH_UNITS:
        raise ValueError(f"Input unit came as {unit!r}; choose one of {', '.join(LENGTH_UNITS)}.")
    return length * median_depth(pointmap) if unit == LENGTH_UNITS[0] else length


def typical_depth(depth: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the valid depths of each frame, (B, 1, 1); 1 where a frame has none."""
    count = mask.sum((1, 2), keepdim=True)
    mean = (depth * mask).sum((1, 2), keepdim=True) / count.clamp_min(1)
    return torch.where(count > 0, mean, 1)
