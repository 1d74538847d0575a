"""The part of a picture that holds what lies in a range of distances."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from ..geometry.pointmap import Pointmap
from .range_masks import within_range


@dataclass(frozen=True)
class CropBox:
    """A rectangle of whole pixels inside a picture; x and y are those of its top left pixel."""

    x: int
    y: int
    width: int
    height: int

    def of(self, pictures: torch.Tensor) -> torch.Tensor:
        """The part of pictures (B, H, W, ...) inside the box."""
        return pictures[:, self.y : self.y + self.height, self.x : self.x + self.width]


def _extent(member: torch.Tensor, clip_percent: float) -> tuple[float, float]:
    """Counts (N,) of pixels per row or column -> first and past-the-last place as shares, a few per cent cut off."""
    reached = member.cpu().double().cumsum(0) / member.sum().cpu()
    cut = clip_percent / 100
    first = int((reached <= cut).sum()) if cut > 0 else int((reached <= 0).sum())
    last = int((reached < 1 - cut).sum()) if cut > 0 else int((reached < 1 - 1e-12).sum())
    return first / len(member), (last + 1) / len(member)


def _side(low: float, high: float, margin: float, length: int, multiple: int) -> tuple[int, int]:
    """Start and size in pixels of one side: shares low to high with a margin in pixels, a multiple where there is room."""
    first, last = max(0, math.floor(low * length - margin)), min(length, math.ceil(high * length + margin))
    size = -(-(last - first) // multiple) * multiple
    size = min(size, max(length // multiple * multiple, min(multiple, length)))
    start = round((first + last - size) / 2)
    return min(max(start, 0), length - size), size


def crop_to_range(
    pointmap: Pointmap,
    near: float,
    far: float,
    margin_percent: float = 5.0,
    multiple: int = 8,
    clip_percent: float = 0.5,
) -> CropBox:
    """The box, in pixels of the photo, of what lies between `near` and `far` (pointmap's unit) in any of the frames.

    `margin_percent` of the box's longer side is added all round; its sides are multiples of `multiple` pixels where the photo
    has room; of each frame's pixels `clip_percent` are cut off at each side, so that stray points do not widen it.
    """
    if not 0 <= clip_percent < 50 or multiple < 1 or margin_percent < 0:
        raise ValueError(
            f"The crop came with clip_percent {clip_percent:g}, multiple {multiple} and margin_percent {margin_percent:g}; "
            "0 to 49, 1 or more and 0 or more are needed."
        )
    low = near if near > 0 else -math.inf
    limits = []
    for i in range(len(pointmap)):
        frame = pointmap[i]
        member = within_range(frame.depth, frame.mask, low, far, 0.0)[0] >= 0.5
        if bool(member.any()):
            limits.append((*_extent(member.sum(0), clip_percent), *_extent(member.sum(1), clip_percent)))
    if not limits:
        raise ValueError(
            f"Nothing of the pointmap lies between near {near:g} and far {far:g}; change near and far, or look at the range "
            "with Depth From Pointmap."
        )
    left, right, top, bottom = zip(*limits)
    height, width = pointmap.source_size
    left, right, top, bottom = min(left), max(right), min(top), max(bottom)
    margin = margin_percent / 100 * max((right - left) * width, (bottom - top) * height)
    x, box_width = _side(left, right, margin, width, multiple)
    y, box_height = _side(top, bottom, margin, height, multiple)
    return CropBox(x, y, box_width, box_height)
