"""Depth files of any kind: written in one of DEPTH_FORMATS, read whatever their kind, and numbered files as one clip."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from .arrays import read_arrays
from .depth_file_error import DepthFileError
from .depth_frame import DepthFrame
from .depth_record import MAX_CHARACTERS, DepthRecord
from .exr import ExrLayers, read_exr, write_exr
from .png_tiff import read_png_tiff, write_png, write_tiff
from .whole_files import NO_TEXTS

DEPTH_SUFFIXES = (".exr", ".png", ".tif", ".tiff", ".npy", ".npz", ".pfm")
DEPTH_LAYERS_ONLY = ExrLayers()
NUMBER = re.compile(r"(\d+)(?=\D*$)")


@dataclass(frozen=True)
class DepthFormat:
    """A way of keeping depth: the file's suffix, and the bits of a value; 32 are floats."""

    suffix: str
    bits: int


DEPTH_FORMATS = {
    "exr 32-bit": DepthFormat(".exr", 32),
    "tiff 32-bit": DepthFormat(".tiff", 32),
    "tiff 16-bit": DepthFormat(".tiff", 16),
    "png 16-bit": DepthFormat(".png", 16),
}


def depth_format_named(name: str) -> DepthFormat:
    """A format by its name in DEPTH_FORMATS."""
    if name not in DEPTH_FORMATS:
        raise ValueError(f"Depth format {name!r} is not known; choose one of {', '.join(DEPTH_FORMATS)}.")
    return DEPTH_FORMATS[name]


def depth_writer(
    frame: DepthFrame, chosen: DepthFormat, layers: ExrLayers = DEPTH_LAYERS_ONLY, texts: Mapping[str, str] = NO_TEXTS
) -> Callable[[BinaryIO], None]:
    """What writes a frame into an open file; `layers` are for EXR, further `texts` by name for EXR and PNG."""
    if chosen.suffix == ".exr":
        return partial(write_exr, frame, layers, texts=texts)
    return partial(write_png, frame, texts=texts) if chosen.suffix == ".png" else partial(write_tiff, frame)


def _beside(path: Path) -> DepthRecord | None:
    """The record in the JSON of the same name, None where there is none of ours."""
    json = path.with_suffix(".json")
    if not json.is_file() or json.stat().st_size > MAX_CHARACTERS:
        return None
    try:
        return DepthRecord.from_json(json.read_text(encoding="utf-8", errors="replace"))
    except DepthFileError as error:
        raise DepthFileError(f"the JSON beside it is damaged: {error}") from error


def read_depth(path: Path, channel: str = "", steps_per_unit: float = 1000.0) -> DepthFrame:
    """The depth in a file of any of DEPTH_SUFFIXES, as distances.

    `channel` names the depth in an EXR or NPZ that calls it something else; `steps_per_unit` is for 16-bit values that
    nothing describes. DepthFileError, one sentence that begins with the file's name, when it cannot be used.
    """
    suffix = path.suffix.lower()
    try:
        if suffix not in DEPTH_SUFFIXES:
            raise DepthFileError(f"depth is read from {', '.join(DEPTH_SUFFIXES)}.")
        if not path.is_file():
            raise DepthFileError("there is no such file.")
        if suffix == ".exr":
            return read_exr(path, channel)
        if suffix in (".png", ".tif", ".tiff"):
            return read_png_tiff(path, _beside(path), steps_per_unit)
        return read_arrays(path, _beside(path), channel)
    except MemoryError as error:
        raise DepthFileError(f"{path.name}: it does not fit in memory.") from error
    except DepthFileError as error:
        raise DepthFileError(f"{path.name}: {error}") from error


def numbered_from(path: Path, count: int) -> list[Path]:
    """A file and those of the next numbers: `count` of them or, with 0, as far as they go.

    The last number in the name is the one that counts. DepthFileError when there are fewer than `count`.
    """
    match = NUMBER.search(path.stem)
    if count == 1 or (match is None and count == 0):
        return [path]
    if match is None:
        raise DepthFileError(f"{path.name}: its name has no number to count {count} files from; set frames to 1.")
    first, digits = int(match[1]), len(match[1])
    found = [path]
    while count == 0 or len(found) < count:
        number = f"{first + len(found):0{digits}d}"
        following = path.with_name(path.stem[: match.start()] + number + path.stem[match.end() :] + path.suffix)
        if not following.is_file():
            if count:
                raise DepthFileError(
                    f"{path.name}: {count} files were asked for and there is no {following.name}; lower frames, or set it to 0 "
                    "to read as far as the numbers go."
                )
            break
        found.append(following)
    return found


def check_one_clip(paths: Sequence[Path], frames: Sequence[DepthFrame]) -> None:
    """Refuses files that differ in size, which cannot be one batch."""
    size = tuple(frames[0].depth.shape)
    for path, frame in zip(paths, frames):
        if tuple(frame.depth.shape) != size:
            raise DepthFileError(
                f"{path.name} has {frame.depth.shape[1]} x {frame.depth.shape[0]} pixels and {paths[0].name} {size[1]} x "
                f"{size[0]}; read files of one size together, or one at a time."
            )
