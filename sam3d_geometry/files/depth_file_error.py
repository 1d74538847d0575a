"""What is said of a depth file that cannot be read, and of a library that fails to decode one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

LONGEST_REASON = 200  # characters of a decoder's own words


class DepthFileError(ValueError):
    """A depth file cannot be read; the message is one sentence that says why."""


@contextlib.contextmanager
def decoding(kind: str, *damage: type[Exception]) -> Iterator[None]:
    """Turns what a library raises on damaged files, `damage`, into DepthFileError; put around calls of that library only."""
    try:
        yield
    except damage as error:
        raise DepthFileError(f"it is damaged or not a file of the kind {kind} ({_reason_of(error)}).") from error


def _reason_of(error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:LONGEST_REASON].rstrip(". ")
