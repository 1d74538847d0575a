"""The sound of a clip, brought over to a new file: copied where its container takes the codec, else encoded as AAC."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy

from .clip_facts import import_av

LAYOUTS = {1: "mono", 6: "5.1"}
STEREO = "stereo"


class Sound:
    """The first sound track of `path` on its way into `output`, in step with the pictures.

    `window` is (first second, end second or None) of the clip by the file's clock; the sound is cut to it and begins at 0 too.
    """

    def __init__(self, output, path: Path, window: tuple[Fraction, Fraction | None]):
        av = import_av()
        self._output = output
        self._start, self._end = window
        self._source = av.open(str(path))
        self._stream = next(s for s in self._source.streams.audio if s.codec_context is not None)
        if self._stream.codec_context.codec.canonical_name in _codecs(output):
            self._track = output.add_stream_from_template(self._stream)
            self._packets = self._copied()
        else:
            self._track = output.add_stream("aac", rate=self._stream.codec_context.sample_rate)
            # not the source's own layout: PCM may name none, and AAC takes few
            self._track.layout = LAYOUTS.get(self._stream.codec_context.layout.nb_channels, STEREO)
            self._packets = self._encoded()
        self._waiting = next(self._packets, None)

    def mux_until(self, seconds: Fraction | None) -> None:
        """Writes the sound up to a time, all the rest and no more for None."""
        while self._waiting is not None and (seconds is None or self._waiting[0] <= seconds):
            self._output.mux(self._waiting[1])
            self._waiting = next(self._packets, None)
        if seconds is None:
            self._source.close()

    def _inside(self, time: Fraction) -> bool:
        return time >= self._start and (self._end is None or time < self._end)

    def _copied(self) -> Iterator[tuple[Fraction, object]]:
        base = Fraction(self._stream.time_base)
        shift = round(self._start / base)
        # matroska has no times before 0: with the codec's priming packets it would shift the pictures too
        keeps_priming = not self._start and "matroska" not in self._output.format.name
        for packet in self._bare():
            if packet.pts is None or not (self._inside(packet.pts * base) or (packet.pts < 0 and keeps_priming)):
                continue
            packet.pts -= shift
            packet.dts = packet.pts
            packet.stream = self._track
            yield packet.pts * base, packet

    def _bare(self) -> Iterator:
        """The track's packets; AAC of broadcasts without the header of each packet, which the file has once instead."""
        context = self._stream.codec_context
        if context.codec.canonical_name != "aac" or context.extradata:
            yield from self._source.demux(self._stream)
            return
        bare = import_av().BitStreamFilterContext("aac_adtstoasc", self._stream)
        for packet in chain.from_iterable(bare.filter(packet) for packet in self._source.demux(self._stream)):
            for data in packet.iter_sidedata():
                if data.data_type == "new_extradata":
                    self._track.codec_context.extradata = bytes(data)
            yield packet

    def _encoded(self) -> Iterator[tuple[Fraction, object]]:
        av = import_av()
        context = self._track.codec_context
        resampler = av.AudioResampler(format="fltp", layout=context.layout.name, rate=context.sample_rate)
        samples = 0
        for frame in self._source.decode(self._stream):
            if frame.pts is None or not self._inside(frame.pts * Fraction(frame.time_base)):
                continue
            if samples == 0:
                samples = round((frame.pts * Fraction(frame.time_base) - self._start) * context.sample_rate)
            for piece in resampler.resample(frame):
                piece.pts, piece.time_base = samples, Fraction(1, context.sample_rate)
                samples += piece.samples
                yield from self._timed(self._track.encode(piece))
        yield from self._timed(self._track.encode(None))

    @staticmethod
    def _timed(packets) -> Iterator[tuple[Fraction, object]]:
        for packet in packets:
            yield packet.pts * Fraction(packet.time_base), packet


def write_sound(samples: numpy.ndarray, rate: int, file: BinaryIO) -> None:
    """Sound (channels, N) float32 in [-1, 1] as a WAV of floats, without loss; of odd numbers of channels the first two."""
    av = import_av()
    layout = LAYOUTS.get(len(samples), STEREO)
    samples = samples[: av.AudioLayout(layout).nb_channels]
    with av.open(file, "w", format="wav", options={"fflags": "bitexact"}) as container:
        track = container.add_stream("pcm_f32le", rate=rate)
        track.layout = layout
        frame = av.AudioFrame.from_ndarray(
            numpy.ascontiguousarray(samples.T.reshape(1, -1), numpy.float32), "flt", layout
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        container.mux(track.encode(frame))
        container.mux(track.encode(None))


def _codecs(output) -> set[str]:
    """Names of the sound codecs that are safe to copy into an output's container."""
    both = {"aac", "mp3", "ac3", "eac3", "alac", "mp2"}
    if "matroska" in output.format.name:
        return both | {"opus", "vorbis", "flac", "pcm_s16le", "pcm_s24le", "pcm_f32le", "dts", "truehd"}
    if "mov" in output.format.name.split(","):
        return both | {"pcm_s16le", "pcm_s24le", "pcm_s16be", "pcm_f32le"}
    return both | {"opus", "flac"}
