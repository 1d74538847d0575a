"""The files that a command is given: wildcards are expanded here too, as Windows' shells leave them to the program."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".mts", ".m2ts", ".mxf", ".wmv")


def expanded(inputs: Iterable[Path]) -> list[Path]:
    """The paths, each wildcard (*, ?, [], ** for folders at any depth) replaced by what it matches, sorted.

    A file whose name has such characters is taken as it is; so is a wildcard that matches nothing, for the message.
    """
    found = []
    for path in inputs:
        text = str(path)
        if os.path.lexists(path) or not glob.has_magic(text):
            found.append(path)
        else:
            found.extend(sorted(map(Path, glob.glob(text, recursive=True))) or [path])
    return found
