# SPDX-License-Identifier: GPL-3.0-or-later
"""The pack's command line as a process of its own: photos in, a folder of files out, told of line by line."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .job import JobError, Result, Run, places_of, result_of
from .settings import DEPTH16, EXR, Geometry

# the embedded Python of ComfyUI's portable build looks neither into its folder nor at PYTHONPATH
START = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module('sam3d_geometry', run_name='__main__', alter_sys=True)"
)
OPTIONS = {DEPTH16: ("--png16",), EXR: ("--exr", "--invalid-depth", "infinity")}  # normal maps are always written
SECONDS_TO_END = 5.0  # between asking a process to end and ending it


@dataclass(frozen=True)
class Pack:
    """Where the pack is, and a Python that has what it needs."""

    python: str
    folder: str

    def command(self, *words: str) -> list[str]:
        """The command line that gives `words` to the pack."""
        return [self.python, "-c", START, self.folder, *words]

    def run(self, photos: Sequence[Path], folder: Path, geometry: Geometry, extras: Sequence[str]) -> Run:
        """Starts with the photos, whose results go to the folder."""
        return CommandRun(self, photos, folder, geometry, extras)

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """A process of the pack; JobError where there is none to start."""
        if not self.python or not self.folder:
            raise JobError("The pack's Python is not set; press Find in the preferences of Photo as 3D Scene.")
        if not (Path(self.folder) / "sam3d_geometry" / "__main__.py").is_file():
            raise JobError(f"There is no SAM3D Geometry in {self.folder}; name its folder in the preferences.")
        try:
            return subprocess.Popen(
                self.command(*words),
                cwd=self.folder,
                env=clean_environment(os.environ),
                stdin=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                errors="replace",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                **options,
            )
        except OSError as error:
            raise JobError(f"The Python {self.python} does not start ({error.strerror or error}).") from error

    def version(self) -> str:
        """What the pack says its version is; JobError, with the reason, where it does not run."""
        process = self.start("--version", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            said, complaint = process.communicate(timeout=120)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.communicate()
            raise JobError(f"The Python {self.python} did not answer within two minutes.") from error
        if process.returncode:
            raise JobError(f"The pack does not run with {self.python}: {_last_line(complaint)}")
        return said.strip()


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what Blender's own Python, or its caller, set for itself."""
    kept = {name: value for name, value in environment.items() if not name.startswith("PYTHON")}
    return kept | {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing.")


class CommandRun:
    """One process of the pack: see `job.Run`."""

    def __init__(self, pack: Pack, photos: Sequence[Path], folder: Path, geometry: Geometry, extras: Sequence[str]):
        self.photos, self.folder, self.extras = list(photos), folder, extras
        self.done, self.total, self.what = 0, len(self.photos), "starting"
        self.failed: list[str] = []
        self.done_before = 0
        self.cancelled = False
        self._ended = False
        self._delivered: set[Path] = set()
        self._tail: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        words = ["photos", *map(str, self.photos), "-o", str(folder), "--progress", "json"]
        words += ["--mesh", "--normals", "--normal-space", "world"]
        words += [word for kind in extras for word in OPTIONS.get(kind, ())]
        words += ["--model", geometry.model, "--resolution", str(geometry.resolution)]
        words += ["--fov", repr(geometry.fov_degrees)] if geometry.fov_degrees else []
        self._process = pack.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.put(line)

    @property
    def running(self) -> bool:
        return self._reader.is_alive() or self._process.poll() is None

    def poll(self) -> list[Result]:
        over = not self.running
        while not self._lines.empty():
            self._hear(self._lines.get())
        found = self._new_results()
        if over and not self._ended and not self.cancelled:
            raise JobError(f"The pack ended before it was done: {_last_line(''.join(self._tail))}")
        return found

    def _hear(self, line: str) -> None:
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, TypeError, KeyError):
            self._tail = [*self._tail[-20:], line]
            return
        if kind == "progress":
            self.done, self.total, self.what = event["done"], event["total"], event["what"]
        elif kind == "error":
            self.failed.append(str(event["text"]))
        elif kind == "end":
            self._ended, self.done_before = True, event.get("done_before", 0)

    def _new_results(self) -> list[Result]:
        found = []
        by_place = places_of(self.photos)
        for path in sorted(self.folder.glob("*.json")):
            if path in self._delivered:
                continue
            result = result_of(path, by_place, self.extras)
            if result is not None:
                self._delivered.add(path)
                found.append(result)
        return found

    def cancel(self) -> None:
        self.cancelled = True
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(SECONDS_TO_END)
        if self._process.stderr is not None and not self._reader.is_alive():
            self._process.stderr.close()

    def wait(self, seconds: float) -> None:
        self._reader.join(seconds)
        if not self._reader.is_alive():
            self._process.wait()
