"""Depth of field: what is out of focus becomes discs, what is in focus stays as it is."""

from __future__ import annotations

import torch

from ...geometry.colour import linear_from_srgb, srgb_from_linear
from ...geometry.pointmap import Pointmap
from ...geometry.strips import by_strips
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

    def expanded(image: torch.Tensor) -> tuple[torch.Tensor]:
        return (expand_highlights(linear_from_srgb(image.clamp(0, 1)), highlights),)

    def compressed(light: torch.Tensor) -> tuple[torch.Tensor]:
        return (srgb_from_linear(compress_highlights(light, highlights)),)

    pictures = pointmap.image.clone()
    for i in range(len(pointmap)):  # by frame: the layers of one are what fits in memory
        radius = confusion[i] * (pointmap.size[1] / 2)
        light = by_strips(expanded, [pointmap.image[i : i + 1]])[0][0]
        spread = blur_layers(light, radius, aperture)
        if spread is not light:  # where nothing moved the picture stays, rather than what two curves make of it
            pictures[i] = by_strips(compressed, [spread[None]])[0][0]
    return pictures.clamp_(0, 1), confusion.abs() / largest
