"""Picture errors: PSNR and SSIM of a picture against the true one, over all of it or over a mask."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

WINDOW = 11  # pixels: the window of SSIM as Wang et al. (2004) and SAP3D have it
SIGMA = 1.5
SSIM_CONSTANTS = (0.01**2, 0.03**2)  # the constants of SSIM for values from 0 to 1
MOST_DB = 120.0


def psnr(picture: torch.Tensor, truth: torch.Tensor, where: torch.Tensor | None = None) -> float:
    """Peak signal-to-noise ratio in dB of pictures (H, W, 3) in [0, 1], over the pixels of a mask (H, W) or all of them.

    At most MOST_DB; nan where the mask is empty. ValueError where shapes differ.
    """
    _require_one_shape(picture, truth, where)
    squared = (picture.double() - truth.double()).square().mean(-1)
    error = float((squared if where is None else squared[where]).mean())
    return -10 * math.log10(max(error, 10 ** (-MOST_DB / 10))) if math.isfinite(error) else float("nan")


def ssim(picture: torch.Tensor, truth: torch.Tensor, where: torch.Tensor | None = None) -> float:
    """Mean structural similarity of pictures (H, W, 3) in [0, 1], channels averaged, over a mask (H, W) or all of them.

    A Gaussian window of 11 x 11 with sigma 1.5, mirrored at the border. nan where the mask is empty. ValueError where shapes
    differ, or for pictures under 6 pixels.
    """
    _require_one_shape(picture, truth, where)
    if min(picture.shape[:2]) <= WINDOW // 2:
        raise ValueError(f"A picture of {tuple(picture.shape[:2])} has no room for SSIM's window; 6 pixels are needed.")
    a, b = (image.double().movedim(-1, 0)[:, None] for image in (picture, truth))
    mean_a, mean_b = _windowed(a), _windowed(b)
    variance_a, variance_b = _windowed(a * a) - mean_a**2, _windowed(b * b) - mean_b**2
    together = _windowed(a * b) - mean_a * mean_b
    one, two = SSIM_CONSTANTS
    light = (2 * mean_a * mean_b + one) / (mean_a**2 + mean_b**2 + one)
    shape = (2 * together + two) / (variance_a + variance_b + two)
    found = (light * shape)[:, 0].mean(0)
    return float((found if where is None else found[where]).mean())


def _windowed(planes: torch.Tensor) -> torch.Tensor:
    """Planes (C, 1, H, W) averaged by the window."""
    reach = WINDOW // 2
    steps = torch.arange(-reach, reach + 1, dtype=planes.dtype)
    weights = torch.exp(-(steps**2) / (2 * SIGMA**2))
    weights = weights / weights.sum()
    padded = F.pad(planes, (reach,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))


def _require_one_shape(picture: torch.Tensor, truth: torch.Tensor, where: torch.Tensor | None) -> None:
    if picture.shape != truth.shape or picture.dim() != 3:
        raise ValueError(
            f"The pictures are {tuple(picture.shape)} and {tuple(truth.shape)}; both must be one (H, W, 3)."
        )
    if where is not None and where.shape != truth.shape[:2]:
        raise ValueError(f"The mask is {tuple(where.shape)} and the pictures {tuple(truth.shape)}; both need one size.")
