"""Files that appear whole or not at all: the one way in which the library puts anything on a disk.

Content is written under a temporary name in the folder of its target, forced to the disk, renamed, and the renaming forced
to the disk too. So whatever happens, and when, a name stands for the old file or for the whole new one.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

Writer = Callable[[BinaryIO], object]

NO_TEXTS: Mapping[str, str] = MappingProxyType({})  # beside what the library itself says in a file

PREFIX, SUFFIX = ".sam3d-geometry-", ".part"
STALE_SECONDS = 600  # a temporary file that nobody has written to for this long was left by a run that was killed
FOLDERS_REMEMBERED = 1024


def temporary_for(target: Path) -> Path:
    """A new name in the target's folder to write its content under, free of what killed runs have left there."""
    _sweep_once(target.parent)
    return target.with_name(f"{PREFIX}{uuid.uuid4().hex}{SUFFIX}")


def is_temporary(path: Path) -> bool:
    """Whether `temporary_for` made this name."""
    return path.name.startswith(PREFIX) and path.name.endswith(SUFFIX)


@lru_cache(FOLDERS_REMEMBERED)
def _sweep_once(folder: Path) -> None:
    for path in folder.glob(f"{PREFIX}*{SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):  # another run sweeps too
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()


def write_files(writers: Mapping[Path, Writer]) -> list[Path]:
    """Lets every writer fill its file: all of them appear or, when one fails, none, and the old files stay. Returns the paths."""
    written: dict[Path, Path] = {}
    try:
        for target, write in writers.items():
            temporary = temporary_for(target)
            written[temporary] = target
            with temporary.open("xb") as file:
                write(file)
        put_in_place(written)
    finally:
        for temporary in written:
            temporary.unlink(missing_ok=True)
    return list(written.values())


def save_files(base: Path, writers: Mapping[str, Writer]) -> list[Path]:
    """`write_files` for `<base><suffix>` of every writer."""
    return write_files({base.with_name(base.name + suffix): write for suffix, write in writers.items()})


def put_in_place(written: Mapping[Path, Path]) -> None:
    """Gives finished files (temporary name: target, in the same folder) their names, all of them or, when that fails, none.

    A single file takes the place of an old one in one step. Of several, a kill between the steps leaves the first ones
    renamed and the targets of the others empty.
    """
    aside: dict[Path, Path] = {}
    placed: list[Path] = []
    try:
        for temporary in written:
            _force_file(temporary)
        if len(written) > 1:
            for target in written.values():
                _set_aside(target, aside)
        for temporary, target in written.items():
            os.replace(temporary, target)
            placed.append(target)
    except BaseException:
        _undo(written, placed, aside)
        raise
    for kept in aside.values():
        kept.unlink(missing_ok=True)
    for folder in {target.parent for target in placed}:
        force_folder(folder)


def _set_aside(target: Path, aside: dict[Path, Path]) -> None:
    if not os.path.lexists(target):
        return
    kept = temporary_for(target)
    os.replace(target, kept)
    aside[target] = kept


def _undo(written: Mapping[Path, Path], placed: list[Path], aside: dict[Path, Path]) -> None:
    if aside or len(written) > 1:
        for target in placed:
            target.unlink(missing_ok=True)
    for target, kept in aside.items():
        os.replace(kept, target)
    for temporary in written:
        temporary.unlink(missing_ok=True)


def _force_file(path: Path) -> None:
    with path.open("rb+") as file:  # Windows forces only what is open for writing
        os.fsync(file.fileno())


def force_folder(folder: Path) -> None:
    """Forces a folder's new names to the disk, on systems and disks that can (not Windows, not every network share)."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)
