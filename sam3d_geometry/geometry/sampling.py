"""Values of pictures between their pixels, on every device: Apple's GPU has no border padding and, before torch 2.13, no cubic.

Places are those of `grid_sample` with align_corners=False: (-1, -1) is the top left corner of the picture, (1, 1) the bottom right
one. Outside the outermost pixels their values continue.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

WITHOUT_CUBIC = ("mps",)  # devices whose cubic grid_sample is missing in a torch that is in use
CUBIC = -0.75  # of Keys' cubic convolution (1981), as grid_sample has it
PLACES_AT_ONCE = 1 << 21  # of the sum over taps, which holds a dozen numbers for each


def sample_bilinear(planes: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Planes (C, H, W) at places (M, 2) -> (C, M), linearly between the four pixels around."""
    height, width = planes.shape[1:]
    # the centres of the outermost pixels: inside of them padding has no part
    least = places.new_tensor([1 / width - 1, 1 / height - 1])
    inside = torch.maximum(torch.minimum(places, -least), least)
    return F.grid_sample(planes[None], inside[None, None], mode="bilinear", align_corners=False)[0, :, 0]


def sample_cubic(planes: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Planes (C, H, W) at places (M, 2) -> (C, M), by cubic convolution of the sixteen pixels around."""
    if planes.device.type in WITHOUT_CUBIC:
        return torch.cat([cubic_by_taps(planes, part) for part in places.split(PLACES_AT_ONCE)], 1)
    sampled = F.grid_sample(
        planes[None], places[None, None], mode="bicubic", padding_mode="border", align_corners=False
    )
    return sampled[0, :, 0]


def cubic_by_taps(planes: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """`sample_cubic` as a sum over sixteen pixels, by operations that every device has."""
    height, width = planes.shape[1:]
    flat = planes.reshape(len(planes), -1)
    columns, across = _four_around(places[:, 0], width)
    rows, down = _four_around(places[:, 1], height)
    total = planes.new_zeros(len(planes), len(places))
    for row, weight_down in zip(rows, down):
        line = torch.zeros_like(total)
        for column, weight_across in zip(columns, across):
            line.addcmul_(flat.index_select(1, row * width + column), weight_across)
        total.addcmul_(line, weight_down)
    return total


def _four_around(places: torch.Tensor, length: int) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The four pixels around each of places (M,) along an axis of `length` pixels, and their weights: two lists of (M,)."""
    at = ((places + 1) * length - 1) / 2
    first = at.floor()
    share = at - first
    pixels = [(first + step).clamp(0, length - 1).long() for step in (-1, 0, 1, 2)]
    return pixels, [_far(share + 1), _near(share), _near(1 - share), _far(2 - share)]


def _near(x: torch.Tensor) -> torch.Tensor:
    """Keys' kernel at distances from 0 to 1."""
    return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1


def _far(x: torch.Tensor) -> torch.Tensor:
    """Keys' kernel at distances from 1 to 2."""
    return ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC
