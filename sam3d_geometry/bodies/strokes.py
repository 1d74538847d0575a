"""Strokes: round-ended and pointed limbs and dots, drawn into a picture with soft rims."""

from __future__ import annotations

import torch

Pixel = tuple[float, float]
Colour = tuple[float, float, float]


def draw_stroke(
    picture: torch.Tensor,
    start: Pixel,
    end: Pixel,
    *,
    radius: float,
    colour: Colour,
    opacity: float = 1.0,
    pointed: bool = False,
) -> None:
    """Draws into a picture (H, W, 3), in place, from `start` to `end` (x, y; (0, 0) the outer corner of the first pixel).

    A line with round ends, a dot where both are one place, or with `pointed` an ellipse between them, as OpenPose has limbs.
    """
    height, width = picture.shape[:2]
    lows = [int(min(a, b) - radius - 1) for a, b in zip(start, end)]
    highs = [int(max(a, b) + radius + 2) for a, b in zip(start, end)]
    left, top = (max(0, low) for low in lows)
    right, bottom = min(width, highs[0]), min(height, highs[1])
    if left >= right or top >= bottom:
        return
    x = torch.arange(left, right, device=picture.device) + 0.5 - start[0]
    y = (torch.arange(top, bottom, device=picture.device) + 0.5 - start[1])[:, None]
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = (along_x**2 + along_y**2) ** 0.5
    if length < 1e-6:  # a dot has no direction, and any will do
        along_x, along_y, length = 1e-6, 0.0, 1e-6
    u, v = (x * along_x + y * along_y) / length, (y * along_x - x * along_y) / length
    if pointed and length > 2 * radius:
        half = length / 2
        away = u - half
        near = (away.square() / half**2 + v.square() / radius**2).sqrt()
        slope = (away.square() / half**4 + v.square() / radius**4).sqrt().clamp_min(1e-6)
        distance = near * (near - 1) / slope
    else:
        distance = ((u - u.clamp(0, length)).square() + v.square()).sqrt() - radius
    cover = ((0.5 - distance).clamp(0, 1) * opacity)[..., None]
    part = picture[top:bottom, left:right]
    part += cover * (picture.new_tensor(colour) - part)
