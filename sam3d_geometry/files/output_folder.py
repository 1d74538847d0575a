"""Folders of results: names that never collide, the record beside each set of files, and what is already done."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path, PurePath
from typing import Any

from ..geometry.plain_json import parsed_json
from .whole_files import Writer, save_files, temporary_for

RECORD = ".json"


class OutputError(OSError):
    """The output folder cannot be used; the message is one sentence that says why."""


def source_of(path: Path) -> dict[str, Any]:
    """What a photo's file is recognised by: its name and folder, its size in bytes and the time it was changed."""
    status = path.stat()
    return {
        "file": path.name,
        "folder": str(path.resolve().parent),
        "bytes": status.st_size,
        "modified_ns": status.st_mtime_ns,
    }


def _same_photo(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether both are one photo, which may have been edited in place or moved to another folder."""
    return any(
        all(first.get(key) == second.get(key) for key in keys)
        for keys in (("file", "folder"), ("file", "bytes", "modified_ns"))
    )


class OutputFolder:
    """A folder that results go to; nothing is ever written outside it.

    Raises OutputError when it cannot be made or written to. `inputs` are files that must not be overwritten. Without
    `make` nothing is made: the names are those that would be claimed.
    """

    def __init__(self, root: Path, inputs: Collection[Path] = (), *, make: bool = True):
        self.root, self._make = root, make
        self._inputs = {str(path.resolve()).casefold() for path in inputs}
        self._taken: set[str] = set()
        try:
            if make:
                root.mkdir(parents=True, exist_ok=True)
                probe = temporary_for(root / RECORD)
                probe.touch(exist_ok=False)
                probe.unlink()
            elif root.exists() and not root.is_dir():
                raise FileExistsError
        except FileExistsError as error:
            raise OutputError(f"The output {root} is a file; choose a folder.") from error
        except OSError as error:
            raise OutputError(
                f"The output folder {root} cannot be written to ({error.strerror}); choose another."
            ) from error
        self._resolved = root.resolve()

    def claim(self, source: dict[str, Any], folder: PurePath, suffixes: Collection[str]) -> Path:
        """Path without suffix for the results of a photo, unique in this run and safe from earlier results of others.

        The photo's name without its ending; with it when another photo has that name; with a number at last.
        """
        name = PurePath(source["file"])
        parent = self._folder(folder)
        numbered = (f"{name.name}-{i}" for i in itertools.count(2))
        for candidate in itertools.chain([name.stem, name.name], numbered):
            key = str(folder / candidate).casefold()
            if key not in self._taken and self._is_free(parent / candidate, source, suffixes):
                self._taken.add(key)
                return parent / candidate
        raise AssertionError("the numbered names never end")

    def _folder(self, folder: PurePath) -> Path:
        path = self.root / folder
        resolved = path.resolve()
        if resolved != self._resolved and self._resolved not in resolved.parents:
            raise OutputError(f"{path} leads out of the output folder through a link; remove the link.")
        if self._make:
            path.mkdir(parents=True, exist_ok=True)
        return path

    def _is_free(self, base: Path, source: dict[str, Any], suffixes: Collection[str]) -> bool:
        targets = [base.with_name(base.name + suffix) for suffix in (*suffixes, RECORD)]
        if any(str(target.resolve()).casefold() in self._inputs for target in targets):
            return False
        record = read_record(base)
        if record is not None:
            return _same_photo(record["source"], source)
        return not any(os.path.lexists(target) for target in targets)

    def write(self, base: Path, record: dict[str, Any], writers: Mapping[str, Writer]) -> None:
        """Puts `<base><suffix>` for every writer and the record in place, all of them or, when one fails, none.

        The record is the first: should the run be killed in between, some others are missing, and `is_done` says so.
        """
        text = json.dumps(record, indent=2).encode() + b"\n"
        save_files(base, {RECORD: lambda file: file.write(text), **writers})


def read_record(base: Path) -> dict[str, Any] | None:
    """The record `<base>.json`, or None where there is none of ours."""
    try:
        record = parsed_json(base.with_name(base.name + RECORD).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("source"), dict) or "options" not in record:
        return None
    return record


def is_done(
    base: Path,
    source: dict[str, Any],
    options: dict[str, Any],
    suffixes: Collection[str],
    *,
    unknown: Collection[str] = (),
) -> bool:
    """Whether all results with these suffixes exist, made from this very photo with these options but for `unknown` ones."""
    record = read_record(base)
    if record is None or not isinstance(record["options"], dict):
        return False
    if _without(record["options"], unknown) != _without(json.loads(json.dumps(options)), unknown):
        return False
    if any(record["source"].get(key) != source[key] for key in ("file", "bytes", "modified_ns")):
        return False
    listed = record.get("outputs")
    made = [name for name in listed.values() if isinstance(name, str)] if isinstance(listed, dict) else []
    names = {base.name + suffix for suffix in suffixes}
    return names <= set(made) and all((base.parent / n).is_file() for n in names)


def _without(options: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in names}
