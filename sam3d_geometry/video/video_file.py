"""A video file as a clip, decoded frame by frame."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy

from .clip_facts import DEFAULT_FRAME_RATE, ClipFacts, Frame, Position, import_av, require_size

log = logging.getLogger(__name__)


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
        self._has_times = first.pts is not None  # raw streams have none, so only their beginning can be sought
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
        if target > 0 and self._has_times:
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

    def _packets(self) -> int:
        """How many packets the window holds, each of which is a frame of a raw stream."""
        av = import_av()
        with av.open(str(self.path)) as container:
            there = sum(1 for packet in container.demux(container.streams.video[0]) if packet.size)
        return max(1, there - int(self._start * self._rate))

    def samples(self, count: int) -> Iterator[numpy.ndarray]:
        """Pixels (H, W, 3) of up to `count` frames spread evenly over the clip."""
        av = import_av()
        length = self.facts.frames or (count if self._has_times else self._packets())
        frames, step = min(count, length), 1 / (self._rate * self._time_base)
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            onward = (
                None if self._has_times else self._in_window(container, stream, None)
            )  # else each would start where the last ended
            origin = max(0, (stream.start_time or 0) - int(self._start / self._time_base))
            for i in range(frames):
                wanted = (2 * i + 1) * length // (2 * frames)
                target = max(0, origin + int((wanted - Fraction(1, 2)) * step)) if wanted else 0
                found = self._in_window(container, stream, target) if onward is None else onward
                near = next((frame for time, frame in found if time >= target), None)
                if near is not None:  # the length is an estimate and may lie beyond the end
                    yield self._pixels(near, 0)

    def _pixels(self, frame, index: int) -> numpy.ndarray:
        pixels = frame.to_ndarray(format="rgb24")
        quarter_turns = round(getattr(frame, "rotation", 0) / 90) % 4
        if quarter_turns:
            pixels = numpy.ascontiguousarray(numpy.rot90(pixels, quarter_turns))
        require_size(pixels, self.facts, f"Frame {index} of {self.path}")
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
