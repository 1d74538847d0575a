"""One picture of a folder of frames, as the networks know pictures: 8 bits in sRGB, whatever its file holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy
import torch
from PIL import Image

from ..files.photo import PhotoError, colour_and_alpha, open_picture, over_gray, upright_picture
from ..geometry.colour import eight_bit, on_screen
from .clip_facts import import_av
from .frame_shape import SQUARE, pixel_aspect_of

EXR = ".exr"
TIFF_SUFFIXES = (".tif", ".tiff")


@dataclass(frozen=True)
class FramePicture:
    """A picture's pixels (H, W, 3) uint8 in sRGB, or (H, W, 4) with alpha, a pixel's width over its height, and whether the file holds linear light."""

    pixels: numpy.ndarray
    pixel_aspect: Fraction = SQUARE
    is_linear: bool = False

    def with_alpha(self, wanted: bool) -> numpy.ndarray:
        """The pixels with four channels where alpha is wanted, opaque if the picture has none; with three, over gray, where not."""
        has = self.pixels.shape[2] == 4
        if has == wanted:
            return self.pixels
        if wanted:
            return numpy.concatenate([self.pixels, numpy.full_like(self.pixels[..., :1], 255)], -1)
        return numpy.array(over_gray(*(Image.fromarray(part) for part in (self.pixels[..., :3], self.pixels[..., 3]))))


def read_frame(path: Path) -> FramePicture:
    """The picture in a file, upright: floats (EXR, TIFF) are linear light of which white is 1, the rest goes by its ICC profile.

    Raises ValueError, a sentence that names the file, when it cannot be read.
    """
    try:
        if path.suffix.lower() == EXR:
            return _floats(path, "exr_pipe")
        return _ordinary(path)
    except PhotoError as error:
        raise ValueError(
            f"{path} cannot be read as a picture: {error} Take it out of the folder, or mend it."
        ) from error


def _ordinary(path: Path) -> FramePicture:
    try:
        image, _ = open_picture(path)
    except PhotoError:
        if path.suffix.lower() not in TIFF_SUFFIXES:
            raise
        return _floats(path, "tiff_pipe")  # Pillow knows floats in gray only
    if image.mode == "F":
        return _as_on_screen(numpy.asarray(upright_picture(image))[..., None], SQUARE)
    colour, alpha = colour_and_alpha(upright_picture(image))
    values = numpy.asarray(colour)
    if values.dtype != numpy.uint8:  # 16 bits
        values = eight_bit(torch.from_numpy(values.copy())).numpy()
    planes = [values] * 3 if values.ndim == 2 else [values]
    return FramePicture(numpy.dstack(planes if alpha is None else [*planes, numpy.asarray(alpha)]))


def _floats(path: Path, form: str) -> FramePicture:
    """A picture of floats by FFmpeg, which comes with PyAV and knows more of them than Pillow does."""
    av = import_av()
    try:
        with path.open("rb") as file, av.open(file, format=form) as container:
            stream = container.streams.video[0]
            frame = next(container.decode(stream))
            values = frame.reformat(format=frame.format.name.replace("f16", "f32")).to_ndarray()
            aspect = pixel_aspect_of(stream.sample_aspect_ratio)
    except (av.FFmpegError, StopIteration, OSError, ValueError) as error:
        raise PhotoError(f"the file is damaged, or has no picture in color or gray ({error}).") from error
    if values.dtype.kind != "f":
        raise PhotoError(f"its pixels are of a kind that is not known here ({frame.format.name}).")
    return _as_on_screen(values.reshape(*values.shape[:2], -1), aspect)


def _as_on_screen(light: numpy.ndarray, pixel_aspect: Fraction) -> FramePicture:
    """Linear light (H, W, 1, 3 or 4) as `colour.on_screen` shows it."""
    pixels = on_screen(torch.from_numpy(numpy.array(light, numpy.float32)))
    return FramePicture(eight_bit(pixels).numpy(), pixel_aspect, is_linear=True)


def resized(pixels: numpy.ndarray, size: tuple[int, int]) -> numpy.ndarray:
    """Pixels (H, W, 3 or 4) uint8 at `size` (height, width)."""
    height, width = size
    if pixels.shape[:2] == size:
        return pixels
    return numpy.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))
