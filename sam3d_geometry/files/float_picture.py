"""Pictures of floats, EXR and TIFF, as linear light: one reader for photos and for the frames of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy
import torch

from ..geometry.colour import luminance, on_screen
from ..geometry.pixel_aspect import SQUARE, pixel_aspect_of
from .depth_file_error import DepthFileError
from .exr import import_openexr, read_exr_channels, read_exr_header
from .float_tiff import read_float_tiff
from .picture_file import PhotoError, decoding_picture

EXR = ".exr"
TIFF_SUFFIXES = (".tif", ".tiff")
EXR_START = b"v/1\x01"
LETTERS = {"red": "r", "green": "g", "blue": "b", "alpha": "a"}
MAIN_LAYERS = ("rgba", "rgb", "combined", "beauty", "color", "colour")  # as Nuke, Blender and others call what one sees
MUCH = 0.25  # share of a picture that is cut off at white and worth a word
DIM = 0.03  # linear light below which all but the brightest hundredth is nearly black, worth a word too
LINEAR_NOTE = "Its floats are taken for linear light and shown in sRGB; what is brighter than 1 is white."


@dataclass(frozen=True)
class FloatPicture:
    """A picture of linear light, upright.

    light         (H, W, 1, 3 or 4) float32 of gray, of colors, or of colors times alpha and alpha
    pixel_aspect  a pixel's width over its height
    layer         name of the layer of an EXR that it was taken from; "" where that is the main one
    """

    light: numpy.ndarray
    pixel_aspect: Fraction = SQUARE
    layer: str = ""

    def seen(self, exposure: float) -> torch.Tensor:
        """sRGB (H, W, 3), or with alpha (H, W, 4), float32 in [0, 1], that many stops brighter."""
        return on_screen(torch.from_numpy(self.light), exposure)

    def notes(self, exposure: float) -> list[str]:
        """Sentences about how it is shown."""
        notes = [LINEAR_NOTE]
        if exposure:
            notes[0] = (
                f"Its floats are taken for linear light and shown in sRGB at {exposure:+g} stops; what is brighter than white is white."
            )
        if self.layer:
            notes.append(f"Of its layers {self.layer} is shown.")
        light = luminance(torch.from_numpy(self.light[..., :3])).nan_to_num(0.0).flatten()
        most = float(light.kthvalue(max(1, round(0.99 * len(light)))).values)
        blown = float((light * 2.0**exposure > 1).float().mean())
        if most > 0 and (blown > MUCH or most * 2.0**exposure < DIM):
            fits = round(-float(numpy.log2(most)))
            what = f"{blown * 100:.0f} % of it are brighter than white" if blown > MUCH else "It is nearly black"
            notes.append(f"{what}; an exposure of {fits:+d} stops would show nearly all of it.")
        return notes


def read_floats(path: Path) -> FloatPicture | None:
    """The picture of an EXR, or of a TIFF of floats; None where the file is neither. PhotoError, one sentence, where it cannot be read."""
    suffix = path.suffix.lower()
    if suffix in TIFF_SUFFIXES:
        light = read_float_tiff(path)
        return None if light is None else FloatPicture(light)
    if suffix != EXR:
        return None
    with decoding_picture(), path.open("rb"):
        pass  # what the disk says of it is one sentence, whatever reads it
    try:
        import_openexr()
    except ImportError as error:
        return _exr_by_ffmpeg(path, str(error))
    try:
        return _exr_picture(path)
    except DepthFileError as error:
        raise PhotoError(str(error)) from error


def has_picture(path: Path) -> bool:
    """False where an EXR has by its header no picture but depth or other values; True for all other files, damaged ones too."""
    if path.suffix.lower() != EXR:
        return True
    try:
        header = read_exr_header(path)
        return bool(color_channels(header.names)[1]) and not header.shows_depth()
    except (ImportError, DepthFileError):
        return True


def color_channels(names: Sequence[str]) -> tuple[str, list[str]]:
    """The layer that one sees, "" for the main one, and its channels: gray; red, green, blue; or these and alpha. [] where there is none."""
    layers: dict[str, dict[str, str]] = {}
    for name in names:
        layer, _, last = name.rpartition(".")
        layers.setdefault(layer, {}).setdefault(LETTERS.get(last.lower(), last.lower()), name)

    def rank(layer: str) -> tuple[bool, bool, bool]:
        return layer != "", layer.rpartition(".")[2].lower() not in MAIN_LAYERS, not {*"rgb"} <= set(layers[layer])

    for layer in sorted(layers, key=rank):
        held = layers[layer]
        if {*"rgb"} <= set(held):
            return layer, [held[letter] for letter in "rgba" if letter in held]
        if "y" in held and "x" not in held:
            return layer, [held["y"]]
    return "", []


def _exr_picture(path: Path) -> FloatPicture:
    channels = read_exr_channels(path)
    layer, names = color_channels(channels.names)
    if not names:
        listed = ", ".join(sorted(channels.held)[:20])
        raise PhotoError(f"it has no picture in color or gray but the channels {listed}.")
    if channels.shows_depth():
        raise PhotoError("it holds depth and no photo; its red, green and blue are depth once more.")
    light = numpy.stack([channels.plane(name) for name in names], -1)
    if light.shape[-1] == 4 and not light[..., 3].any() and light.any():
        light = light[..., :3]  # of renderers without alpha, which leave it 0
    aspect = float(channels.header.get("pixelAspectRatio", 1.0))
    given = Fraction(aspect).limit_denominator(1000) if numpy.isfinite(aspect) and aspect > 0 else None
    return FloatPicture(light, pixel_aspect_of(given), layer)


def _exr_by_ffmpeg(path: Path, wanted: str) -> FloatPicture:
    """The picture of a common EXR where OpenEXR is missing, by FFmpeg, which comes with PyAV; `wanted` says what to install."""
    try:
        import av
        from av.error import FFmpegError
    except ImportError as error:
        raise PhotoError(f"{wanted}.") from error
    try:
        with path.open("rb") as file, av.open(file, format="exr_pipe") as container:
            stream = container.streams.video[0]
            frame = next(container.decode(stream))
            values = frame.reformat(format=frame.format.name.replace("f16", "f32")).to_ndarray()
            aspect = pixel_aspect_of(stream.sample_aspect_ratio)
    except (FFmpegError, StopIteration, OSError, ValueError) as error:
        raise PhotoError(f"the file is damaged, or of a kind that needs more. {wanted}.") from error
    if values.dtype.kind != "f":
        raise PhotoError(f"its pixels are whole numbers. {wanted}.")
    return FloatPicture(values.reshape(*values.shape[:2], -1), aspect)
