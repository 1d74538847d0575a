# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos through a running ComfyUI, one after the other, in a thread: upload, graph, wait, files."""

from __future__ import annotations

import copy
import hashlib
import json
import queue
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .comfyui import Server, one_line
from .job import JobError, Result, places_of, result_of
from .settings import DEPTH16, EXR, NORMALS, Geometry
from .whole_photo import is_cut_off

SECONDS_BETWEEN_QUESTIONS = 0.5
SECONDS_TO_END = 5.0  # for what is under way when the import is ended
GRAPH = Path(__file__).with_name("graph.json")
NODES = {  # of an extra: what makes it, and what shows the file's name
    DEPTH16: ("depth", "depth_path"),
    NORMALS: ("normals", "normal_map"),
    EXR: ("exr", "exr_path"),
}
SUFFIXES = {DEPTH16: "_depth16.png", NORMALS: "_normals.png", EXR: ".exr"}


class _Failed(Exception):
    """One photo gives nothing; the message says why, and the next may do better."""


class _Ended(Exception):
    """The import was ended."""


def graph_of(image: str, geometry: Geometry, extras: Sequence[str], name: str) -> dict[str, Any]:
    """The graph for a photo of the server's input folder; its files begin with `name`."""
    graph = copy.deepcopy(json.loads(GRAPH.read_text(encoding="utf-8")))
    graph["photo"]["inputs"]["image"] = image
    graph["model"]["inputs"]["model_name"] = geometry.model
    graph["pointmap"]["inputs"]["resolution"] = geometry.resolution
    graph["pointmap"]["inputs"]["fov_x_degrees"] = geometry.fov_degrees
    for node in ("glb", "depth", "normal_map", "exr"):
        graph[node]["inputs"]["filename_prefix"] = f"blender/{name}" + ("" if node == "glb" else f"_{node}")
    left_out = {node for kind, nodes in NODES.items() if kind not in extras for node in nodes}
    return {node: entry for node, entry in graph.items() if node not in left_out}


class ServerRun:
    """One import through a server: see `job.Run`."""

    def __init__(self, server: Server, photos: Sequence[Path], folder: Path, geometry: Geometry, extras: Sequence[str]):
        self.server, self.photos, self.folder = server, list(photos), folder
        self.geometry, self.extras = geometry, extras
        self.done, self.total, self.what = 0, len(self.photos), "starting"
        self.failed: list[str] = []
        self.done_before = 0
        self.cancelled = threading.Event()
        self._prompt: str | None = None
        self._error: JobError | None = None
        self._results: queue.Queue[Result] = queue.Queue()
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()

    @property
    def running(self) -> bool:
        return self._worker.is_alive()

    def poll(self) -> list[Result]:
        over = not self.running
        found = []
        while not self._results.empty():
            found.append(self._results.get())
        if over and self._error is not None and not self.cancelled.is_set():
            error, self._error = self._error, None
            raise error
        return found

    def wait(self, seconds: float) -> None:
        self._worker.join(seconds)

    def cancel(self) -> None:
        self.cancelled.set()
        self._worker.join(SECONDS_TO_END)

    def _work(self) -> None:
        try:
            self.server.require_pack()
            self.folder.mkdir(parents=True, exist_ok=True)
            for photo in self.photos:
                self._do(photo)
                self.done += 1
        except _Ended:
            self._stop_server()
        except JobError as error:
            self._error = error
        except OSError as error:
            self._error = JobError(f"{error.filename or self.folder}: {error.strerror or error}.")

    def _do(self, photo: Path) -> None:
        key = hashlib.sha256(str(photo.resolve()).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        place = self.folder / f"{key}.json"
        found = result_of(place, places_of([photo]), self.extras)
        if found is not None:
            self.done_before += 1
        else:
            try:
                found = self._computed(photo, place)
            except _Failed as error:
                self.failed.append(f"{photo.name}: {error}")
                return
        self._results.put(found)

    def _computed(self, photo: Path, place: Path) -> Result:
        self._say("sending it")
        try:
            content = photo.read_bytes()
            if is_cut_off(content):
                raise _Failed("the file is cut off; copy it again from where it is whole.")
            name = server_name(photo, content)
            image = self.server.upload(content, name)
        except OSError as error:
            raise _Failed(f"it cannot be read ({error.strerror or error}).") from error
        outputs = self._outputs(graph_of(image, self.geometry, self.extras, Path(name).stem))
        self._say("fetching the result")
        files = {"mesh": place.with_name(f"{place.stem}_mesh.glb")}
        self._fetch(_first(outputs, "glb", "3d"), files["mesh"])
        for kind in self.extras:
            files[kind] = place.with_name(place.stem + SUFFIXES[kind])
            self._fetch(_file_shown(outputs, NODES[kind][-1]), files[kind])
        record: dict[str, Any] = {
            "source": {"file": photo.name, "folder": str(photo.resolve().parent)},
            "outputs": {kind: file.name for kind, file in files.items()},
            "normals": {**(_first(outputs, "info", "up") or {}), "space": "camera"},
        }
        part = place.with_name(place.name + ".part")
        part.write_text(json.dumps(record), encoding="utf-8")
        part.replace(place)
        return Result(photo, files.pop("mesh"), files, record)

    def _outputs(self, graph: dict[str, Any]) -> dict[str, Any]:
        """What the nodes of a graph say when the server has run it."""
        said = self.server.post_json("/prompt", {"prompt": graph, "client_id": "sam3d_geometry_import"})
        self._prompt = prompt = str(said.get("prompt_id", ""))
        while True:
            entry = self.server.get_json(f"/history/{prompt}").get(prompt)
            if isinstance(entry, dict):
                self._prompt = None
                return _outputs_of(entry)
            self._say(self._progress(prompt))
            if self.cancelled.wait(SECONDS_BETWEEN_QUESTIONS):
                raise _Ended

    def _progress(self, prompt: str) -> str:
        queued = self.server.get_json("/queue")
        try:
            if any(item[1] == prompt for item in queued["queue_running"]):
                return "computing"
            waiting = sorted((item[0], item[1]) for item in queued["queue_pending"])
            before = [known for _, known in waiting].index(prompt) + len(queued["queue_running"])
        except (KeyError, TypeError, IndexError, ValueError):
            return "waiting for ComfyUI"
        return f"waiting for {before} other job{'' if before == 1 else 's'} of ComfyUI"

    def _say(self, what: str) -> None:
        self.what = what
        if self.cancelled.is_set():
            raise _Ended

    def _fetch(self, file: Any, target: Path) -> None:
        if not isinstance(file, dict):
            raise _Failed("ComfyUI made no file of it.")
        self.server.download(file, target, self.cancelled.is_set)
        self._say("fetching the result")

    def _stop_server(self) -> None:
        """Takes the job out of the server's queue, or ends it where it runs; other jobs there continue."""
        if not self._prompt:
            return
        try:
            self.server.post_json("/queue", {"delete": [self._prompt]})
            running = self.server.get_json("/queue").get("queue_running", [])
            if any(item[1] == self._prompt for item in running):
                self.server.post_json("/interrupt", {"prompt_id": self._prompt})
        except (JobError, TypeError, IndexError):
            pass  # the server is gone, and the job with it


def server_name(photo: Path, content: bytes) -> str:
    """A name for a photo in the server's input folder: its own in plain letters, and its content's digest."""
    plain = re.sub(r"[^A-Za-z0-9-]+", "_", photo.stem)[:60].strip("_") or "photo"
    return f"{plain}_{hashlib.sha256(content).hexdigest()[:12]}{photo.suffix.lower()}"


def _outputs_of(entry: dict[str, Any]) -> dict[str, Any]:
    """The outputs in a job's history; _Failed with the first line of what a node said where it went wrong."""
    status, outputs = entry.get("status"), entry.get("outputs")
    if isinstance(status, dict) and status.get("status_str") == "error":
        raise _Failed(_error_of(status.get("messages")))
    if not isinstance(outputs, dict):
        raise _Failed("ComfyUI tells nothing about it.")
    return outputs


def _error_of(messages: Any) -> str:
    for message in messages if isinstance(messages, list) else []:
        try:
            kind, said = message
            if kind == "execution_error":
                return one_line(said["exception_message"])
        except (ValueError, KeyError, TypeError):
            continue
    return "it was ended in ComfyUI."


def _first(outputs: dict[str, Any], node: str, kind: str) -> Any:
    """The first thing that a node shows of a kind, None where there is none."""
    try:
        return outputs[node][kind][0]
    except (KeyError, TypeError, IndexError):
        return None


def _file_shown(outputs: dict[str, Any], node: str) -> Any:
    """The file, as /view wants it, that a node shows: as a picture, or as a path relative to the output folder."""
    path = _first(outputs, node, "text")
    if not isinstance(path, str) or not path.strip():
        return _first(outputs, node, "images")
    folder, _, name = path.strip().strip('"').rpartition("/")
    return {"filename": name, "subfolder": folder, "type": "output"}
