"""The sRGB transfer function: light adds up in linear values, pictures are stored in sRGB ones."""

from __future__ import annotations

import torch


def linear_from_srgb(image: torch.Tensor) -> torch.Tensor:
    """sRGB values (...) -> linear light, as IEC 61966-2-1 has it; below 0 stays linear, above 1 goes on along the curve."""
    curve = ((image.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(image <= 0.04045, image / 12.92, curve)


def srgb_from_linear(light: torch.Tensor) -> torch.Tensor:
    """Linear light (...) -> sRGB values; inverse of `linear_from_srgb`."""
    curve = 1.055 * light.clamp_min(0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(light <= 0.0031308, light * 12.92, curve)
