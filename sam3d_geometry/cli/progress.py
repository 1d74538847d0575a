"""How far a run has come and what it has to say, on a terminal, in a log or as JSON for another program."""

from __future__ import annotations

import json
import logging
import time
from typing import Any, TextIO

TEXT, JSON, QUIET = MODES = ("text", "json", "quiet")
SECONDS_BETWEEN_LINES = 10.0  # often enough to see that it is alive, seldom enough for a log to stay readable


class Progress:
    """One line on a terminal that is written over, plain lines elsewhere; with JSON one object a line; with QUIET errors only."""

    def __init__(self, stream: TextIO, mode: str = TEXT):
        self._stream, self._mode = stream, mode
        self._live = mode == TEXT and stream.isatty()
        self._start, self._shown = time.monotonic(), -SECONDS_BETWEEN_LINES
        self._told: tuple[int, int, str] | None = None

    def show(self, done: int, total: int, what: str) -> None:
        """That `done` of `total` photos, frames or MiB are done, and which one it is at; the same is not told twice."""
        if self._mode == QUIET or (done, total, what) == self._told:
            return
        self._told = (done, total, what)
        now = time.monotonic()
        left = (now - self._start) / done * (total - done) if done else None
        if self._mode == JSON:
            self._event("progress", done=done, total=total, what=what, seconds_left=left and round(left, 1))
            return
        text = f"[{done}/{total}{'' if left is None else f', {left:.0f} s left'}] {what}"
        if self._live:
            self._write(f"\r\x1b[K{text[:100]}")
        elif now - self._shown >= SECONDS_BETWEEN_LINES or done == total:
            self._shown = now
            self._write(text + "\n")

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._mode != QUIET:
            self._line("message", text)

    def report(self, event: str, text: str, **facts: Any) -> None:
        """A result, for a person as a text that stays, for a program as an object with these facts."""
        if self._mode == JSON:
            self._event(event, **facts)
        elif self._mode == TEXT:
            self._line(event, text)

    def complain(self, text: str) -> None:
        """A line that stays, of what went wrong: it comes in every mode."""
        self._line("error", text)

    def end(self, **facts: Any) -> None:
        """The last object of a JSON run."""
        if self._mode == JSON:
            self._event("end", **facts)

    @property
    def is_text(self) -> bool:
        """Whether a person reads what is said."""
        return self._mode == TEXT

    @property
    def is_json(self) -> bool:
        """Whether a program reads what is said."""
        return self._mode == JSON

    def close(self) -> None:
        """Clears the line that is written over."""
        if self._live:
            self._write("\r\x1b[K")

    def _line(self, event: str, text: str) -> None:
        if self._mode == JSON:
            self._event(event, text=text)
        else:
            self._write(("\r\x1b[K" if self._live else "") + text + "\n")

    def _event(self, event: str, **facts: Any) -> None:
        self._write(json.dumps({"event": event, **facts}) + "\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class Saying(logging.Handler):
    """Warnings of the library, said by a Progress."""

    def __init__(self, progress: Progress):
        super().__init__(logging.WARNING)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        """Says one warning."""
        self._progress.say(record.getMessage())
