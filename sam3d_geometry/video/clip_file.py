"""Clips read frame by frame: a video file, or a folder of pictures; nothing is held but the frame in hand."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy

log = logging.getLogger(__name__)

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}
DEFAULT_FRAME_RATE = Fraction(24)
OLDEST_AV = 16  # 14 joins segments to videos that cannot be decoded


def import_av() -> ModuleType:
    """PyAV, imported when first needed: photos work without it."""
    try:
        import av
    except ImportError as error:
        raise ImportError(
            "Reading and writing video needs PyAV, which ComfyUI brings; install it with: pip install av"
        ) from error
    if int(av.__version__.split(".")[0]) < OLDEST_AV:
        raise ImportError(f"PyAV {av.__version__} is too old to write video here; update it with: pip install -U av")
    return av


@dataclass(frozen=True)
class ClipFacts:
    """What is known of a clip before its first frame is read.

    height, width  of the frames as they are shown, a camera's rotation applied
    frame_rate     frames a second, an average where the rate varies
    time_base      unit of the frames' times in seconds
    frames         how many there are; an estimate for video files, None where the file does not say
    has_sound      whether there is sound to copy
    """

    height: int
    width: int
    frame_rate: Fraction
    time_base: Fraction
    frames: int | None
    has_sound: bool


@dataclass(frozen=True)
class Frame:
    """One frame: its number from 0, its time in units of the clip's time base, its pixels (H, W, 3) uint8 RGB."""

    index: int
    time: int
    pixels: numpy.ndarray


@dataclass(frozen=True)
class Position:
    """The last frame that is done: its number and its time."""

    index: int
    time: int


class VideoFile:
    """A video file that PyAV can read; `start_seconds` and `duration_seconds` (0: to the end) cut a part out of it."""

    def __init__(self, path: str | Path, start_seconds: float = 0.0, duration_seconds: float = 0.0):
        self.path = Path(path)
        self._start, self._duration = Fraction(start_seconds), Fraction(duration_seconds)
        av = import_av()
        try:
            with av.open(str(self.path)) as container:
                if not container.streams.video:
                    raise ValueError(f"{self.path} has no picture track; give a video file or a folder of pictures.")
                stream = container.streams.video[0]
                rate = stream.average_rate or stream.guessed_rate or DEFAULT_FRAME_RATE
                self._rate, self._time_base = Fraction(rate), Fraction(stream.time_base)
                has_sound = any(sound.codec_context is not None for sound in container.streams.audio)
                frames = self._count(stream, container)
                first = next(self._decoded(container, stream), None)
        except av.FFmpegError as error:
            raise ValueError(
                f"{self.path} cannot be read as a video ({error}); give a video file or a folder of pictures."
            ) from error
        if first is None:
            raise ValueError(f"{self.path} holds no frame that can be decoded; give another video file.")
        height, width = first.height, first.width
        if getattr(first, "rotation", 0) % 180:
            height, width = width, height
        self.facts = ClipFacts(height, width, self._rate, self._time_base, frames, has_sound)

    @property
    def window(self) -> tuple[Fraction, Fraction | None]:
        """First second and first second no longer in the clip, or None for all the rest."""
        return self._start, self._start + self._duration if self._duration else None

    def _count(self, stream, container) -> int | None:
        if stream.frames and not self._start and not self._duration:
            return stream.frames
        if stream.duration is not None:
            seconds = stream.duration * self._time_base
        elif container.duration is not None:
            seconds = Fraction(container.duration, 1_000_000)
        else:
            return None
        seconds = max(Fraction(0), seconds - self._start)
        return max(1, round((min(seconds, self._duration) if self._duration else seconds) * self._rate))

    @staticmethod
    def _decoded(container, stream) -> Iterator:
        """The stream's frames; damaged packets are left out, as players do."""
        av = import_av()
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError as error:
                log.warning("Damaged data in %s is left out: %s", container.name, error)

    def _in_window(self, container, stream, seek_to: int | None) -> Iterator[tuple[int, object]]:
        """(time, frame) of the frames in the window, times increasing, from the key frame before `seek_to` if given."""
        step = max(1, round(1 / (self._rate * self._time_base)))
        start = -(-self._start // self._time_base)
        end = -(-(self._start + self._duration) // self._time_base) if self._duration else None
        target = start if seek_to is None else seek_to + start
        if target > 0:
            container.seek(int(target), stream=stream)
        last = None
        for frame in self._decoded(container, stream):
            # raw streams have no times; two frames at one time would be refused by every container
            time = frame.pts if frame.pts is not None else (0 if last is None else last + step)
            if last is not None:
                time = max(time, last + 1)
            last = time
            if end is not None and time >= end:
                return
            if time >= start:
                yield time - int(start), frame

    def frames(self, after: Position | None = None) -> Iterator[Frame]:
        """The frames in order; from the one after `after` when a position of an earlier reading is given."""
        av = import_av()
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            found = self._from(container, stream, after)
            if found is None:  # the file's index misleads: count from the start
                container.seek(0)
                found = ((i, *rest) for i, rest in enumerate(self._in_window(container, stream, None)))
            for index, time, frame in found:
                if after is None or index > after.index:
                    yield Frame(index, time, self._pixels(frame, index))

    def _from(self, container, stream, after: Position | None) -> Iterator[tuple[int, int, object]] | None:
        """(index, time, frame) after a position found again by its time; None where that very frame is not met."""
        if after is None:
            return ((i, *rest) for i, rest in enumerate(self._in_window(container, stream, None)))
        decoded = self._in_window(container, stream, after.time)
        time = next((time for time, _ in decoded if time >= after.time), None)
        if time != after.time:
            return None
        return ((after.index + 1 + i, *rest) for i, rest in enumerate(decoded))

    def times(self) -> list[int]:
        """The time of every frame, from the file's packets without decoding them."""
        av = import_av()
        start = int(-(-self._start // self._time_base))
        end = -(-(self._start + self._duration) // self._time_base) if self._duration else None
        with av.open(str(self.path)) as container:
            packets = [p for p in container.demux(container.streams.video[0]) if p.size and not p.is_discard]
            if any(p.pts is None for p in packets):
                raise ValueError(
                    f"The frames of {self.path} have no times, so workers cannot find them; use --engine local."
                )
            times = sorted(p.pts for p in packets)
        return [time - start for time in times if time >= start and (end is None or time < end)]

    def samples(self, count: int) -> Iterator[numpy.ndarray]:
        """Pixels (H, W, 3) of up to `count` frames spread evenly over the clip."""
        av = import_av()
        length = self.facts.frames or count
        frames, step = min(count, length), 1 / (self._rate * self._time_base)
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            origin = max(0, (stream.start_time or 0) - int(self._start / self._time_base))
            for i in range(frames):
                wanted = (2 * i + 1) * length // (2 * frames)
                target = max(0, origin + int((wanted - Fraction(1, 2)) * step)) if wanted else 0
                found = self._in_window(container, stream, target)
                near = next((frame for time, frame in found if time >= target), None)
                if near is not None:  # the length is an estimate and may lie beyond the end
                    yield self._pixels(near, 0)

    def _pixels(self, frame, index: int) -> numpy.ndarray:
        pixels = frame.to_ndarray(format="rgb24")
        quarter_turns = round(getattr(frame, "rotation", 0) / 90) % 4
        if quarter_turns:
            pixels = numpy.ascontiguousarray(numpy.rot90(pixels, quarter_turns))
        _require_size(pixels, self.facts, f"Frame {index} of {self.path}")
        return pixels

    def frame_name(self, index: int) -> str:
        """Name without suffix for a picture made from a frame."""
        return f"{index:06d}"

    def fingerprint(self) -> dict:
        """What tells this clip from another one, for the journal of an unfinished job."""
        status = self.path.stat()
        return {
            "path": str(self.path.resolve()),
            "bytes": status.st_size,
            "modified": status.st_mtime_ns,
            "window": [str(self._start), str(self._duration)],
        }


def _natural(path: Path) -> list:
    return [int(part) if part.isdigit() else part.lower() for part in re.split(r"(\d+)", path.name)]


class FrameFolder:
    """A folder of pictures as a clip, in the order of the numbers in their names.

    Those before `start_number`, the last number in a file's name, are left out; of the rest `start_seconds` and
    `duration_seconds` (0: to the end) cut a part out.
    """

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
        files = (p for p in self.path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and not p.name.startswith("."))
        self._files = sorted(files, key=_natural)
        if not self._files:
            raise ValueError(
                f"{self.path} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))}); give another folder."
            )
        stems = {p.stem for p in self._files}
        if len(stems) != len(self._files):
            raise ValueError(
                f"{self.path} holds pictures that differ only in their suffix; leave one file for each frame."
            )
        self._files = _part(self._files, rate, start_seconds, duration_seconds, start_number)
        if not self._files:
            raise ValueError(f"{self.path} holds no frame in the part that was asked for; begin earlier.")
        height, width, _ = _picture(self._files[0]).shape
        self.facts = ClipFacts(height, width, rate, 1 / rate, len(self._files), False)

    def frames(self, after: Position | None = None) -> Iterator[Frame]:
        """The frames in order; from the one after `after` when a position of an earlier reading is given."""
        for index in range(0 if after is None else after.index + 1, len(self._files)):
            pixels = _picture(self._files[index])
            _require_size(pixels, self.facts, str(self._files[index]))
            yield Frame(index, index, pixels)

    def times(self) -> list[int]:
        """The time of every frame: its number."""
        return list(range(len(self._files)))

    def samples(self, count: int) -> Iterator[numpy.ndarray]:
        """Pixels (H, W, 3) of up to `count` frames spread evenly over the clip."""
        frames = min(count, len(self._files))
        for i in range(frames):
            yield _picture(self._files[(2 * i + 1) * len(self._files) // (2 * frames)])

    def frame_name(self, index: int) -> str:
        """Name without suffix for a picture made from a frame: that of the frame's own file."""
        return self._files[index].stem

    def fingerprint(self) -> dict:
        """What tells this clip from another one, for the journal of an unfinished job."""
        names = [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in self._files]
        return {"path": str(self.path.resolve()), "files": names, "frame_rate": str(self.facts.frame_rate)}


def _part(
    files: list[Path], rate: Fraction, start_seconds: float, duration_seconds: float, start_number: int | None
) -> list[Path]:
    """The frames of a part; see FrameFolder."""
    if start_number is not None:
        numbers = [re.findall(r"\d+", path.stem) for path in files]
        files = [path for path, found in zip(files, numbers) if found and int(found[-1]) >= start_number]
    start, duration = Fraction(start_seconds), Fraction(duration_seconds)
    first = math.ceil(start * rate)
    end = math.ceil((start + duration) * rate) if duration else len(files)
    return files[first:end]


Clip = VideoFile | FrameFolder


def open_clip(
    path: str | Path,
    frame_rate: Fraction | float = DEFAULT_FRAME_RATE,
    start_seconds: float = 0.0,
    duration_seconds: float = 0.0,
    start_number: int | None = None,
) -> Clip:
    """A video file or a folder of pictures as a clip, or a part of it.

    `frame_rate` and `start_number` are for the folder: a file has its own rate, and its frames no numbers.
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"{path} does not exist; give a video file or a folder of pictures.")
    if path.is_dir():
        return FrameFolder(path, frame_rate, start_seconds, duration_seconds, start_number)
    return VideoFile(path, start_seconds, duration_seconds)


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


def _require_size(pixels: numpy.ndarray, facts: ClipFacts, name: str) -> None:
    if pixels.shape[:2] != (facts.height, facts.width):
        raise ValueError(
            f"{name} has {pixels.shape[1]} x {pixels.shape[0]} pixels and the first one "
            f"{facts.width} x {facts.height}; all frames of a clip must have one size."
        )
