"""Antialiased interpolation on every device."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def resize_antialiased(images: torch.Tensor, size: tuple[int, int], mode: str) -> torch.Tensor:
    """Images (B, C, H, W) float32 at `size` (height, width) by antialiased "bilinear" or "bicubic" interpolation.

    Float32, because the operator has no half-precision kernel on a CPU; on MPS, where many releases of PyTorch lack it
    altogether, the CPU does it.
    """
    device = images.device
    on_cpu = images.cpu() if device.type == "mps" else images
    return F.interpolate(on_cpu.float(), size, mode=mode, align_corners=False, antialias=True).to(device)
