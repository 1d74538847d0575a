"""Depth of field: what is out of focus becomes discs, what is in focus stays as it is."""

from __future__ import annotations

import torch

from ...geometry.colour import linear_from_srgb, srgb_from_linear
from ...geometry.pointmap import Pointmap
from ...geometry.strips import strips
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
    confusion = circle_of_confusion(pointmap.depth, pointmap.mask, focus, at_infinity).clamp_(-largest, largest)
    confusion *= pointmap.mask.any(2).any(1)[:, None, None]
    pictures = torch.empty_like(pointmap.image)
    for i in range(len(pointmap)):  # by frame: the layers of one are what fits in memory
        light = _light_in_planes(pointmap.image[i], highlights)
        spread = blur_layers(light, confusion[i] * (pointmap.size[1] / 2), aperture)
        if spread is light:  # where nothing moved the picture stays, rather than what two curves make of it
            pictures[i] = pointmap.image[i].clamp(0, 1)
        else:
            _pictures_of_light(spread, highlights, pictures[i])
    return pictures, confusion.abs_().div_(largest)


def _light_in_planes(image: torch.Tensor, highlights: float) -> torch.Tensor:
    """sRGB (H, W, 3) -> linear light (H, W, 3), each channel in one piece: the maxima of three neighbours take three times as long."""
    planes = image.new_empty(3, *image.shape[:2])
    for rows in strips(image.shape[0], image.shape[1], image.device):
        strip = image[rows].movedim(-1, 0).contiguous().clamp_(0, 1)
        planes[:, rows] = expand_highlights(linear_from_srgb(strip.movedim(0, -1)), highlights).movedim(-1, 0)
    return planes.movedim(0, -1)


def _pictures_of_light(light: torch.Tensor, highlights: float, picture: torch.Tensor) -> None:
    """Linear light (H, W, 3) -> sRGB, into `picture`."""
    for rows in strips(light.shape[0], light.shape[1], light.device):
        picture[rows] = srgb_from_linear(compress_highlights(light[rows], highlights)).clamp_(0, 1)
