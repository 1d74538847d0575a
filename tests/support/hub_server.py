"""A stand-in for the Hugging Face hub on 127.0.0.1, with the ways a hub, a gate or a line can fail."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

BLOCK = 1_000_000  # bytes that a slow hub sends at a time


class Hub:
    """What the server does: files by "owner/name/file", and how it misbehaves."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.gated: set[str] = set()
        self.accepted_tokens: set[str] = set()
        self.requests: list[tuple[str, str, str | None, str | None]] = []
        self.status: int | None = None
        self.break_after: int | None = None
        self.breaks_left = 0
        self.slowness = 0.0  # seconds between blocks of what it sends
        self.wrong_bytes = False
        self.is_hub = True
        self.url = ""

    @property
    def ranges(self) -> list[str | None]:
        return [content_range for method, _, content_range, _ in self.requests if method == "GET"]

    def put(self, name: str, size: int = 100_000) -> bytes:
        self.files[name] = hashlib.shake_256(name.encode()).digest(size)
        return self.files[name]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        self._answer(with_body=True)

    def _answer(self, with_body):
        hub = self.server.hub
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
        content_range = self.headers.get("Range")
        hub.requests.append((self.command, self.path, content_range, token))
        name = self.path.partition("?")[0].strip("/").replace("/resolve/main/", "/")
        repository = "/".join(name.split("/")[:2])
        if hub.status is not None:
            return self._refuse(hub.status)
        if repository in hub.gated and token not in hub.accepted_tokens:
            return self._refuse(401 if token is None else 403, "GatedRepo")
        if not any(file.startswith(f"{repository}/") for file in hub.files):
            return self._refuse(404, "RepoNotFound")
        if name not in hub.files:
            return self._refuse(404, "EntryNotFound")
        content = hub.files[name]
        digest = hashlib.sha256(content).hexdigest()
        if hub.wrong_bytes:
            content = content[:-1] + bytes([content[-1] ^ 1])
        start = int(content_range.removeprefix("bytes=").partition("-")[0]) if content_range else 0
        self.send_response(206 if content_range else 200)
        if hub.is_hub:
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("ETag", f'"{digest}"')
        if content_range:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if not with_body:
            return None
        if hub.break_after is not None and hub.breaks_left:
            hub.breaks_left -= 1
            self.wfile.write(content[start : start + hub.break_after])
            self.close_connection = True
            return None
        block = BLOCK if hub.slowness else len(content)
        with contextlib.suppress(ConnectionError):  # a download that was cancelled
            for at in range(start, len(content), block):
                self.wfile.write(content[at : at + block])
                time.sleep(hub.slowness)
        return None

    def _refuse(self, status, code=None):
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextlib.contextmanager
def running_hub() -> Iterator[Hub]:
    """The server, on a free port of 127.0.0.1, until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.hub = Hub()
    server.hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextlib.contextmanager
def only_hub(monkeypatch: pytest.MonkeyPatch, token_path: Path) -> Iterator[Hub]:
    """A running hub that huggingface_hub asks alone: no token, proxy or offline switch of this machine; a login is at `token_path`."""
    for name in (
        "HF_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "HF_HUB_OFFLINE",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(token_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with running_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server
