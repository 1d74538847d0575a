"""A gate before a real server: it asks for a token, and goes away when told, in the middle of an answer if that is when."""

from __future__ import annotations

import contextlib
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gate:
    """What the gate does.

    token       that it asks for, if any
    gone_at     beginning of the path at which it goes away for good; with `after`, only from that many of them on
    half        whether it sends half of that answer first
    asked       paths that were let through
    """

    def __init__(self, behind: str):
        self.behind = behind
        self.token, self.gone_at, self.after, self.half, self.url = "", "", 0, False, ""
        self.asked: list[str] = []
        self._gone = False

    def _is_gone(self, path: str) -> bool:
        if self.gone_at and path.startswith(self.gone_at):
            self.after -= 1
            self._gone = self._gone or self.after < 0
        return self._gone

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Passes one request on, or does not."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        gone = self._is_gone(handler.path)
        if gone and not self.half:
            handler.connection.close()
            return
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            handler.send_error(401)
            return
        self.asked.append(handler.path)
        kept = {name: handler.headers[name] for name in ("Content-Type",) if name in handler.headers}
        request = urllib.request.Request(self.behind + handler.path, body or None, kept, method=handler.command)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2] if gone else content)
        self.half = self.half and not gone


@contextlib.contextmanager
def http_gate(behind: str) -> Iterator[Gate]:
    """A gate on 127.0.0.1 before the server at an address."""
    gate = Gate(behind)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(OSError):
                gate.answer(self)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    gate.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield gate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
