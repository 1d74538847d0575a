"""A stand-in for ComfyUI's server on 127.0.0.1: its answers to a job, and the ways in which it can fail."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class StandIn:
    """What the server does.

    files      bytes by name, which its output folder holds
    outputs    what the nodes of every job show
    status     of every job in the history
    waits      questions for the history that are answered with nothing yet, for each job
    """

    def __init__(self, outputs: dict[str, Any] | None = None, files: dict[str, bytes] | None = None):
        self.files, self.outputs = files or {}, outputs or {}
        self.status: dict[str, Any] = {"status_str": "success"}
        self.waits, self.has_pack, self.token, self.running = 0, True, "", True
        self.refusal: dict[str, Any] | None = None
        self.redirect = ""
        self.says: bytes | None = None
        self.cut_off = False
        self.gone_at = ""
        self.uploads: dict[str, bytes] = {}
        self.prompts: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str]] = []
        self.deleted: list[str] = []
        self.interrupted: list[str] = []
        self.left: dict[str, int] = {}
        self.url = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes | dict[str, Any]]:
        where, _, query = path.partition("?")
        if where.startswith("/object_info/"):
            return 200, {where.rpartition("/")[2]: {}} if self.has_pack else {}
        if where == "/system_stats":
            return 200, {"system": {"comfyui_version": "0.0.1"}}
        if where == "/upload/image":
            _, _, content = body.partition(b'name="image"; filename="')
            name, _, content = content.partition(b'"')
            self.uploads[name.decode()] = content.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
            return 200, {"name": name.decode(), "subfolder": "sam3d_geometry_import", "type": "input"}
        if where == "/prompt":
            return self._prompt(json.loads(body))
        if where.startswith("/history/"):
            return 200, self._history(where.rpartition("/")[2])
        if where == "/queue":
            return self._queue(method, body)
        if where == "/interrupt":
            self.interrupted.append(json.loads(body)["prompt_id"])
            return 200, b""
        if where == "/view":
            name = urllib.parse.parse_qs(query)["filename"][0]
            return (200, self.files[name]) if name in self.files else (404, b"")
        return 404, b""

    def _prompt(self, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.refusal is not None:
            return 400, self.refusal
        self.prompts.append(said["prompt"])
        name = f"job {len(self.prompts)}".replace(" ", "-")
        self.left[name] = self.waits
        return 200, {"prompt_id": name}

    def _history(self, prompt: str) -> dict[str, Any]:
        self.left[prompt] -= 1
        return {} if self.left[prompt] >= 0 else {prompt: {"status": self.status, "outputs": self.outputs}}

    def _queue(self, method: str, body: bytes) -> tuple[int, dict[str, Any] | bytes]:
        if method == "POST":
            self.deleted += json.loads(body)["delete"]
            return 200, b""
        jobs = [[number, name] for number, name in enumerate(self.left) if self.left[name] >= 0]
        other = [[-1, "another's"]]
        return 200, {"queue_running": jobs if self.running else other, "queue_pending": [] if self.running else jobs}


@contextlib.contextmanager
def comfyui_stand_in(outputs: dict[str, Any] | None = None, files: dict[str, bytes] | None = None) -> Iterator[StandIn]:
    stand_in = StandIn(outputs, files)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            self._do("GET")

        def do_POST(self):
            self._do("POST")

        def _do(self, method):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            stand_in.asked.append((method, self.path))
            if stand_in.gone_at and self.path.startswith(stand_in.gone_at):
                self.connection.close()
                return
            if stand_in.token and self.headers.get("Authorization") != f"Bearer {stand_in.token}":
                self._send(401, b"")
            elif stand_in.redirect:
                self._send(302, b"", Location=stand_in.redirect)
            elif stand_in.says is not None:
                self._send(200, stand_in.says)
            else:
                status, said = stand_in.answer(method, self.path, body)
                self._send(status, said if isinstance(said, bytes) else json.dumps(said).encode())

        def _send(self, status, content, **headers):
            cut = stand_in.cut_off and self.path.startswith("/view")
            self.send_response(status)
            self.send_header("Content-Length", str(len(content) + (100 if cut else 0)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
