# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a photo's file is all there: ComfyUI opens one that was cut off, and takes what is missing for black."""

from __future__ import annotations

import struct

PNG = b"\x89PNG\r\n\x1a\n"
JPEG, JPEG_SCAN, JPEG_END = b"\xff\xd8", 0xDA, b"\xff\xd9"


def is_cut_off(content: bytes) -> bool:
    """Whether the bytes of a JPEG, PNG or WebP end before the picture does; False of what is none of these."""
    if content.startswith(JPEG):
        return _jpeg_ends_early(content)
    if content.startswith(PNG):
        return _png_ends_early(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return len(content) < 8 + struct.unpack("<I", content[4:8])[0]
    return False


def _jpeg_ends_early(content: bytes) -> bool:
    """By the mark of the end, which no scan holds; those before the scan are of a preview in the header."""
    at = len(JPEG)
    while at + 4 <= len(content) and content[at] == 0xFF:
        if content[at + 1] == 0xFF:  # filled up
            at += 1
            continue
        if content[at + 1] == JPEG_SCAN:
            return JPEG_END not in content[at:]
        at += 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    return True


def _png_ends_early(content: bytes) -> bool:
    at = len(PNG)
    while at + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        at += 12 + length
        if kind == b"IEND":
            return at > len(content)
    return True
