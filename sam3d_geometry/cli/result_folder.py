"""Folders of results, each with a report.json of what they are made of: what is done, what must not be overwritten, what failed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from .. import __version__
from ..files.output_folder import OutputFolder, source_of
from ..files.whole_files import Writer, write_files
from ..geometry.plain_json import parsed_json
from .outcome import reason
from .progress import Progress

REPORT, POINTS = "report.json", "points.ply"
FAILURES = (RuntimeError, ValueError, MemoryError, ImportError)  # of one folder's results by itself: the others go on
# options, to the results
NO_DIFFERENCE = ("inputs", "out", "overwrite", "progress", "dry_run", "models_dir", "offline")


def made_of(command: str, args: argparse.Namespace, left_out: Sequence[str], files: Iterable[Path]) -> dict[str, Any]:
    """What results of a command depend on: the version, the options but those `left_out` (they only name files), and the files
    that there are."""
    options = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(args).items()
        if name not in NO_DIFFERENCE and name not in left_out
    }
    model = Path(args.model)
    options["model_changed_ns"] = model.stat().st_mtime_ns if model.is_file() else None
    sources = [source_of(path) for path in files if path.is_file()]
    return {"command": command, "made_by": f"sam3d-geometry {__version__}", "options": options, "sources": sources}


def is_made_of(folder: Path, facts: Mapping[str, Any]) -> bool:
    """Whether all files that a folder's report lists are there, and it has these facts."""
    record = _report_in(folder, facts["command"])
    if record is None:
        return False
    same = all(record.get(key) == json.loads(json.dumps(value)) for key, value in facts.items())
    return same and all((folder / name).is_file() for name in record["outputs"])


def _report_in(folder: Path, command: str) -> dict[str, Any] | None:
    """The report.json of an earlier run of a command in a folder; None where there is none."""
    try:
        record = parsed_json((folder / REPORT).read_bytes())
    except (OSError, ValueError):
        return None
    ours = isinstance(record, dict) and record.get("command") == command
    ours = ours and str(record.get("made_by", "")).startswith("sam3d-geometry")
    return record if ours and isinstance(record.get("outputs"), list) else None


def require_free(folder: Path, names: Sequence[str], command: str) -> None:
    """ValueError where a file of one of the names is there that no run of the command has made: such as cameras that were measured."""
    record = _report_in(folder, command)
    ours = [] if record is None else record["outputs"]
    foreign = [name for name in names if (folder / name).exists() and name not in ours]
    if foreign:
        raise ValueError(
            f"{folder / foreign[0]} is there already and is not of this command; choose another folder for -o."
        )


def json_writer(record: Mapping[str, Any]) -> Writer:
    """Writes a record as JSON, which has no number that is none."""
    text = json.dumps(record, indent=1, allow_nan=False).encode() + b"\n"
    return lambda file: file.write(text)


class FolderRun:
    """One call of a command that fills a folder for each of several inputs: its options, and what has become of them so far.

    command      what it is called, in each report
    not_results  options that make no difference by themselves: the files that they name count
    """

    command: ClassVar[str]
    not_results: ClassVar[Sequence[str]]

    def __init__(self, args: argparse.Namespace, progress: Progress):
        self.args, self.progress = args, progress
        self.done = 0
        self.failed: list[str] = []

    @property
    def names(self) -> list[str]:
        """The files of a folder."""
        raise NotImplementedError

    def made_of(self, files: Iterable[Path]) -> dict[str, Any]:
        """What results of these files depend on, see `made_of`."""
        return made_of(self.command, self.args, self.not_results, files)

    def is_made(self, folder: Path, facts: Mapping[str, Any]) -> bool:
        """Whether all files of a folder are there, made of the same files with the same options, and are not asked for anew."""
        return not self.args.overwrite and is_made_of(folder, facts)

    def fill(self, folder: Path, said_of: str, make: Callable[[], Mapping[str, Writer]]) -> bool:
        """Writes the files that `make` gives by their names, all or none; what fails is noted, after `said_of`, and False."""
        try:
            require_free(folder, self.names, self.command)
            writers = make()
            OutputFolder(folder)
            write_files({folder / name: write for name, write in writers.items()})
        except OSError as error:
            self.fail(f"{said_of}the results cannot be written ({error.strerror or error}).")
        except FAILURES as error:
            self.fail(f"{said_of}{reason(error)}")
        else:
            return True
        return False

    def fail(self, line: str) -> None:
        """Notes in a line what failed, and says it."""
        self.failed.append(line)
        self.progress.complain(line)
