"""What is unusual in a clip and what is done about it, in sentences for the command line, the record and the node's report."""

from __future__ import annotations

from ..geometry.tone_mapping import PEAK
from .clip_facts import ClipFacts

INTERLACED = "Its frames are interlaced; each is made one whole picture (bwdif)."


def hdr_note(signal: str) -> str:
    """Of an HDR signal, one of `tone_mapping.HDR_SIGNALS`."""
    return f"It is HDR ({signal}), which the network is shown in sRGB: highlights bend up to {PEAK:g} cd/m2 and are cut off beyond."


def clip_notes(facts: ClipFacts) -> list[str]:
    """The sentences about a clip, [] where nothing is unusual."""
    notes = list(facts.notes)
    if facts.pixel_aspect != 1:
        shape = f"{facts.pixel_aspect.numerator}:{facts.pixel_aspect.denominator}"
        height, width = facts.camera_size
        notes.append(
            f"Its pixels are not square ({shape}): the camera sees {width} x {height} square ones, and what is written has "
            f"{facts.width} x {facts.height} with the same aspect."
        )
    if facts.has_alpha:
        notes.append("It has alpha: what is transparent is put over gray for the network.")
    if facts.height % 2 or facts.width % 2:
        notes.append(
            f"Its size of {facts.width} x {facts.height} is odd: formats that halve colors (h264, h265, prores) repeat the last "
            "row or column once."
        )
    return notes
