"""The record beside a clip's results, NAME.json: what is done, and which files are this job's own to replace."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files.output_folder import OutputError
from ..files.whole_files import write_files
from ..geometry.plain_json import parsed_json
from ..video.journal import Journal, read_entry
from ..video.product import VideoProduct


class ClipRecord:
    """The record of the clip whose results are called `name` in a folder, with the notes of its unfinished job."""

    def __init__(self, out: Path, name: str):
        self.path = out / f"{name}.json"
        self.work_folder = out / f"{name}.unfinished"

    def read(self) -> dict[str, Any] | None:
        """The record, or None where there is none that this command wrote."""
        try:
            record = parsed_json(self.path.read_bytes())
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) and _names(record.get("job")) else None

    def is_done(self, job: dict[str, Any], products: Sequence[VideoProduct]) -> bool:
        """Whether all results of this very job are there."""
        record = self.read()
        if record is None or record["job"] != json.loads(json.dumps(job)):
            return False
        return all(product.target.exists() for product in products)

    def tidy(self, job: dict[str, Any]) -> None:
        """Removes the notes of a job that is done, which a kill after its last result has left."""
        if self.work_folder.exists():
            with Journal(self.work_folder, job) as journal:
                journal.remove()

    def require_own(self, products: Sequence[VideoProduct]) -> None:
        """Raises OutputError where a result would take the place of a file that this command did not write."""
        record, unfinished = self.read(), read_entry(self.work_folder) if self.work_folder.exists() else None
        own = {name for entry in (record, unfinished) if entry is not None for name in _names(entry["job"])}
        foreign = [p.target for p in products if p.target.name not in own and _holds_something(p.target)]
        if record is None and os.path.lexists(self.path):
            foreign.append(self.path)
        if foreign:
            raise OutputError(
                f"{foreign[0]} was not written by this command; take it away, choose another -o, or replace it "
                "with --overwrite."
            )

    def write(self, entry: dict[str, Any]) -> None:
        """Puts the record in place."""
        text = json.dumps(entry, indent=2).encode() + b"\n"
        write_files({self.path: lambda file: file.write(text)})


def _names(job: Any) -> list[str]:
    """The file names of a job's products, [] where it is none of ours."""
    products = job.get("products") if isinstance(job, dict) else None
    if not isinstance(products, list):
        return []
    targets = [product[-1] for product in products if isinstance(product, list) and product]
    return [Path(target).name for target in targets if isinstance(target, str)]


def _holds_something(target: Path) -> bool:
    if target.is_dir():
        return any(target.iterdir())
    return os.path.lexists(target)
