"""The journal of an unfinished job: what is on the disk for good, and the state to go on from after a kill.

Whatever the moment of the kill, the folder holds one commit that is whole: the journal file is replaced last, and names
the state file and the segments that belong to it; everything else in the folder is swept away when the job goes on.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from ..files.whole_files import is_temporary, write_files
from .clip_file import Position

log = logging.getLogger(__name__)

FILE = "journal.json"
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
    """The journal in `folder` of the job that `fingerprint` (plain values) tells from all others."""

    def __init__(self, folder: Path, fingerprint: dict):
        self.folder = folder
        self._fingerprint = json.loads(json.dumps(fingerprint))
        self.last = self._read()
        folder.mkdir(parents=True, exist_ok=True)
        self._sweep()

    def _read(self) -> Commit:
        try:
            entry = json.loads((self.folder / FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return Commit()
        if entry["job"] != self._fingerprint:
            log.warning(
                "%s belongs to a job with other settings or another source; starting from the first frame.", self.folder
            )
            return Commit()
        states = ()
        if entry["state_file"] is not None:
            states = torch.load(self.folder / entry["state_file"], map_location="cpu", weights_only=True)
        position = None if entry["position"] is None else Position(*entry["position"])
        return Commit(position, tuple(entry["segments"]), entry["survey"], tuple(states))

    def _own(self) -> list[Path]:
        """The files of a journal in the folder; what else may lie there is never touched."""
        return [path for path in self.folder.iterdir() if OWN_FILE.fullmatch(path.name) or is_temporary(path)]

    def _sweep(self) -> None:
        kept = {FILE, self._state_name(self.last)}
        for path in self._own():
            number = path.name.partition("_")[0]
            finished = number.isdigit() and int(number) < len(self.last.segments)
            if path.name not in kept and not finished:
                path.unlink()

    @staticmethod
    def _state_name(commit: Commit) -> str:
        return f"state_{len(commit.segments):06d}.pt"

    def segment_path(self, segment: int, product: int) -> Path:
        """File of a segment (from 0) of one of the job's products (from 0)."""
        return self.folder / f"{segment:06d}_{product}.segment"

    def commit(self, commit: Commit) -> None:
        """Makes `commit` the one that the job goes on from; its segments must be in place."""
        state_file = self._state_name(commit) if commit.states else None
        if state_file is not None:
            write_files({self.folder / state_file: partial(torch.save, list(commit.states))})
        position = None if commit.position is None else [commit.position.index, commit.position.time]
        entry = {
            "job": self._fingerprint,
            "position": position,
            "segments": list(commit.segments),
            "survey": commit.survey,
            "state_file": state_file,
        }
        text = json.dumps(entry).encode()
        write_files({self.folder / FILE: lambda file: file.write(text)})
        stale = self._state_name(self.last)
        self.last = commit
        if stale != self._state_name(commit):
            (self.folder / stale).unlink(missing_ok=True)

    def remove(self) -> None:
        """Ends the job: its products are in place."""
        for path in self._own():
            path.unlink()
        if not any(self.folder.iterdir()):
            self.folder.rmdir()
