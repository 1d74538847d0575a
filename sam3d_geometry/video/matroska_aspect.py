"""The size at which a Matroska file is shown, written into a finished file: PyAV cannot give it to FFmpeg's muxer.

The track is muxed with a name as long as the two elements that are wanted, which then take its place, so that nothing else moves.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

# ids of elements (RFC 9559)
SEGMENT, TRACKS, TRACK, NAME, VIDEO, CRC = (
    b"\x18\x53\x80\x67",
    b"\x16\x54\xae\x6b",
    b"\xae",
    b"\x53\x6e",
    b"\xe0",
    b"\xbf",
)
DISPLAY_WIDTH, DISPLAY_HEIGHT = b"\x54\xb0", b"\x54\xba"
UNKNOWN_UNIT_ELEMENT, PIXEL_UNIT_ELEMENT = b"\x54\xb2\x81\x04", b"\x54\xb2\x81\x00"  # what the size is counted in
PLACE_HOLDER = "place kept."  # its element has the 14 bytes of the two that take its place
HEAD_BYTES = 1 << 20  # the tracks come before the pictures


def write_display_size(path: Path, height: int, width: int) -> None:
    """Makes players show a file, whose only video track is called PLACE_HOLDER, at (height, width) in square pixels."""
    with path.open("rb+") as file:
        head = file.read(HEAD_BYTES)
        start, stop = _child(head, *_child(head, 0, len(head), SEGMENT), TRACKS)
        tracks = _with_display_size(head[start:stop], height, width)
        file.seek(start)
        file.write(tracks)


def _with_display_size(tracks: bytes, height: int, width: int) -> bytes:
    """The content of the element of all tracks with the size in it, and the sum that guards it."""
    start, stop = _child(tracks, 0, len(tracks), TRACK)
    name = tracks.index(_element(NAME, PLACE_HOLDER.encode()), start)
    first, last = _child(tracks, start, stop, VIDEO)
    size = _element(DISPLAY_WIDTH, width.to_bytes(4, "big")) + _element(DISPLAY_HEIGHT, height.to_bytes(4, "big"))
    head = tracks.rindex(VIDEO, start, first)
    length = first - head - len(VIDEO)
    shown = tracks[first:last].replace(UNKNOWN_UNIT_ELEMENT, PIXEL_UNIT_ELEMENT) + size
    video = VIDEO + _ebml_size(len(shown), length) + shown
    rest = tracks[:name] + tracks[name + len(size) : head] + video + tracks[last:]
    guarded = rest[6:]
    return (
        CRC + _ebml_size(4, 1) + zlib.crc32(guarded).to_bytes(4, "little") + guarded if rest.startswith(CRC) else rest
    )


def _ebml_size(number: int, length: int) -> bytes:
    """A size as EBML writes it in this many bytes: the first bit that is set says how many."""
    return (number | 1 << 7 * length).to_bytes(length, "big")


def _element(name: bytes, content: bytes) -> bytes:
    return name + _ebml_size(len(content), 1) + content


def _child(content: bytes, start: int, stop: int, wanted: bytes) -> tuple[int, int]:
    """Where the content of the first element of this name begins and ends among those between two places."""
    return next((first, last) for name, first, last in _elements(content, start, stop) if name == wanted)


def _elements(content: bytes, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, beginning, end) of the elements between two places, one after the other."""
    while start < stop:
        length = 9 - content[start].bit_length()
        name, start = content[start : start + length], start + length
        length = 9 - content[start].bit_length()
        size = int.from_bytes(content[start : start + length], "big") & (1 << 7 * length) - 1
        start += length
        end = min(start + size, stop)  # a segment of unknown size goes on to the end
        yield name, start, end
        start = end
