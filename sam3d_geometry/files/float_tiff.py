"""TIFF files of floats in color or gray, of which Pillow by itself opens gray ones of 32 bits only.

The strips or tiles are given to Pillow's libtiff once more, as a gray picture of 8 bits whose rows are the bytes of theirs, so that
whatever libtiff unpacks is read. What depends on samples, the predictor of floats (Adobe Photoshop TIFF Technical Note 3), is undone here.
FFmpeg reads such files too, but tiled ones as noise, and takes whole numbers of 32 bits for floats.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy
from PIL import Image, ImageFile, TiffImagePlugin

from .picture_file import PhotoError, decoding_picture

KIND_OF_FLOATS = 3  # as kind of sample
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, ORIENTATION, SAMPLES, STRIP_ROWS = 256, 257, 258, 259, 262, 274, 277, 278
STRIP_STARTS, STRIP_LENGTHS, PLANES, PREDICTOR = 273, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILE_STARTS, TILE_LENGTHS = 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_KIND = 338, 339
READ_TAGS = (
    *(WIDTH, HEIGHT, BITS, COMPRESSION, ORIENTATION, SAMPLES, STRIP_ROWS, STRIP_STARTS, STRIP_LENGTHS, PLANES),
    *(PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_STARTS, TILE_LENGTHS, EXTRA_SAMPLES, SAMPLE_KIND),
)
LONG = 4  # type of whole numbers of 32 bits
BIG = 43  # version of files with offsets of 8 bytes
BY_NOTHING, BY_FLOATS = 1, 3  # predictors
APART = 2  # planar configuration: a plane for each sample
STRAIGHT_ALPHA = 2  # extra sample that the colors are not multiplied by
FLOAT_BITS = (16, 32, 64)
MOST_SAMPLES = 64
# how stored rows and columns become upright ones, by the orientation of TIFF 6.0: transpose, flip rows, flip columns
TURNS_BY_ORIENTATION = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


@dataclass(frozen=True)
class FloatLayout:
    """How a TIFF holds its floats; `starts` and `lengths` are those of its strips or tiles, `block` is (height, width) of one."""

    height: int
    width: int
    samples: int
    bits: int
    compression: int
    predictor: int
    planes_apart: bool
    tiled: bool
    block: tuple[int, int]
    starts: tuple[int, ...]
    lengths: tuple[int, ...]


def read_float_tiff(path: Path) -> numpy.ndarray | None:
    """Upright light (H, W, 1, 3 or 4) float32 of a TIFF of floats, times alpha if it has that; None where the file is another one.

    PhotoError, one sentence, where it cannot be read.
    """
    with decoding_picture(), warnings.catch_warnings(), path.open("rb") as file:
        warnings.simplefilter("ignore")  # of damaged tags, which are left out
        head = file.read(16)
        if head[:4] not in TiffImagePlugin.PREFIXES:
            return None
        if head[:4] == b"MM\0+":
            raise PhotoError(
                "it is a BigTIFF with the highest byte first, which is not read; save it as an ordinary TIFF."
            )
        tags = TiffImagePlugin.ImageFileDirectory_v2(head if BIG in head[2:4] else head[:8])
        file.seek(tags.next)
        tags.load(file)
        numbers = {tag: _tag_numbers(tags[tag]) for tag in READ_TAGS if tag in tags}
    if KIND_OF_FLOATS not in numbers.get(SAMPLE_KIND, ()):
        return None
    layout = _layout(numbers)
    with decoding_picture():
        _require_known(layout)
    stored = _float_samples(path, layout, "<" if head[:2] == b"II" else ">")
    return _turned_upright(_light(stored, numbers.get(EXTRA_SAMPLES, (0,))[0]), numbers.get(ORIENTATION, (1,))[0])


def _tag_numbers(value: Any) -> tuple[int, ...]:
    return tuple(int(number) for number in (value if isinstance(value, tuple) else (value,)))


def _layout(numbers: Mapping[int, tuple[int, ...]]) -> FloatLayout:
    def one(tag: int, otherwise: int) -> int:
        return numbers.get(tag, (otherwise,))[0]

    height, width, tiled = one(HEIGHT, 0), one(WIDTH, 0), TILE_STARTS in numbers
    return FloatLayout(
        height=height,
        width=width,
        samples=one(SAMPLES, 1),
        bits=one(BITS, 1),
        compression=one(COMPRESSION, 1),
        predictor=one(PREDICTOR, BY_NOTHING),
        planes_apart=one(PLANES, 1) == APART,
        tiled=tiled,
        block=(one(TILE_HEIGHT, 0), one(TILE_WIDTH, 0)) if tiled else (min(one(STRIP_ROWS, height), height), width),
        starts=numbers.get(TILE_STARTS if tiled else STRIP_STARTS, ()),
        lengths=numbers.get(TILE_LENGTHS if tiled else STRIP_LENGTHS, ()),
    )


def _require_known(layout: FloatLayout) -> None:
    """Refuses what says of itself that it is larger than any photo, or is not built as the standard has it, before it is unpacked."""
    limit = 2 * (Image.MAX_IMAGE_PIXELS or 1 << 40)
    if layout.height * layout.width > limit:
        raise Image.DecompressionBombError
    (block_height, block_width), samples = layout.block, layout.samples
    if min(layout.height, layout.width, block_height, block_width, samples) < 1 or samples > MOST_SAMPLES:
        raise PhotoError("the file is damaged: its size makes no sense.")
    if layout.bits not in FLOAT_BITS:
        raise PhotoError(f"its floats have {layout.bits} bits; save it with 16, 32 or 64.")
    if layout.predictor not in (BY_NOTHING, BY_FLOATS):
        raise PhotoError(f"its predictor is of a kind ({layout.predictor}) that floats do not have; save it again.")
    expected = _block_count(layout) * (samples if layout.planes_apart else 1)
    if len(layout.starts) != expected or len(layout.lengths) != expected:
        raise PhotoError("the file is damaged: not every part of the picture is in it.")


def _block_count(layout: FloatLayout) -> int:
    """Strips or tiles of one plane."""
    return -(-layout.height // layout.block[0]) * -(-layout.width // layout.block[1])


def _float_samples(path: Path, layout: FloatLayout, byte_order: str) -> numpy.ndarray:
    """All samples (H, W, samples) float32."""
    if not layout.planes_apart:
        return _float_plane(path, layout, byte_order, slice(None))
    count = _block_count(layout)
    parts = [_float_plane(path, layout, byte_order, slice(i * count, (i + 1) * count)) for i in range(layout.samples)]
    return numpy.concatenate(parts, -1)


def _float_plane(path: Path, layout: FloatLayout, byte_order: str, part: slice) -> numpy.ndarray:
    """(H, W, samples that lie together) float32 of those blocks."""
    samples, size = 1 if layout.planes_apart else layout.samples, layout.bits // 8
    block_height, block_width = layout.block
    down, across = -(-layout.height // block_height), -(-layout.width // block_width)
    rows = down * block_height if layout.tiled else layout.height
    held = _unpacked(_contents(path, layout, part), layout, rows, across * block_width * samples * size)
    # each block's rows are coded by themselves
    held = held.reshape(rows, across, block_width * samples * size)
    if layout.predictor == BY_FLOATS:
        held, byte_order = _without_predictor(held, samples, size), ">"
    floats = held.view(f"{byte_order}f{size}").reshape(rows, across * block_width, samples)
    with numpy.errstate(over="ignore", invalid="ignore"):
        return floats[: layout.height, : layout.width].astype(numpy.float32)


class _PackedBytes(TiffImagePlugin.TiffImageFile):
    """A TIFF whose pixels are bytes of floats, so that Pillow's limit for pixels says nothing; `_require_known` has kept to it."""

    def load_prepare(self) -> None:
        """As other formats do it."""
        ImageFile.ImageFile.load_prepare(self)


def _without_predictor(held: numpy.ndarray, samples: int, size: int) -> numpy.ndarray:
    """Rows (..., n) uint8 of differences between bytes, all first bytes before all second ones, -> the floats' bytes, highest first."""
    shape = held.shape
    sums = held.reshape(*shape[:-1], -1, samples).cumsum(-2, dtype=numpy.uint8)
    return numpy.ascontiguousarray(sums.reshape(*shape[:-1], size, -1).swapaxes(-1, -2)).reshape(shape)


def _contents(path: Path, layout: FloatLayout, part: slice) -> list[bytes]:
    """The packed bytes of those blocks."""
    contents = []
    with decoding_picture(), path.open("rb") as file:
        for start, length in zip(layout.starts[part], layout.lengths[part]):
            file.seek(start)
            contents.append(file.read(length))
            if len(contents[-1]) < length:
                raise PhotoError("the file is cut short.")
    return contents


def _unpacked(contents: list[bytes], layout: FloatLayout, rows: int, row_bytes: int) -> numpy.ndarray:
    """The bytes (rows, row_bytes) in blocks that lie left to right and top to bottom, by Pillow, for which they are a gray TIFF of 8 bits."""
    lengths = [len(content) for content in contents]
    starts = [8, *(8 + total for total in accumulate(lengths[:-1]))]
    tags = {
        WIDTH: [row_bytes],
        HEIGHT: [rows],
        BITS: [8],
        COMPRESSION: [layout.compression],
        PHOTOMETRIC: [1],
        SAMPLES: [1],
    }
    if layout.tiled:
        across = -(-layout.width // layout.block[1])
        tags |= {
            TILE_WIDTH: [row_bytes // across],
            TILE_HEIGHT: [layout.block[0]],
            TILE_STARTS: starts,
            TILE_LENGTHS: lengths,
        }
    else:
        tags |= {STRIP_ROWS: [layout.block[0]], STRIP_STARTS: starts, STRIP_LENGTHS: lengths}
    written = _file_of(b"".join(contents), tags)
    with decoding_picture(), _PackedBytes(io.BytesIO(written)) as image:
        return numpy.array(image)


def _file_of(packed: bytes, tags: Mapping[int, list[int]]) -> bytes:
    """A TIFF of that content, which begins at byte 8, and whole numbers of 32 bits as tags."""
    packed += bytes(len(packed) % 2)
    at = 8 + len(packed)
    beyond = at + 2 + 12 * len(tags) + 4
    entries, lists = b"", b""
    for tag, values in sorted(tags.items()):
        content = struct.pack(f"<{len(values)}L", *values)
        if len(values) > 1:
            content, lists = struct.pack("<L", beyond + len(lists)), lists + content
        entries += struct.pack("<HHL", tag, LONG, len(values)) + content
    head, count = b"II*\0" + struct.pack("<L", at), struct.pack("<H", len(tags))
    return b"".join([head, packed, count, entries, bytes(4), lists])


def _light(stored: numpy.ndarray, extra: int) -> numpy.ndarray:
    """Samples (H, W, n) -> gray (1), colors (3), or colors times alpha and alpha (4)."""
    count = stored.shape[-1]
    colors = 3 if count >= 3 else 1
    if count == colors or extra not in (1, STRAIGHT_ALPHA):
        return stored[..., :colors]
    alpha = stored[..., colors : colors + 1]
    color = stored[..., :colors] * (alpha if extra == STRAIGHT_ALPHA else 1)
    return numpy.concatenate([color, alpha] if colors == 3 else [color, color, color, alpha], -1)


def _turned_upright(light: numpy.ndarray, orientation: int) -> numpy.ndarray:
    transposed, flips_y, flips_x = TURNS_BY_ORIENTATION.get(orientation, (False, False, False))
    seen = light.swapaxes(0, 1) if transposed else light
    return numpy.ascontiguousarray(seen[:: -1 if flips_y else 1, :: -1 if flips_x else 1])
