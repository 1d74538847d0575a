"""Depth in OpenEXR files: 32-bit floats in named channels, without any colour transform, through the OpenEXR package.

Z is the depth; N.X N.Y N.Z normals and P.X P.Y P.Z positions in OpenCV camera axes; mask is 1 where there is geometry. R, G
and B are what programs show that know of no other channels: the photo in linear light, as everywhere in EXR, or the depth.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy
import torch

from ..geometry.camera import unproject
from ..geometry.colour import linear_from_srgb, srgb_from_linear
from .depth_file_error import DepthFileError, decoding
from .depth_frame import AT_ZERO, DepthFrame, check_size, clean_frame, depth_with_invalid
from .depth_record import KEY, DepthRecord, described_depth
from .whole_files import NO_TEXTS

SHOW_PHOTO, SHOW_DEPTH, SHOW_NOTHING = PICTURES = ("photo", "depth", "none")
DEPTH_LAYERS = ("z", "depth", "depth.z", "depth.v")
MAX_CHANNELS = 256  # far more than renderers write; damaged headers claim millions
OLDEST_OPENEXR = (3, 5)  # the first that reads and writes open files
# what OpenEXR raises on damaged files
DAMAGED_EXR = (OSError, RuntimeError, ValueError, TypeError, IndexError, KeyError, OverflowError)


def import_openexr() -> ModuleType:
    """OpenEXR, imported when first needed: everything else works without it."""
    install = 'install it with: pip install "OpenEXR>=3.5"'
    try:
        import OpenEXR
    except ImportError as error:
        raise ImportError(f"EXR files need the Python package OpenEXR; {install}") from error
    if tuple(int(part) for part in OpenEXR.__version__.split(".")[:2]) < OLDEST_OPENEXR:
        raise ImportError(f"OpenEXR {OpenEXR.__version__} is too old to read and write EXR files here; {install}")
    return OpenEXR


def _vectors(prefix: str, values: torch.Tensor) -> dict[str, torch.Tensor]:
    return {f"{prefix}{axis}": values[..., i] for i, axis in enumerate("XYZ")}


@dataclass(frozen=True, kw_only=True)
class ExrLayers:
    """What an EXR holds beside Z, mask and normals: P where `position`, one of PICTURES as R, G, B, one of INVALID_DEPTHS where Z has none."""

    position: bool = False
    picture: str = SHOW_PHOTO
    invalid_depth: str = AT_ZERO

    def __post_init__(self) -> None:
        if self.picture not in PICTURES:
            raise ValueError(f"Picture {self.picture!r} is not known; choose one of {', '.join(PICTURES)}.")


def write_exr(
    frame: DepthFrame,
    layers: ExrLayers,
    file: BinaryIO,
    texts: Mapping[str, str] = NO_TEXTS,
    pixel_aspect: float = 1.0,
) -> None:
    """The frame as one scan line EXR, ZIP compressed (lossless): Z, mask, normals if it has them, and what is asked for.

    Further `texts` become attributes of the header by their names; `pixel_aspect` is the width of a pixel over its height.
    """
    exr = import_openexr()
    depth = depth_with_invalid(frame.depth[None], frame.mask[None], layers.invalid_depth)[0]
    channels = {"Z": depth, "mask": frame.mask.half()}
    if frame.normals is not None:
        channels |= _vectors("N.", frame.normals)
    if layers.position:
        if frame.record.intrinsics is None:
            raise ValueError("Positions were asked for of depth without a camera; leave them out, or give one.")
        channels |= _vectors("P.", unproject(frame.depth[None], frame.record.intrinsics[None])[0])
    if layers.picture == SHOW_PHOTO and frame.image is not None:
        light = linear_from_srgb(frame.image)
        channels |= {name: light[..., i] for i, name in enumerate("RGB")}
    elif layers.picture == SHOW_DEPTH:
        channels |= dict.fromkeys("RGB", depth)
    record = frame.description()
    header = {
        **texts,
        "compression": exr.ZIP_COMPRESSION,
        "type": exr.scanlineimage,
        "unit": record["unit"],
        "nearest": frame.record.nearest,
        "farthest": frame.record.farthest,
        "pixelAspectRatio": float(pixel_aspect),
        KEY: json.dumps({**record, "depth": described_depth(layers.invalid_depth), "rgb": layers.picture}),
    }
    arrays = {name: numpy.ascontiguousarray(values.numpy()) for name, values in channels.items()}
    exr.File(header, arrays).write(file)


def _depth_channel(channels: dict[str, numpy.ndarray], wanted: str) -> str:
    """The name of the channel that holds depth."""
    listed = ", ".join(sorted(channels)[:20])
    if wanted:
        if wanted not in channels:
            raise DepthFileError(f"it has no channel {wanted!r} but {listed}; choose one of these.")
        return wanted
    for name in ("Z", *(n for n in channels if _is_depth_layer(n)), "Y"):
        if name in channels:
            return name
    if len(channels) == 1:
        return next(iter(channels))
    if {"R", "G", "B"} <= set(channels):
        red = channels["R"]
        if all(numpy.array_equal(red, channels[name], equal_nan=True) for name in "GB"):
            return "R"
    raise DepthFileError(f"none of its channels is depth by name: {listed}; name the right one as channel.")


def _is_depth_layer(name: str) -> bool:
    """Whether a channel such as ViewLayer.Depth.Z is named as depth."""
    name = name.lower()
    return any(name == layer or name.endswith(f".{layer}") for layer in DEPTH_LAYERS[1:])


def _checked_windows(
    data: tuple, display: tuple, channels: int
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """(height, width) of the data, of the picture it lies in, and the (row, column) of the data there."""
    (left, top), (right, bottom) = data
    size = bottom - top + 1, right - left + 1
    check_size(*size, channels)
    (x0, y0), (x1, y1) = display
    whole = y1 - y0 + 1, x1 - x0 + 1
    check_size(*whole)
    return size, whole, (top - y0, left - x0)


def _whole_picture(
    values: numpy.ndarray, display: tuple[int, int], corner: tuple[int, int], dtype: type = numpy.float32
) -> numpy.ndarray:
    """Data (h, w) that covers a part of the picture, or reaches beyond it -> the whole picture (H, W), 0 elsewhere."""
    if values.shape == display and corner == (0, 0):
        return values.astype(dtype)
    placed = numpy.zeros(display, dtype)
    spans = [(max(0, start), min(length, start + given)) for start, given, length in zip(corner, values.shape, display)]
    if all(first < stop for first, stop in spans):
        inside = tuple(slice(*span) for span in spans)
        source = tuple(slice(first - start, stop - start) for (first, stop), start in zip(spans, corner))
        placed[inside] = values[source]
    return placed


@dataclass(frozen=True)
class ExrHeader:
    """The names of an EXR's channels, and the header of its first part."""

    names: list[str]
    header: dict

    def shows_depth(self) -> bool:
        """Whether R, G and B are depth once more, in a file of ours."""
        text = self.header.get(KEY)
        if not isinstance(text, str) or DepthRecord.from_json(text) is None:
            return False
        return json.loads(text).get("rgb") != SHOW_PHOTO


@dataclass(frozen=True)
class ExrChannels(ExrHeader):
    """What an EXR holds: its channels by name, those of the size of the first part; `display` is (height, width) of the whole picture."""

    held: dict[str, numpy.ndarray]
    display: tuple[int, int]
    corner: tuple[int, int]

    def plane(self, name: str) -> numpy.ndarray:
        """A channel (H, W) float32 of the whole picture, 0 where the file has no data."""
        return _whole_picture(self.held[name], self.display, self.corner)


def read_exr_header(path: Path) -> ExrHeader:
    """What an EXR file says that it holds. DepthFileError where that is damaged."""
    exr = import_openexr()
    with decoding("EXR", *DAMAGED_EXR), path.open("rb") as file:
        headers = [part.header for part in exr.File(file, header_only=True).parts]
        return ExrHeader([channel.name for header in headers for channel in header["channels"]], headers[0])


def read_exr_channels(path: Path) -> ExrChannels:
    """All that an EXR file holds. DepthFileError, a part of a sentence, when it is damaged, too large, or has deep samples."""
    exr = import_openexr()
    with contextlib.ExitStack() as opened:
        with decoding("EXR", *DAMAGED_EXR):
            file = opened.enter_context(path.open("rb"))
            headers = [part.header for part in exr.File(file, header_only=True).parts]
            windows = [(_corners(header["dataWindow"]), _corners(header["displayWindow"])) for header in headers]
            channel_counts = [len(header["channels"]) for header in headers]
        if any("deep" in str(header.get("type")) for header in headers):
            raise DepthFileError("it holds deep samples; flatten it first.")
        count = sum(channel_counts)
        if count > MAX_CHANNELS:
            raise DepthFileError(f"it says that it has {count} channels; at most {MAX_CHANNELS} are read.")
        windows = [_checked_windows(data, display, count) for data, display in windows]
        with decoding("EXR", *DAMAGED_EXR):
            file.seek(0)
            parts = exr.File(file, separate_channels=True).parts
            held = [{name: channel.pixels for name, channel in part.channels.items()} for part in parts]
    if len(parts) != len(windows):  # those that cannot be decoded are left out with a warning on the console
        raise DepthFileError("its pixels are damaged or cut short.")
    _, display, corner = windows[0]
    channels = _same_size(held, windows)
    return ExrChannels(list(channels), parts[0].header, channels, display, corner)


def read_exr(path: Path, channel: str = "") -> DepthFrame:
    """The depth in an EXR file of this or of another program, and what ours hold besides.

    `channel` names the depth where it is not called Z, depth or Y. DepthFileError, a part of a sentence, when the file is
    damaged, too large, or has no depth.
    """
    return _frame_of_channels(read_exr_channels(path), channel)


def _corners(window: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """((left, top), (right, bottom)) of a window in OpenEXR's own types."""
    (left, top), (right, bottom) = window
    return (int(left), int(top)), (int(right), int(bottom))


def _same_size(held: list[dict[str, numpy.ndarray]], windows: list[tuple]) -> dict[str, numpy.ndarray]:
    """The channels of all parts, by name, that are of the size of the first part."""
    channels: dict[str, numpy.ndarray] = {}
    for part, (size, *_) in zip(held, windows):
        for name, pixels in part.items():
            if pixels.shape == size == windows[0][0]:
                channels.setdefault(name, pixels)
    return channels


def _frame_of_channels(channels: ExrChannels, wanted: str) -> DepthFrame:
    held, text = channels.held, channels.header.get(KEY)
    record = DepthRecord.from_json(text) if isinstance(text, str) else None

    def plane(name: str) -> torch.Tensor:
        return torch.from_numpy(channels.plane(name))

    name = _depth_channel(held, wanted)
    mask = plane("mask") >= 0.5 if "mask" in held else None
    normals = image = None
    if {"N.X", "N.Y", "N.Z"} <= set(held) and record is not None:
        normals = torch.stack([plane(f"N.{axis}") for axis in "XYZ"], -1)
    if {"R", "G", "B"} <= set(held) and name not in "RGB" and not channels.shows_depth():
        image = srgb_from_linear(torch.stack([plane(c) for c in "RGB"], -1))
    return clean_frame(plane(name), mask, record, normals, image)
