"""Metres of Depth Anything 3 Metric, which gives depth as a camera of one certain focal length would see it."""

from __future__ import annotations

import torch

from ..geometry.resize import Size
from ..models.vision_transformer import PATCH

CANONICAL_FOCAL = 300.0  # pixels; from the model's README: depth in metres = focal * output / 300


def network_size(photo: Size, long_edge: int) -> Size:
    """(height, width) of the picture that the network sees of a photo, multiples of PATCH, whose longer side is brought to `long_edge`."""
    scale = long_edge / max(photo)
    height, width = (max(1, int(round(side * scale) / PATCH + 0.5)) * PATCH for side in photo)
    return height, width


def metres_from_output(depth: torch.Tensor, intrinsics: torch.Tensor, long_edge: int) -> torch.Tensor:
    """What the network gave (B, H, W), at the photo's size, and normalised intrinsics (1 or B, 3, 3) -> metres (B, H, W).

    The focal length is that in pixels of the picture which the network saw, of the longer side `long_edge`, the mean of both axes.
    """
    height, width = network_size((depth.shape[1], depth.shape[2]), long_edge)
    focal = (intrinsics[:, 0, 0] * width + intrinsics[:, 1, 1] * height) / 2
    return depth * (focal / CANONICAL_FOCAL).to(depth)[:, None, None]
