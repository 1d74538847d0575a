"""A lock that one process holds on a job; the operating system gives it back when the process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO


class Locked(OSError):
    """Another process holds the lock; the message is one sentence."""


class Lock:
    """A lock held on the file at `path`, which is made with its folder and goes with the lock.

    Raises Locked where another process holds it; `busy` is then the sentence. A disk that knows no locks gives none.
    """

    def __init__(self, path: Path, busy: str):
        self._path = path
        while True:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._file = path.open("ab")
            except FileNotFoundError:  # whoever held it has just removed the folder
                continue
            if not _acquire(self._file):
                self._file.close()
                raise Locked(busy)
            if self._stands():
                return
            self._file.close()

    def _stands(self) -> bool:
        """Whether the locked file is still the one of that name: whoever held it before may have removed it."""
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(self._file.fileno()))

    def release(self) -> None:
        """Removes the file and gives the lock back; a second time does nothing."""
        if self._file.closed:
            return
        if os.name == "nt":  # removes no file that is open
            self._file.close()
            with contextlib.suppress(OSError):  # somebody else may hold it by now
                self._path.unlink()
            return
        self._path.unlink(missing_ok=True)
        self._file.close()


def _acquire(file: BinaryIO) -> bool:
    """Locks an open file for this process; False where another process has done so."""
    try:
        import fcntl
    except ImportError:
        return _acquire_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # this disk knows no locks
        return True
    return True


def _acquire_on_windows(file: BinaryIO) -> bool:
    import msvcrt

    file.seek(0)
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
    except OSError:
        return False
    return True
