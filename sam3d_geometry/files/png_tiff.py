"""Depth in 16-bit PNG and in 16-bit and float TIFF files, with the record inside, through Pillow."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy
import torch

from .depth_file_error import DepthFileError, decoding
from .depth_frame import DepthFrame, check_size, clean_frame
from .depth_record import KEY, DepthRecord
from .depth_steps import UnitSteps
from .whole_files import NO_TEXTS

if TYPE_CHECKING:
    from PIL import Image

DEFLATE_LEVEL = 3  # of 9, the higher ones are slower and save little on depth
IMAGE_DESCRIPTION = 270  # TIFF's tag of that name


def _text(frame: DepthFrame) -> str:
    return json.dumps(frame.description())


def _stored_values(frame: DepthFrame) -> numpy.ndarray:
    """What is stored: uint16 by the record's steps, the depth itself without."""
    if frame.record.steps is None:
        return frame.depth.numpy()
    return frame.record.steps.encode(frame.depth, frame.mask)


def write_png(frame: DepthFrame, file: BinaryIO, texts: Mapping[str, str] = NO_TEXTS) -> None:
    """The frame as a grey 16-bit PNG with the record and further `texts` as text chunks; its record must have steps."""
    from PIL import Image, PngImagePlugin

    if frame.record.steps is None:
        raise ValueError("A PNG holds 16-bit values; say by steps what they mean, or write TIFF or EXR.")
    info = PngImagePlugin.PngInfo()
    for key, text in {**texts, KEY: _text(frame)}.items():
        info.add_text(key, text)
    Image.fromarray(_stored_values(frame)).save(file, "PNG", pnginfo=info, compress_level=DEFLATE_LEVEL)


def write_tiff(frame: DepthFrame, file: BinaryIO) -> None:
    """The frame as a grey TIFF, deflated, of 32-bit floats or by the record's steps of 16 bits; the record in its description."""
    from PIL import Image

    tags = {IMAGE_DESCRIPTION: _text(frame)}
    Image.fromarray(_stored_values(frame)).save(file, "TIFF", tiffinfo=tags, compression="tiff_adobe_deflate")


def read_png_tiff(path: Path, beside: DepthRecord | None, steps_per_unit: float) -> DepthFrame:
    """The depth in a grey PNG or TIFF of 16 or 32 bits.

    Its own record says what the values mean, else the one `beside`; 16-bit values of files that say nothing are divided by
    `steps_per_unit`. DepthFileError, a part of a sentence, when it is damaged, too large, or has too few bits.
    """
    from PIL import Image

    kind = "PNG or TIFF"
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")  # of files that are odd or large; the size is checked below
        with decoding(kind, *_damage()):
            opened = stack.enter_context(Image.open(path, formats=("PNG", "TIFF")))
        check_size(opened.height, opened.width)
        with decoding(kind, *_damage()):
            text = _text_in(opened)
        record = (DepthRecord.from_json(text) if isinstance(text, str) else None) or beside
        _require_deep_grey(opened)
        with decoding(kind, *_damage()):
            values = numpy.array(opened)
    if values.dtype.kind == "f":
        return clean_frame(torch.from_numpy(values.astype(numpy.float32)), None, record)
    steps = UnitSteps(steps_per_unit) if record is None or record.steps is None else record.steps
    if int(values.min()) < 0:
        raise DepthFileError("it holds negative values, so it is not depth.")
    return clean_frame(steps.decode(values), torch.from_numpy(values > 0), record)


def _damage() -> tuple[type[Exception], ...]:
    """What Pillow's readers of PNG and TIFF raise on damaged files."""
    from PIL import Image

    from .picture_file import DAMAGE

    return (*DAMAGE, RuntimeError, Image.DecompressionBombError)


def _text_in(opened: Image.Image) -> Any:
    """The text of ours in an opened picture, None where it has none."""
    text = getattr(opened, "text", {}).get(KEY)
    if text is None:
        text = getattr(opened, "tag_v2", {}).get(IMAGE_DESCRIPTION)
    return text


def _require_deep_grey(opened: Image.Image) -> None:
    tiles = getattr(opened, "tile", [])
    colour = tiles and "16" in str(tiles[0][3]) and opened.mode.startswith("RGB")
    if colour or opened.mode not in ("I;16", "I;16B", "I;16L", "I", "F"):
        raise DepthFileError(
            "it is a picture in colour or of 8 bits; open it with Load Image and give it to Depth To Pointmap "
            "as a picture, or save the depth as grey of 16 bits or as EXR."
        )
