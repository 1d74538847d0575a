"""What a rerun recording holds, read back by rerun itself; tests that ask are skipped where it is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def read_recording(path: Path) -> tuple[dict[str, dict[str, list]], Any]:
    """{entity: {column: values}} of a recording, the timeline "time" in ns; and its reader."""
    reader_of = pytest.importorskip("rerun.chunk", reason="this rerun-sdk has no reader").RrdReader
    reader, found = reader_of(str(path)), {}
    for chunk in reader.stream():
        table, batch = found.setdefault(chunk.entity_path, {}), chunk.to_record_batch()
        for name, values in zip(batch.schema.names, batch.columns, strict=True):
            if name != "log_time":
                values = values.cast("int64") if name == "time" else values
                table.setdefault(name, []).extend(values.to_pylist())
    return found, reader
