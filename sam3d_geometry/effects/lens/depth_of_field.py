"""Depth of field: what is out of focus becomes discs, what is in focus stays as it is."""

from __future__ import annotations

import torch

from ...geometry.colour import linear_from_srgb, srgb_from_linear
from ...geometry.pointmap import Pointmap
from .aperture import Aperture
from .blur_layers import blur_layers
from .highlights import compress_highlights, expand_highlights
from .thin_lens import circle_of_confusion


def depth_of_field(
    pointmap: Pointmap,
    focus: torch.Tensor,
    at_infinity: torch.Tensor,
    aperture: Aperture | None = None,
    highlights: float = 1.0,
    largest: float = 0.1,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The pointmap's image (B, H, W, 3) through a lens with a wide opening, and the blur (B, H, W) in [0, 1].

    `focus` (B,) is the depth that is sharp, `at_infinity` (B,) the diameter of the disc of a point at infinity as a share of
    the picture's width (see `thin_lens.Blur`), `largest` the one at which discs stop growing and blur is 1. White
    counts as up to `highlights` times as bright. Frames without any geometry come back as they are.
    """
    if not 0 < largest <= 1:
        raise ValueError(
            f"The largest blur came as {largest:g} of the picture's width; more than 0 and at most 1 is needed."
        )
    aperture = aperture or Aperture()
    confusion = circle_of_confusion(pointmap.depth, pointmap.mask, focus, at_infinity).clamp(-largest, largest)
    confusion = torch.where(pointmap.mask.any(2).any(1)[:, None, None], confusion, 0)
    pictures = torch.empty_like(pointmap.image)
    for i in range(len(pointmap)):  # by frame: the layers of one are what fits in memory
        radius = confusion[i] * (pointmap.size[1] / 2)
        light = expand_highlights(linear_from_srgb(pointmap.image[i].clamp(0, 1)), highlights)
        spread = blur_layers(light, radius, aperture)
        # nothing moved: the picture itself, not what two curves make of it
        pictures[i] = (
            pointmap.image[i] if spread is light else srgb_from_linear(compress_highlights(spread, highlights))
        )
    return pictures.clamp_(0, 1), confusion.abs() / largest
