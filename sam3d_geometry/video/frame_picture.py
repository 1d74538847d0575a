"""One picture of a folder of frames, as the networks know pictures: 8 bits in sRGB, whatever its file holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy
import torch
from PIL import Image

from ..files.float_picture import FloatPicture, read_floats
from ..files.photo import colour_and_alpha, over_gray
from ..files.picture_file import PhotoError, open_picture, upright_picture
from ..geometry.colour import eight_bit
from ..geometry.pixel_aspect import SQUARE


@dataclass(frozen=True)
class FramePicture:
    """A picture's pixels (H, W, 3) uint8 in sRGB, or (H, W, 4) with alpha, and the floats that they show at an exposure, or None."""

    pixels: numpy.ndarray
    floats: FloatPicture | None = None
    exposure: float = 0.0

    @property
    def pixel_aspect(self) -> Fraction:
        """A pixel's width over its height."""
        return SQUARE if self.floats is None else self.floats.pixel_aspect

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about how it is shown; those are found anew each time, which takes a while."""
        return () if self.floats is None else tuple(self.floats.notes(self.exposure))

    def with_alpha(self, wanted: bool) -> numpy.ndarray:
        """The pixels with four channels where alpha is wanted, opaque if the picture has none; with three, over gray, where not."""
        has = self.pixels.shape[2] == 4
        if has == wanted:
            return self.pixels
        if wanted:
            return numpy.concatenate([self.pixels, numpy.full_like(self.pixels[..., :1], 255)], -1)
        return numpy.array(over_gray(*(Image.fromarray(part) for part in (self.pixels[..., :3], self.pixels[..., 3]))))


def read_frame(path: Path, exposure: float = 0.0) -> FramePicture:
    """The picture in a file, upright: floats (EXR, TIFF) are linear light, shown as `read_photo` shows it; the rest goes by its ICC profile.

    Raises ValueError, a sentence that names the file, when it cannot be read.
    """
    try:
        floats = read_floats(path)
        return _ordinary(path) if floats is None else _on_screen(floats, exposure)
    except PhotoError as error:
        raise ValueError(
            f"{path} cannot be read as a picture: {error} Take it out of the folder, or mend it."
        ) from error


def _ordinary(path: Path) -> FramePicture:
    image, _ = open_picture(path)
    colour, alpha = colour_and_alpha(upright_picture(image))
    values = numpy.asarray(colour)
    if values.dtype != numpy.uint8:  # 16 bits
        values = eight_bit(torch.from_numpy(values.copy())).numpy()
    planes = [values] * 3 if values.ndim == 2 else [values]
    return FramePicture(numpy.dstack(planes if alpha is None else [*planes, numpy.asarray(alpha)]))


def _on_screen(picture: FloatPicture, exposure: float) -> FramePicture:
    return FramePicture(eight_bit(picture.seen(exposure)).numpy(), picture, exposure)


def resized(pixels: numpy.ndarray, size: tuple[int, int]) -> numpy.ndarray:
    """Pixels (H, W, 3 or 4) uint8 at `size` (height, width)."""
    height, width = size
    if pixels.shape[:2] == size:
        return pixels
    return numpy.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))
