# SPDX-License-Identifier: GPL-3.0-or-later
"""What both back ends give: the files of a photo in a folder, and one sentence where they cannot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .settings import Geometry


class JobError(Exception):
    """The geometry cannot be computed; the message is one sentence that says why."""


@dataclass(frozen=True)
class Result:
    """The files of one photo, and what the pack says about them; `extras` by their kind, such as DEPTH16."""

    photo: Path
    mesh: Path
    extras: dict[str, Path]
    record: dict[str, Any]


class Run(Protocol):
    """Photos on their way to results. Nothing blocks except `wait` and, shortly, `cancel`.

    done, total, what  how far it is: photos, and what is done with the present one
    failed             a sentence for every photo that gave no result
    done_before        results that an earlier run had left
    """

    done: int
    total: int
    what: str
    failed: list[str]
    done_before: int

    @property
    def running(self) -> bool:
        """Whether more may come."""
        ...

    def poll(self) -> list[Result]:
        """The results that are new; JobError where it cannot continue."""
        ...

    def cancel(self) -> None:
        """Ends it; what is done stays."""
        ...

    def wait(self, seconds: float) -> None:
        """Returns when it has ended, or after so many seconds."""
        ...


class BackEnd(Protocol):
    """Where the geometry is computed."""

    def run(self, photos: Sequence[Path], folder: Path, geometry: Geometry, extras: Sequence[str]) -> Run:
        """Starts with the photos; results with these extras go to the folder. JobError where nothing can start."""
        ...

    def version(self) -> str:
        """What the pack there says its version is; JobError, with the reason, where it is not there."""
        ...


def places_of(photos: Sequence[Path]) -> dict[tuple[str, str], Path]:
    """The photos by what a record says about its source."""
    return {(photo.name, str(photo.resolve().parent)): photo for photo in photos}


def result_of(path: Path, by_place: Mapping[tuple[str, str], Path], extras: Sequence[str]) -> Result | None:
    """The result that a record describes; None where it is another's, lacks an extra, or is not whole yet."""
    try:
        record = json.loads(path.read_bytes())
        source, outputs = record["source"], record["outputs"]
        photo = by_place.get((source["file"], source["folder"]))
        mesh = path.with_name(Path(outputs["mesh"]).name)
        found = {kind: path.with_name(Path(outputs[kind]).name) for kind in extras}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if photo is None or not all(file.is_file() for file in (mesh, *found.values())):
        return None
    return Result(photo, mesh, found, record)
