"""Frames that lie in memory as a clip, such as those that other nodes have made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy
import torch

from .clip_facts import ClipFacts, Frame, Position
from .frame_numbers import spread_evenly


class MemoryFrames:
    """Images (N, H, W, 3 or 4) float32 in [0, 1] on the CPU as a clip; its sound is that of the file `sound`, as long as the frames."""

    path = Path("frames in memory")  # as messages call it

    def __init__(self, images: torch.Tensor, frame_rate: Fraction | float, sound: Path | None = None):
        if frame_rate <= 0:
            raise ValueError(f"The frame rate came as {float(frame_rate):g}; it must be greater than 0.")
        rate = Fraction(frame_rate).limit_denominator(1001)
        self._images, self._sound = images, sound
        frames, height, width, channels = images.shape
        self.facts = ClipFacts(height, width, rate, 1 / rate, frames, sound is not None, has_alpha=channels == 4)

    @property
    def sound(self) -> tuple[Path, tuple[Fraction, Fraction]] | None:
        """The file whose sound belongs to the clip, and the first second and the first one no longer in it."""
        if self._sound is None:
            return None
        return self._sound, (Fraction(0), len(self._images) / self.facts.frame_rate)

    def frames(self, after: Position | None = None) -> Iterator[Frame]:
        """The frames in order; from the one after `after` when a position of an earlier reading is given."""
        for index in range(0 if after is None else after.index + 1, len(self._images)):
            yield Frame(index, index, self._images[index].numpy())

    def times(self) -> list[int]:
        """The time of every frame: its number."""
        return list(range(len(self._images)))

    def samples(self, count: int) -> Iterator[numpy.ndarray]:
        """Pixels (H, W, 3 or 4) of up to `count` frames spread evenly over the clip."""
        yield from (self._images[i].numpy() for i in spread_evenly(count, len(self._images)))

    def frame_name(self, index: int) -> str:
        """Name without suffix for a picture made from a frame."""
        return f"{index:06d}"

    def fingerprint(self) -> dict:
        """What tells this clip from another one, for the journal of an unfinished job: what its frames show."""
        return {
            "frames": self._digest,
            "frame_rate": str(self.facts.frame_rate),
            "sound": self._sound and self._sound.name,
        }

    @cached_property
    def _digest(self) -> str:
        digest = hashlib.sha256(str(tuple(self._images.shape)).encode())
        for frame in self._images:
            digest.update(numpy.ascontiguousarray(frame.numpy()).data)
        return digest.hexdigest()
