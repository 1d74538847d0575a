"""The journal of an unfinished job: what is on the disk for good, and the state to resume from after a kill.

Whatever the moment of the kill, the folder holds one commit that is whole: the journal file is replaced last, and names
the state file and the segments that belong to it; everything else in the folder is swept away when the job resumes. One
process at a time holds it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..files.lock import Lock
from ..files.whole_files import force_folder, is_temporary, write_files
from ..geometry.plain_json import parsed_json
from .clip_facts import Position

log = logging.getLogger(__name__)

FILE, LOCK = "journal.json", "lock"
KEYS = {"job", "position", "segments", "survey", "state_file", "files"}
OWN_FILE = re.compile(r"\d{6}_\d+\.segment|state_\d{6}\.pt|journal\.json")


@dataclass(frozen=True)
class Commit:
    """What a job has done for good.

    position  the last frame that is written, None before the first
    segments  time of the first picture of each segment
    survey    what was found out about the whole clip beforehand, plain numbers
    states    of the stages after `position`, plain values and tensors
    """

    position: Position | None = None
    segments: tuple[int, ...] = ()
    survey: dict | None = None
    states: tuple = ()


class Journal:
    """The journal in `folder` of the job that `fingerprint` (plain values) tells from all others, held until it is closed.

    Raises files.lock.Locked where another process holds it. With `resume` off the job starts from its first frame.
    """

    def __init__(self, folder: Path, fingerprint: dict, *, resume: bool = True):
        self.folder = folder
        self._fingerprint = json.loads(json.dumps(fingerprint))
        busy = f"Another process works on {folder}; wait until it ends, or stop it first."
        self._lock = Lock(folder / LOCK, busy)
        try:
            if not (folder / FILE).exists():
                force_folder(folder.parent)  # the folder may be new
            self.last = self._read() if resume else Commit()
            self._sweep()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets other processes have the job; what was committed stays."""
        self._lock.release()

    def _read(self) -> Commit:
        entry = read_entry(self.folder)
        if entry is None:
            return Commit()
        if entry["job"] != self._fingerprint:
            log.warning(
                "%s belongs to a job with other settings or another source; starting from the first frame.", self.folder
            )
            return Commit()
        missing = [name for name, size in entry["files"].items() if not _has_size(self.folder / name, size)]
        if missing:
            log.warning("%s lacks %s; starting from the first frame.", self.folder, ", ".join(sorted(missing)))
            return Commit()
        states = ()
        if entry["state_file"] is not None:
            states = torch.load(self.folder / entry["state_file"], map_location="cpu", weights_only=True)
        position = None if entry["position"] is None else Position(*entry["position"])
        return Commit(position, tuple(entry["segments"]), entry["survey"], tuple(states))

    def restart(self) -> None:
        """Forgets what was done: the job starts from its first frame."""
        self.last = Commit()
        self._sweep()

    def _own(self) -> list[Path]:
        """The files of a journal in the folder; what else may lie there is never touched."""
        return [path for path in self.folder.iterdir() if OWN_FILE.fullmatch(path.name) or is_temporary(path)]

    def _sweep(self) -> None:
        if self.last == Commit():
            self._unlink_journal()  # never leaves one that names what is gone
        kept = {FILE, self._state_name(self.last)}
        finished = self._finished(self.last)
        for path in self._own():
            if path.name not in kept and path not in finished:
                path.unlink()

    def _finished(self, commit: Commit) -> list[Path]:
        """The files of the segments of a commit."""
        return [
            path
            for path in self._own()
            if path.suffix == ".segment" and int(path.name.partition("_")[0]) < len(commit.segments)
        ]

    def _unlink_journal(self) -> None:
        (self.folder / FILE).unlink(missing_ok=True)
        force_folder(self.folder)

    @staticmethod
    def _state_name(commit: Commit) -> str:
        return f"state_{len(commit.segments):06d}.pt"

    def segment_path(self, segment: int, product: int) -> Path:
        """File of a segment (from 0) of one of the job's products (from 0)."""
        return self.folder / f"{segment:06d}_{product}.segment"

    def commit(self, commit: Commit) -> None:
        """Makes `commit` the one that the job resumes from; its segments must be in place."""
        state_file = self._state_name(commit) if commit.states else None
        if state_file is not None:
            write_files({self.folder / state_file: partial(torch.save, list(commit.states))})
        files = self._finished(commit) + ([self.folder / state_file] if state_file else [])
        position = None if commit.position is None else [commit.position.index, commit.position.time]
        entry = {
            "job": self._fingerprint,
            "position": position,
            "segments": list(commit.segments),
            "survey": commit.survey,
            "state_file": state_file,
            "files": {path.name: path.stat().st_size for path in files},
        }
        text = json.dumps(entry).encode()
        write_files({self.folder / FILE: lambda file: file.write(text)})
        stale = self._state_name(self.last)
        self.last = commit
        if stale != self._state_name(commit):
            (self.folder / stale).unlink(missing_ok=True)

    def remove(self) -> None:
        """Ends the job: its products are in place. The journal file goes first, so that a kill leaves none without its files."""
        self._unlink_journal()
        for path in self._own():
            path.unlink()
        self.close()
        with contextlib.suppress(OSError):  # files of others lie in it, or another process has come
            os.rmdir(self.folder)


def read_entry(folder: Path) -> dict[str, Any] | None:
    """What the journal in a folder says, or None where there is none or it cannot be read."""
    try:
        entry = parsed_json((folder / FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:  # not JSON, not UTF-8
        entry = None
    if not isinstance(entry, dict) or not entry.keys() >= KEYS:
        log.warning("%s is damaged; starting from the first frame.", folder / FILE)
        return None
    return entry


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
