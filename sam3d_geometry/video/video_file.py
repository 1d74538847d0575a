"""A video file as a clip, decoded frame by frame."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy

from ..geometry.pixel_aspect import pixel_aspect_of
from .clip_facts import DEFAULT_FRAME_RATE, ClipFacts, Frame, Position, import_av, require_size
from .clip_notes import INTERLACED, hdr_note
from .deinterlace import deinterlaced
from .frame_numbers import spread_evenly
from .frame_shape import StoredOrientation
from .hdr_frames import SIGNAL_OF_TRC, srgb_pixels

log = logging.getLogger(__name__)

FRAMES_LOOKED_AT = 8  # from the beginning of a file, to see whether they are interlaced

TimeWindow = tuple[Fraction, Fraction | None]


class VideoFile:
    """A video file that PyAV can read; `start_seconds` and `duration_seconds` (0: to the end) cut a part out of it.

    Times count from the part's beginning; the file's is that of its earliest track, whatever its clock shows there.
    """

    def __init__(self, path: str | Path, start_seconds: float = 0.0, duration_seconds: float = 0.0):
        self.path = Path(path)
        self._start, self._duration = Fraction(start_seconds), Fraction(duration_seconds)
        av = import_av()
        try:
            with av.open(str(self.path)) as container:
                stream = self._pictures(container)
                rate = stream.average_rate or stream.guessed_rate or DEFAULT_FRAME_RATE
                self._rate, self._time_base = Fraction(rate), Fraction(stream.time_base)
                self._clock = max(0, round(Fraction(container.start_time or 0, 1_000_000) / self._time_base))
                has_sound = any(sound.codec_context is not None for sound in container.streams.audio)
                frames, aspect = self._count(stream, container), pixel_aspect_of(stream.sample_aspect_ratio)
                seen = list(islice(self._decoded(container, stream), FRAMES_LOOKED_AT))
                self._signal = SIGNAL_OF_TRC.get(stream.codec_context.color_trc)
        except av.FFmpegError as error:
            raise ValueError(
                f"{self.path} cannot be read as a video ({error}); give a video file or a folder of pictures."
            ) from error
        if not seen:
            raise ValueError(f"{self.path} holds no frame that can be decoded; give another video file.")
        self._has_times = seen[0].pts is not None  # raw streams have none, so only their beginning can be sought
        self._is_interlaced = any(frame.interlaced_frame for frame in seen)
        self._orientation = StoredOrientation.of(seen[0])
        size = self._orientation.size(seen[0].height, seen[0].width)
        self.facts = ClipFacts(
            *size,
            self._rate,
            self._time_base,
            frames,
            has_sound,
            pixel_aspect=1 / aspect if self._orientation.is_transposed else aspect,
            has_alpha=any(component.is_alpha for component in seen[0].format.components),
            notes=((INTERLACED,) if self._is_interlaced else ()) + ((hdr_note(self._signal),) if self._signal else ()),
        )

        self._require_frames()

    def _require_frames(self) -> None:
        """ValueError where no frame lies in the part that was asked for."""
        if not self._start and not self._duration:
            return
        with import_av().open(str(self.path)) as container:
            if next(self._in_window(container, self._pictures(container)), None) is None:
                raise ValueError(f"{self.path} holds no frame in the part that was asked for; begin earlier.")

    def _pictures(self, container):
        """The video track that players show, which is not the cover of the sound."""
        stream = container.streams.best("video")
        if stream is None or stream.disposition & import_av().stream.Disposition.attached_pic:
            raise ValueError(f"{self.path} has no picture track; give a video file or a folder of pictures.")
        return stream

    @property
    def sound(self) -> tuple[Path, TimeWindow] | None:
        """The file whose sound belongs to the clip, and by its clock the first second and the first one no longer in the clip."""
        if not self.facts.has_sound:
            return None
        start = self._clock * self._time_base + self._start
        return self.path, (start, start + self._duration if self._duration else None)

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

    @property
    def _ends(self) -> tuple[int, int | None]:
        """First time of the part by the file's clock, and the first one that is no longer in it, None for all the rest."""
        first = self._clock - int(-self._start // self._time_base)
        stop = -(-(self._start + self._duration) // self._time_base) if self._duration else None
        return first, None if stop is None else self._clock + int(stop)

    @staticmethod
    def _decoded(container, stream) -> Iterator:
        """The stream's frames; damaged packets are left out, as players do."""
        av = import_av()
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError as error:
                log.warning("Damaged data in %s is left out: %s", container.name, error)

    def _timed(self, container, stream) -> Iterator[tuple[int, object]]:
        """(time by the file's clock, frame) of the stream's frames from where it stands, times increasing."""
        step = max(1, round(1 / (self._rate * self._time_base)))
        last, frames = None, self._decoded(container, stream)
        for frame in deinterlaced(frames, self._time_base) if self._is_interlaced else frames:
            # raw streams have no times; two frames at one time would be refused by every container
            time = frame.pts if frame.pts is not None else (self._clock if last is None else last + step)
            last = time if last is None else max(time, last + 1)
            yield last, frame

    def _sought(self, container, stream, target: int) -> Iterator[tuple[int, object]]:
        """`_timed` from a frame at or before `target`: where seeking lands later, as it does in transport streams, from further back."""
        back, second = 0, max(1, round(1 / self._time_base))
        while self._has_times and target - back > self._clock:
            container.seek(target - back, stream=stream)
            found = self._timed(container, stream)
            first = next(found, None)
            if first is not None and first[0] <= target:
                yield first
                yield from found
                return
            back = 2 * back or second
        if back:
            container.seek(0)  # the beginning, whatever the clock shows there
        yield from self._timed(container, stream)

    def _in_window(self, container, stream, seek_to: int = 0) -> Iterator[tuple[int, object]]:
        """(time, frame) of the frames in the window, times increasing, from one at or before `seek_to`."""
        first, stop = self._ends
        for time, frame in self._sought(container, stream, first + seek_to):
            if stop is not None and time >= stop:
                return
            if time >= first:
                yield time - first, frame

    def frames(self, after: Position | None = None) -> Iterator[Frame]:
        """The frames in order; from the one after `after` when a position of an earlier reading is given."""
        av = import_av()
        with av.open(str(self.path)) as container:
            stream = self._pictures(container)
            stream.thread_type = "AUTO"
            found = self._from(container, stream, after)
            if found is None:  # the file's index misleads: count from the start
                container.seek(0)
                found = ((i, *rest) for i, rest in enumerate(self._in_window(container, stream)))
            for index, time, frame in found:
                if after is None or index > after.index:
                    yield Frame(index, time, self._pixels(frame, index))

    def _from(self, container, stream, after: Position | None) -> Iterator[tuple[int, int, object]] | None:
        """(index, time, frame) after a position found again by its time; None where that very frame is not met."""
        if after is None:
            return ((i, *rest) for i, rest in enumerate(self._in_window(container, stream)))
        decoded = self._in_window(container, stream, after.time)
        time = next((time for time, _ in decoded if time >= after.time), None)
        if time != after.time:
            return None
        return ((after.index + 1 + i, *rest) for i, rest in enumerate(decoded))

    def times(self) -> list[int]:
        """The time of every frame, from the file's packets without decoding them."""
        av = import_av()
        first, stop = self._ends
        with av.open(str(self.path)) as container:
            packets = [p for p in container.demux(self._pictures(container)) if p.size and not p.is_discard]
            if any(p.pts is None for p in packets):
                raise ValueError(
                    f"The frames of {self.path} have no times, so workers cannot find them; use --engine local."
                )
            times = sorted(p.pts for p in packets)
        return [time - first for time in times if time >= first and (stop is None or time < stop)]

    def _packets(self) -> int:
        """How many packets the window holds, each of which is a frame of a raw stream."""
        av = import_av()
        with av.open(str(self.path)) as container:
            there = sum(1 for packet in container.demux(self._pictures(container)) if packet.size)
        return max(1, there - int(self._start * self._rate))

    def samples(self, count: int) -> Iterator[numpy.ndarray]:
        """Square pixels (h, w, 3) of up to `count` frames spread evenly over the clip, of one at least."""
        av = import_av()
        length = self.facts.frames or self._packets()
        step = 1 / (self._rate * self._time_base)
        with av.open(str(self.path)) as container, av.open(str(self.path)) as scout:
            stream = self._pictures(container)
            stream.thread_type = "AUTO"
            late = max(0, (stream.start_time or 0) - self._ends[0])
            # of streams without times each sample is looked for where the last one was found
            onward, reached = None if self._has_times else self._in_window(container, stream), None
            for i, wanted in enumerate(spread_evenly(count, length)):
                target = late + int((wanted - Fraction(1, 2)) * step) if wanted else 0
                if self._has_times and (reached is None or self._lands_after(scout, target, reached[0])):
                    onward, reached = self._in_window(container, stream, target), None
                if reached is None or not self._has_times or reached[0] < target:
                    reached = next(((time, frame) for time, frame in onward or () if time >= target), None)
                if reached is None and i == 0:
                    container.seek(0)
                    onward = self._in_window(container, stream)
                    reached = next(onward, None)
                if reached is not None:  # the length is an estimate and may lie beyond the end
                    yield self._pixels(reached[1], 0)

    def _lands_after(self, container, target: int, time: int) -> bool:
        """Whether decoding for a frame at `target` could begin later than at a time, by the packet that seeking leads to."""
        first = self._ends[0]
        stream = self._pictures(container)
        container.seek(first + target, stream=stream)
        packet = next(container.demux(stream))
        return packet.pts is None or packet.pts - first > time

    def _pixels(self, frame, index: int) -> numpy.ndarray:
        """A decoded frame's square pixels (h, w, 3 or 4) uint8 sRGB as they are seen."""
        facts, stored = self.facts, (frame.height, frame.width)
        require_size(self._orientation.size(*stored), (facts.height, facts.width), f"Frame {index} of {self.path}")
        size = {}
        if facts.pixel_aspect != 1:
            height, width = self._orientation.size(*facts.camera_size)
            size = {"height": height, "width": width, "interpolation": "BICUBIC"}
        layout = "rgba" if facts.has_alpha else "rgb"
        if self._signal is None:
            pixels = frame.to_ndarray(format={"rgb": "rgb24", "rgba": "rgba"}[layout], **size)
        else:
            deep = frame.to_ndarray(format={"rgb": "rgb48le", "rgba": "rgba64le"}[layout], **size)
            alpha = (deep[..., 3:] >> 8).astype(numpy.uint8)
            pixels = numpy.concatenate([srgb_pixels(deep[..., :3], self._signal), alpha], -1)
        return self._orientation.turned(pixels)

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
