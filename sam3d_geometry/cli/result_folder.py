"""A folder of results with a report.json that says what they are made of: what is done, and what must not be overwritten."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..files.output_folder import source_of
from ..files.whole_files import Writer
from ..geometry.plain_json import parsed_json

REPORT = "report.json"
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
