"""Depths of a clip's frames, kept on the disk until the one range that shows all of them is known, then drawn in it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch

from ..files.whole_files import put_in_place, temporary_for
from ..geometry.pointmap import Pointmap
from ..maps.depth import DepthRange, limits_of_frames
from .product import Look, VideoProduct

NO_DEPTH = -1.0  # stands for a pixel without geometry; depths are greater than 0
TAIL_NUMBERS = 3  # frames, height, width: the last numbers of a file


def depths_to_keep(pointmap: Pointmap) -> numpy.ndarray:
    """The depths (B, h, w) float32 of a chunk at its own size, NO_DEPTH where there is no geometry."""
    return torch.where(pointmap.mask, pointmap.depth, NO_DEPTH).float().cpu().numpy()


class KeptDepthWriter:
    """One segment's depths in a file that appears under its name when closed: values, then times, then what they measure."""

    def __init__(self, path: Path):
        self._path, self._part = path, temporary_for(path)
        self._file = self._part.open("xb")
        self._times: list[int] = []
        self._size = (0, 0)

    def write(self, depth: numpy.ndarray, time: int) -> None:
        """One frame's depths (h, w) at a time in units of the clip's time base."""
        self._file.write(numpy.ascontiguousarray(depth, "<f4").data)
        self._times.append(time)
        self._size = depth.shape

    def close(self) -> None:
        """Finishes the file and gives it its name."""
        self._file.write(numpy.array([*self._times, len(self._times), *self._size], "<i8").tobytes())
        self._file.close()
        put_in_place({self._part: self._path})

    def abandon(self) -> None:
        """Ends without a file."""
        self._file.close()
        self._part.unlink(missing_ok=True)


@dataclass(frozen=True)
class KeptDepth:
    """A finished segment's depths (N, h, w) float32, mapped from its file, and its frames' times."""

    depths: numpy.ndarray
    times: tuple[int, ...]

    @staticmethod
    def read(path: Path) -> KeptDepth:
        with path.open("rb") as file:
            file.seek(-8 * TAIL_NUMBERS, 2)
            frames, height, width = numpy.frombuffer(file.read(), "<i8").tolist()
            file.seek(-8 * (TAIL_NUMBERS + frames), 2)
            times = numpy.frombuffer(file.read(8 * frames), "<i8").tolist()
        return KeptDepth(numpy.memmap(path, "<f4", "r", shape=(frames, height, width)), tuple(times))

    def frames(self, part: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """Depths (B, h, w), 0 where invalid, and mask (B, h, w) of some of the frames."""
        depth = torch.from_numpy(self.depths[part].copy())
        return depth.clamp_min(0), depth >= 0


def range_of_clip(segments: Sequence[Path], clip_percent: float) -> DepthRange:
    """The one range, for one frame, of all kept depths: what `depth_range` finds over a batch of the same frames."""
    kept = [KeptDepth.read(path) for path in segments]
    places = [(segment, i) for segment in kept for i in range(len(segment.times))]

    def frame(index: int) -> tuple[torch.Tensor, torch.Tensor]:
        segment, i = places[index]
        depth, mask = segment.frames(slice(i, i + 1))
        return depth[0], mask[0]

    return DepthRange(*(limit[None] for limit in limits_of_frames(frame, len(places), clip_percent)))


@dataclass(frozen=True)
class Drawing:
    """How kept depths become pictures: their range for one frame, their look, and the size (height, width) of the clip."""

    shown: DepthRange
    look: Look
    size: tuple[int, int]
    device: torch.device
    frames_per_chunk: int

    def pictures(self, product: VideoProduct, segment: Path) -> Generator[tuple[tuple[int, ...], numpy.ndarray]]:
        """Times and quantised pictures of a segment's frames, chunk by chunk."""
        kept = KeptDepth.read(segment)
        for first in range(0, len(kept.times), self.frames_per_chunk):
            part = slice(first, first + self.frames_per_chunk)
            depth, mask = (values.to(self.device) for values in kept.frames(part))
            shown = DepthRange(self.shown.near.expand(len(depth)), self.shown.far.expand(len(depth)))
            yield kept.times[part], product.draw(depth, mask, self.size, shown, self.look)
