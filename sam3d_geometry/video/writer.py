"""Pictures written as video or as numbered 16-bit PNG or EXR files; deep enough that depth does not show steps.

A video is written in segments, each a file of its own that is whole or not there, and joined by copying packets, so
that a killed job goes on after its last segment. Every picture keeps the time of the frame that it was made from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy
import torch

from ..files.camera_suffixes import CAMERA_SUFFIXES
from ..files.whole_files import NO_TEXTS, put_in_place, temporary_for, write_files
from ..geometry.pixel_aspect import SQUARE
from .clip_facts import ClipFacts, import_av
from .matroska_aspect import PLACE_HOLDER, write_display_size


@dataclass(frozen=True)
class Format:
    """A way of writing pictures.

    suffix   of the file, or of each file where `sequence`
    bits     of a value; 32 is float
    grey, colour  FFmpeg's pixel format for pictures of one and of three channels
    segments FFmpeg's container for the segments of an unfinished video; it must keep any time base
    """

    suffix: str
    bits: int
    codec: str
    grey: str
    colour: str
    segments: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def sequence(self) -> bool:
        return not self.segments


ENCODER_THREADS = 4  # x264 cuts a picture into a slice for each: a number that the machine does not choose

# without frames that refer forward, decoding times equal presentation times and segments join at any place; without mbtree
# since libx264's AVX-512 code for it reads memory that it has not written, and then the same pictures give other bytes
# crf 19 without it is as exact as 14 with it, at the same size
_H264 = {"crf": "19", "preset": "veryfast", "bf": "0", "mbtree": "0"}
FORMATS = {
    "h265 10-bit mp4": Format(
        suffix=".mp4",
        bits=10,
        codec="libx265",
        grey="yuv420p10le",
        colour="yuv420p10le",
        segments="nut",
        options={"crf": "14", "preset": "ultrafast", "x265-params": "bframes=0:frame-threads=1:log-level=error"},
    ),
    "h264 10-bit mp4": Format(
        suffix=".mp4",
        bits=10,
        codec="libx264",
        grey="yuv420p10le",
        colour="yuv420p10le",
        segments="nut",
        options=_H264,
    ),
    "h264 8-bit mp4": Format(
        suffix=".mp4",
        bits=8,
        codec="libx264",
        grey="yuv420p",
        colour="yuv420p",
        segments="nut",
        options=_H264,
    ),
    "prores 10-bit mov": Format(
        suffix=".mov",
        bits=10,
        codec="prores_ks",
        grey="yuv422p10le",
        colour="yuv422p10le",
        segments="mov",
        options={"profile": "3"},
    ),
    "ffv1 16-bit mkv": Format(
        suffix=".mkv",
        bits=16,
        codec="ffv1",
        grey="gray16le",
        colour="gbrp16le",
        segments="nut",
        options={"level": "3", "slices": "4"},
    ),
    "png 16-bit files": Format(
        suffix=".png",
        bits=16,
        codec="png",
        grey="gray16be",
        colour="rgb48be",
        options={"compression_level": "3", "pred": "sub"},
    ),
    "exr 32-bit files": Format(
        suffix=".exr",
        bits=32,
        codec="",  # written by `files.geometry_exr`
        grey="",
        colour="",
    ),
}

MATROSKA = "matroska"
CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": MATROSKA}  # FFmpeg's names of what videos are joined into
SAME_BYTES = {"fflags": "bitexact"}  # no random ids: the same job gives the same bytes
ANY_TAG = {name: {"movflags": "use_metadata_tags"} for name in ("mp4", "mov")}  # else they keep only names they know
# no pictures, so none of FORMATS
ARRAYS = "npz files"
CAMERAS = {f"camera {name}": name for name in CAMERA_SUFFIXES}  # one file for a clip, in one of CAMERA_FORMATS


def format_named(name: str) -> Format:
    """A format by its name in `FORMATS`."""
    if name == ARRAYS:
        return Format(suffix=".npz", bits=32, codec="", grey="", colour="")
    if name in CAMERAS:
        return Format(suffix=CAMERA_SUFFIXES[CAMERAS[name]], bits=64, codec="", grey="", colour="", segments="npy")
    if name not in FORMATS:
        raise ValueError(f"Video format {name!r} is not known; choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def check_codec(name: str) -> None:
    """Refuses a format whose codec the installed PyAV was built without."""
    av = import_av()
    try:
        av.Codec(format_named(name).codec, "w")
    except ValueError as error:
        codec = format_named(name).codec
        raise ValueError(
            f"The installed PyAV has no {codec} encoder, which {name!r} needs; choose another format."
        ) from error


def quantise(pictures: torch.Tensor, chosen: Format) -> numpy.ndarray:
    """Pictures (B, H, W) or (B, H, W, 3) -> the values that the encoder takes, same shape.

    In [0, 1]. Grey video is in the luma range of BT.709 (16 to 235
    of 255, scaled to the bits), so it is not converted again; everything else takes the full range of 16 bits.
    """
    if pictures.dim() == 3 and chosen.bits < 16:
        offset, scale, dtype = 16 << (chosen.bits - 8), 219 << (chosen.bits - 8), torch.int16
    else:
        offset, scale, dtype = 0, 65535, torch.int32
    values = (pictures.float().clamp(0, 1) * scale).add_(offset + 0.5).to(dtype).cpu().numpy()
    return values.astype(numpy.uint8 if chosen.bits == 8 and pictures.dim() == 3 else numpy.uint16)


def _fill(plane, values: numpy.ndarray, dtype: str) -> None:
    """Writes (H, N) values to a plane, whose rows are padded, repeating the last row and column where it is larger."""
    target = numpy.frombuffer(plane, dtype).reshape(plane.height, -1)
    rows, columns = values.shape
    target[:rows, :columns] = values
    if columns < target.shape[1]:
        target[:rows, columns:] = values[:, -1:]
    target[rows:] = target[rows - 1]


def _video_frame(values: numpy.ndarray, chosen: Format, size: tuple[int, int]):
    """Quantised values (H, W) or (H, W, 3) as a frame of `size` in the encoder's own pixel format."""
    av = import_av()
    height, width = size
    grey = values.ndim == 2
    if not grey and chosen.segments:
        wide = av.VideoFrame(width, height, "rgb48le")
        _fill(wide.planes[0], numpy.pad(values, _even_padding(values, size), "edge").reshape(height, -1), "<u2")
        if chosen.colour.startswith("gbr"):
            return wide.reformat(format=chosen.colour)
        return wide.reformat(format=chosen.colour, dst_colorspace="ITU709", dst_color_range="MPEG")
    frame = av.VideoFrame(width, height, chosen.grey if grey else chosen.colour)
    dtype = {8: "u1", 10: "<u2", 16: ">u2" if chosen.sequence else "<u2"}[chosen.bits]
    _fill(frame.planes[0], values.reshape(len(values), -1), dtype)
    for plane in frame.planes[1:]:
        numpy.frombuffer(plane, dtype)[:] = 128 << (chosen.bits - 8)
    return frame


def _even_padding(values: numpy.ndarray, size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    return (0, size[0] - values.shape[0]), (0, size[1] - values.shape[1]), (0, 0)


class SegmentWriter:
    """Encodes pictures of one kind, of the size and pixels of the clip's, into one segment, which appears under its name when closed.

    Times are counted from the segment's first picture. Widths and heights that are odd get one column or row more where
    the format halves its colours, as every such video has.
    """

    def __init__(self, path: Path, chosen: Format, grey: bool, facts: ClipFacts):
        av = import_av()
        self._path, self._part = path, temporary_for(path)
        self._format = chosen
        pixels = chosen.grey if grey else chosen.colour
        even = 2 if pixels.startswith("yuv4") else 1
        self._size = (-(-facts.height // even) * even, -(-facts.width // even) * even)
        self._container = av.open(str(self._part), "w", format=chosen.segments)
        self._stream = self._container.add_stream(chosen.codec, rate=facts.frame_rate, options=dict(chosen.options))
        self._stream.codec_context.thread_count = ENCODER_THREADS
        self._stream.height, self._stream.width = self._size
        self._stream.pix_fmt = pixels
        context = self._stream.codec_context
        self._stream.time_base = context.time_base = facts.time_base
        context.sample_aspect_ratio = facts.pixel_aspect
        if pixels.startswith("yuv"):
            context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
            context.color_range = 1  # 16 to 235
        self._time_base = facts.time_base
        self._first_time: int | None = None
        try:
            context.open()
        except av.FFmpegError as error:
            self.abandon()
            raise ValueError(
                f"Pictures of {facts.width} x {facts.height} pixels cannot be written with {chosen.codec}, which takes larger "
                "ones; choose files of PNG or EXR, or ffv1."
            ) from error

    def write(self, values: numpy.ndarray, time: int) -> None:
        """One picture of quantised values at a time in units of the time base."""
        if self._first_time is None:
            self._first_time = time
        frame = _video_frame(values, self._format, self._size)
        frame.pts, frame.time_base = time - self._first_time, self._time_base
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finishes the segment and gives it its name."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        put_in_place({self._part: self._path})

    def abandon(self) -> None:
        """Ends without a segment."""
        self._container.close()
        self._part.unlink(missing_ok=True)


def write_quantised(path: Path, values: numpy.ndarray, chosen: Format, pixel_aspect: Fraction = SQUARE) -> None:
    """Quantised values (H, W) or (H, W, 3) as one 16-bit PNG file; `pixel_aspect` is a pixel's width over its height."""
    av = import_av()
    frame = _video_frame(values, chosen, values.shape[:2])
    encoder = av.CodecContext.create(chosen.codec, "w")
    encoder.height, encoder.width = values.shape[:2]
    encoder.pix_fmt, encoder.time_base, encoder.thread_count = frame.format.name, Fraction(1), 1
    encoder.sample_aspect_ratio = pixel_aspect
    encoder.options = dict(chosen.options)
    frame.pts = 0
    content = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    write_files({path: lambda file: file.write(content)})


@dataclass(frozen=True)
class Segment:
    """A finished segment and the time of its first picture."""

    path: Path
    first_time: int


def _packets(segments: Sequence[Segment], time_base: Fraction) -> Iterator[tuple[int, object]]:
    """(time, packet) of the pictures of all segments, times in units of the time base from the clip's beginning."""
    av = import_av()
    for segment in segments:
        with av.open(str(segment.path)) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.pts is not None:
                    yield round(packet.pts * Fraction(packet.time_base) / time_base) + segment.first_time, packet


def join_segments(
    segments: Sequence[Segment],
    target: Path,
    facts: ClipFacts,
    sound: tuple | None = None,
    texts: Mapping[str, str] = NO_TEXTS,
) -> None:
    """Joins segments to one video by copying their packets; it appears at `target` when it is whole.

    `sound` is (path, (first second, end second or None)) of the file whose sound comes along, or None; `texts` become tags
    of the file by their names.
    """
    part = temporary_for(target)
    try:
        container = CONTAINERS[target.suffix]
        with _output(part, container, texts) as output:
            _join(segments, output, facts, sound)
        if container == MATROSKA and facts.pixel_aspect != 1:
            write_display_size(part, *facts.camera_size)
        put_in_place({part: target})
    finally:
        part.unlink(missing_ok=True)


def _output(part: Path, container: str, texts: Mapping[str, str]) -> Any:
    """A new file of this container, open for streams, with the texts as its tags."""
    options = dict(SAME_BYTES)
    if texts:
        options |= ANY_TAG.get(container, {})
    output = import_av().open(str(part), "w", format=container, options=options)
    for name, text in texts.items():
        output.metadata[name] = text
    return output


def _join(segments: Sequence[Segment], output: Any, facts: ClipFacts, sound: tuple | None) -> None:
    from .sound import Sound

    av = import_av()
    time_base = facts.time_base
    with av.open(str(segments[0].path)) as first:
        picture = output.add_stream_from_template(first.streams.video[0])
        if first.streams.video[0].codec_context.name == "hevc":
            picture.codec_context.codec_tag = "hvc1"  # the only one that Apple's players take
    picture.time_base, picture.codec_context.sample_aspect_ratio = time_base, facts.pixel_aspect
    if output.format.name == MATROSKA and facts.pixel_aspect != 1:
        picture.metadata["title"] = PLACE_HOLDER
    track = None if sound is None else Sound(output, *sound)
    held: tuple[int, Any] | None = None
    for time, packet in chain(_packets(segments, time_base), [(None, None)]):
        if held is not None:
            held_time, ready = held
            if track is not None:
                track.mux_until(held_time * time_base)
            ready.pts = ready.dts = held_time
            # a packet lasts until the next one; the last one as long as frames do on average
            ready.duration = round(1 / (facts.frame_rate * time_base)) if time is None else time - held_time
            ready.time_base, ready.stream = time_base, picture
            output.mux(ready)
        held = None if time is None else (time, packet)
    if track is not None:
        track.mux_until(None)
