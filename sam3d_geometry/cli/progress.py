"""How far a run has come, on a terminal."""

from __future__ import annotations

import time
from typing import TextIO


class Progress:
    """One line on a terminal that is written over; nothing where the stream is no terminal."""

    def __init__(self, stream: TextIO):
        self._stream, self._live, self._start = stream, stream.isatty(), time.monotonic()

    def show(self, done: int, total: int, what: str) -> None:
        if self._live:
            left = (time.monotonic() - self._start) / done * (total - done) if done else 0
            eta = f", {left:.0f} s left" if done else ""
            self._stream.write(f"\r\x1b[K[{done}/{total}{eta}] {what[:60]}")
            self._stream.flush()

    def say(self, text: str) -> None:
        """A line that stays."""
        self._stream.write(("\r\x1b[K" if self._live else "") + text + "\n")

    def close(self) -> None:
        if self._live:
            self._stream.write("\r\x1b[K")
