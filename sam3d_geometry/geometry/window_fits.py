"""Planes fitted to the square windows of a map by least squares, at any radius for the same price (integral images)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F


@dataclass(frozen=True)
class WindowFit:
    """Planes fitted to windows, each (h, w) float32: their mean, slopes per pixel along x and y, and left-over variance."""

    mean: torch.Tensor
    slope_x: torch.Tensor
    slope_y: torch.Tensor
    left_over: torch.Tensor
    valid: torch.Tensor  # whether the whole window is


def _integral(values: torch.Tensor) -> torch.Tensor:
    return F.pad(values.cumsum(0).cumsum(1), (1, 0, 1, 0))


class WindowFits:
    """Least squares planes over the windows of a map (H, W) in float64; windows that hold an invalid pixel have none."""

    def __init__(self, inverse: torch.Tensor, valid: torch.Tensor) -> None:
        self.inverse, self.valid = inverse, valid
        height, width = inverse.shape
        # about the mean, so that the sums of squares keep their digits
        self.middle = inverse[valid].mean() if bool(valid.any()) else inverse.new_zeros(())
        w = torch.where(valid, inverse - self.middle, 0)
        self.x = torch.arange(width, dtype=w.dtype, device=w.device)
        self.y = torch.arange(height, dtype=w.dtype, device=w.device)[:, None]
        self.sums = [_integral(values) for values in (w, w * self.x, w * self.y, w * w)]
        self.holes = _integral((~valid).to(torch.int32)) if not bool(valid.all()) else None

    def window(self, radius: int, stride: int = 1) -> WindowFit | None:
        """The fits centred on every `stride`-th pixel of the rows and columns `radius` to -`radius`; None if none fits."""
        height, width = self.inverse.shape
        side = 2 * radius + 1
        if min(height, width) < side:
            return None

        def box(integral: torch.Tensor) -> torch.Tensor:
            low, high = integral[:-side:stride], integral[side::stride]
            return high[:, side::stride] - high[:, :-side:stride] - low[:, side::stride] + low[:, :-side:stride]

        count = side * side
        moment = count * radius * (radius + 1) / 3  # sum of x^2 over the window
        total, along_x, along_y, square = (box(integral) for integral in self.sums)
        x = self.x[radius : width - radius : stride]
        y = self.y[radius : height - radius : stride]
        slope_x = (along_x - x * total) / moment
        slope_y = (along_y - y * total) / moment
        mean = total / count
        left = square - mean * total - (slope_x.square() + slope_y.square()) * moment
        left_over = left.clamp_min(0) / (count - 3)
        valid = torch.ones_like(mean, dtype=torch.bool) if self.holes is None else box(self.holes) == 0
        mean = mean + self.middle
        return WindowFit(mean.float(), slope_x.float(), slope_y.float(), left_over.float(), valid)
