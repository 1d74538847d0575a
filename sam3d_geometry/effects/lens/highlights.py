"""Highlights that a picture has clipped at white: brought out before light is spread, and taken back after."""

from __future__ import annotations

import torch


def expand_highlights(light: torch.Tensor, boost: float, threshold: float = 0.5) -> torch.Tensor:
    """Linear light (..., 3) in [0, 1] -> light whose white is `boost` times as far above `threshold`; hues stay.

    The brightest channel m above the threshold t follows u / (1 - k u) with u = (m - t) / (1 - t) and k = 1 - 1 / boost;
    light below t is untouched. `compress_highlights` is the inverse.
    """
    if boost < 1 or not 0 <= threshold < 1:
        raise ValueError(f"boost came as {boost:g} and threshold as {threshold:g}; at least 1, and 0 to 1, are needed.")
    if boost == 1:
        return light
    brightest = light.amax(-1, keepdim=True).clamp(0, 1)
    above = ((brightest - threshold) / (1 - threshold)).clamp_min(0)
    expanded = threshold + (1 - threshold) * above / (1 - (1 - 1 / boost) * above)
    return light * torch.where(above > 0, expanded / brightest.clamp_min(1e-6), 1)


def compress_highlights(light: torch.Tensor, boost: float, threshold: float = 0.5) -> torch.Tensor:
    """Inverse of `expand_highlights`; light beyond what that can have made stays above 1."""
    if boost == 1:
        return light
    brightest = light.amax(-1, keepdim=True)
    above = ((brightest - threshold) / (1 - threshold)).clamp_min(0)
    compressed = threshold + (1 - threshold) * above / (1 + (1 - 1 / boost) * above)
    return light * torch.where(above > 0, compressed / brightest.clamp_min(1e-6), 1)
