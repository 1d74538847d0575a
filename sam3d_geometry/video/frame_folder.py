"""A folder of numbered pictures as a clip."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy

from .clip_facts import DEFAULT_FRAME_RATE, ClipFacts, Frame, Position, require_size
from .frame_numbers import frame_times, last_number

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}


def _natural(path: Path) -> list:
    return [int(part) if part.isdigit() else part.lower() for part in re.split(r"(\d+)", path.name)]


class FrameFolder:
    """A folder of pictures as a clip, in the order of the numbers in their names; for missing ones see `frame_times`.

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
    ):
        self.path = Path(path)
        if frame_rate <= 0:
            raise ValueError(f"The frame rate came as {float(frame_rate):g}; it must be greater than 0.")
        rate = Fraction(frame_rate).limit_denominator(1001)
        files = _pictures(self.path)
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
        height, width, _ = _picture(self._files[0]).shape
        notes = () if found.note is None else (found.note,)
        self.facts = ClipFacts(height, width, rate, 1 / rate, len(self._files), False, notes=notes)

    def frames(self, after: Position | None = None) -> Iterator[Frame]:
        """The frames in order; from the one after `after` when a position of an earlier reading is given."""
        for index in range(0 if after is None else after.index + 1, len(self._files)):
            yield Frame(index, self._times[index], self._pixels(index))

    def _pixels(self, index: int) -> numpy.ndarray:
        """A frame's pixels (H, W, 3) uint8 RGB."""
        pixels, size = _picture(self._files[index]), (self.facts.height, self.facts.width)
        require_size(pixels.shape, size, str(self._files[index]), self._files[0].name)
        return pixels

    def times(self) -> list[int]:
        """The time of every frame in frames, of those that are missing too."""
        return list(self._times)

    def samples(self, count: int) -> Iterator[numpy.ndarray]:
        """Pixels (H, W, 3) of up to `count` frames spread evenly over the clip."""
        frames = min(count, len(self._files))
        for i in range(frames):
            yield self._pixels((2 * i + 1) * len(self._files) // (2 * frames))

    def frame_name(self, index: int) -> str:
        """Name without suffix for a picture made from a frame: that of the frame's own file."""
        return self._files[index].stem

    def fingerprint(self) -> dict:
        """What tells this clip from another one, for the journal of an unfinished job."""
        names = [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in self._files]
        return {"path": str(self.path.resolve()), "files": names, "frame_rate": str(self.facts.frame_rate)}


def _pictures(folder: Path) -> list[Path]:
    """The pictures in a folder, in the order of the numbers in their names."""
    found = (p for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and not p.name.startswith("."))
    files = sorted(found, key=_natural)
    if not files:
        raise ValueError(f"{folder} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))}); give another folder.")
    if len({path.stem for path in files}) < len(files):
        raise ValueError(f"{folder} holds pictures that differ only in their suffix; leave one file for each frame.")
    return files


def _picture(path: Path) -> numpy.ndarray:
    """A picture file as (H, W, 3) uint8 RGB, upright."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            if picture.mode.startswith("I"):  # 16 bits: Pillow's own conversion would clip them
                grey = (numpy.asarray(picture).clip(0, 65535) / 257 + 0.5).astype(numpy.uint8)
                return numpy.repeat(grey[..., None], 3, axis=2)
            return numpy.array(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(
            f"{path} cannot be read as a picture ({error}); take it out of the folder or mend it."
        ) from error
