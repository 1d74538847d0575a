"""What a network says about a batch of images, before the camera is recovered."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Prediction:
    """Raw geometry of B images at their own size, in OpenCV camera axes, float32.

    points: (B, H, W, 3), affine: right up to one z-shift per image (none is missing where `focal` is given).
    mask_probability: (B, H, W), above 0.5 where the geometry is valid.
    normals: (B, H, W, 3) unit vectors facing the camera, or None.
    metric_scale: (B,) metres per unit of `points`, or None.
    focal: (B,) focal length over half the image diagonal, or None where it has to be recovered from the points.
    """

    points: torch.Tensor
    mask_probability: torch.Tensor
    normals: torch.Tensor | None = None
    metric_scale: torch.Tensor | None = None
    focal: torch.Tensor | None = None
