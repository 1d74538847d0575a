"""A folder of numbered pictures as a clip."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy

from ..files.float_picture import EXR
from .clip_facts import DEFAULT_FRAME_RATE, ClipFacts, Frame, Position, require_size
from .frame_numbers import frame_times, last_number, spread_evenly
from .frame_picture import read_frame, resized

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", EXR}


def _natural(path: Path) -> list:
    return [int(part) if part.isdigit() else part.lower() for part in re.split(r"(\d+)", path.name)]


class FrameFolder:
    """A folder of pictures as a clip, in the order of the numbers in their names; for missing ones see `frame_times`.

    Pictures of floats are shown `exposure` stops brighter than with white at 1.
    Those before `start_number`, the last number in a file's name, are left out; of the rest `start_seconds` and
    `duration_seconds` (0: to the end) cut a part out.
    """

    sound = None

    def __init__(
        self,
        path: str | Path,
        frame_rate: Fraction | float = DEFAULT_FRAME_RATE,
        start_seconds: float = 0.0,
        duration_seconds: float = 0.0,
        start_number: int | None = None,
        exposure: float = 0.0,
    ):
        self.path, self._exposure = Path(path), exposure
        if frame_rate <= 0:
            raise ValueError(f"The frame rate came as {float(frame_rate):g}; it must be greater than 0.")
        rate = Fraction(frame_rate).limit_denominator(1001)
        files = _pictures_in_folder(self.path)
        if start_number is not None:
            files = [path for path in files if (last_number(path) or 0) >= start_number]
        found = frame_times(files)
        first = math.ceil(Fraction(start_seconds) * rate)
        stop = (
            math.ceil((Fraction(start_seconds) + Fraction(duration_seconds)) * rate) if duration_seconds else math.inf
        )
        part = [(path, time) for path, time in zip(files, found.times) if first <= time < stop]
        if not part:
            raise ValueError(f"{self.path} holds no frame in the part that was asked for; begin earlier.")
        self._files = [path for path, _ in part]
        self._times = [time - part[0][1] for _, time in part]
        shown = read_frame(self._files[0], exposure)
        height, width, channels = shown.pixels.shape
        self.facts = ClipFacts(
            height,
            width,
            rate,
            1 / rate,
            len(self._files),
            has_sound=False,
            pixel_aspect=shown.pixel_aspect,
            has_alpha=channels == 4,
            notes=(*shown.notes, *([] if found.note is None else [found.note])),
        )

    def frames(self, after: Position | None = None) -> Iterator[Frame]:
        """The frames in order; from the one after `after` when a position of an earlier reading is given."""
        for index in range(0 if after is None else after.index + 1, len(self._files)):
            yield Frame(index, self._times[index], self._pixels(index))

    def _pixels(self, index: int) -> numpy.ndarray:
        """A frame's square pixels (h, w, 3 or 4) uint8 sRGB."""
        facts, path = self.facts, self._files[index]
        pixels = read_frame(path, self._exposure).with_alpha(facts.has_alpha)
        require_size(pixels.shape, (facts.height, facts.width), str(path), self._files[0].name)
        return resized(pixels, facts.camera_size)

    def times(self) -> list[int]:
        """The time of every frame in frames, of those that are missing too."""
        return list(self._times)

    def samples(self, count: int) -> Iterator[numpy.ndarray]:
        """Square pixels (h, w, 3 or 4) of up to `count` frames spread evenly over the clip."""
        yield from map(self._pixels, spread_evenly(count, len(self._files)))

    def frame_name(self, index: int) -> str:
        """Name without suffix for a picture made from a frame: that of the frame's own file."""
        return self._files[index].stem

    def fingerprint(self) -> dict:
        """What tells this clip from another one, for the journal of an unfinished job."""
        names = [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in self._files]
        return {
            "path": str(self.path.resolve()),
            "files": names,
            "frame_rate": str(self.facts.frame_rate),
            "exposure": self._exposure,
        }


def _pictures_in_folder(folder: Path) -> list[Path]:
    """The pictures in a folder, in the order of the numbers in their names."""
    found = (p for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and not p.name.startswith("."))
    files = sorted(found, key=_natural)
    if not files:
        raise ValueError(f"{folder} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))}); give another folder.")
    if len({path.stem for path in files}) < len(files):
        raise ValueError(f"{folder} holds pictures that differ only in their suffix; leave one file for each frame.")
    return files
