"""Downloads of models that the page asks for, without a run of the graph: routes of ComfyUI's server, one thread each."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..sam3d_geometry.models import ModelError
from ..sam3d_geometry.models.catalogue import card_named
from ..sam3d_geometry.models.download import download
from ..sam3d_geometry.models.find import download_name
from ..sam3d_geometry.models.status import model_statuses
from .host_models import model_folders

ROUTE = "/sam3d_geometry/models"
EVENT = "sam3d_geometry.download"
SECONDS_BETWEEN_REPORTS = 0.25

log = logging.getLogger(__name__)


class _Cancelled(Exception):
    """The user has pressed Cancel."""


class Downloads:
    """The downloads that run, by the model's name; `send(event, data)` reaches the page."""

    def __init__(self, send: Any):
        self._send = send
        self._running: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    @property
    def running(self) -> list[str]:
        with self._lock:
            return sorted(self._running)

    def start(self, name: str) -> str:
        """Starts the download of a model of the catalogue; a sentence where it cannot be, else "". One that runs goes on."""
        card = card_named(name)
        if card is None or not card.repository:
            return f"There is no model {name!r} to download; choose one of the catalogue in Load SAM3D Geometry."
        cancel = threading.Event()
        with self._lock:
            if card.name in self._running:
                return ""
            self._running[card.name] = cancel
        threading.Thread(target=self._work, args=(card, cancel), name=f"download of {card.name}", daemon=True).start()
        return ""

    def cancel(self, name: str) -> None:
        """Stops a download; what has come stays on disk, and the next start continues it."""
        with self._lock:
            if name in self._running:
                self._running[name].set()

    def _work(self, card: Any, cancel: threading.Event) -> None:
        last = 0.0

        def on_progress(done: int, total: int) -> None:
            nonlocal last
            if cancel.is_set():
                raise _Cancelled
            if time.monotonic() - last >= SECONDS_BETWEEN_REPORTS or done == total:
                last = time.monotonic()
                self._tell(card.name, "running", done, total)

        try:
            self._tell(card.name, "running", 0, 0)
            target = model_folders()[0]
            download(card.repository, card.filename, Path(target) / download_name(card), on_progress)
            state, sentence = "done", ""
        except _Cancelled:
            state, sentence = "cancelled", ""
        except ModelError as error:
            state, sentence = "failed", str(error)
        except Exception:
            log.exception("The download of %s ended", card.name)
            state, sentence = "failed", "The download ended by an error of the pack; ComfyUI's log has it."
        finally:
            with self._lock:
                del self._running[card.name]
        self._tell(card.name, state, sentence=sentence)

    def _tell(self, name: str, state: str, done: int = 0, total: int = 0, sentence: str = "") -> None:
        self._send(EVENT, {"name": name, "state": state, "done": done, "total": total, "sentence": sentence})


def register_routes() -> None:
    """Adds the routes to ComfyUI's server, where there is one: GET the list, POST /download and /cancel with a name."""
    try:
        from aiohttp import web
        from server import PromptServer
    except ImportError:  # nodes run without ComfyUI's server
        return
    server = getattr(PromptServer, "instance", None)
    if server is None:
        return
    downloads = Downloads(server.send_sync)

    async def listed(request: web.Request) -> web.Response:
        statuses = await asyncio.to_thread(model_statuses, model_folders())
        return web.json_response({"models": [asdict(s) for s in statuses], "running": downloads.running})

    async def started(request: web.Request) -> web.Response:
        refusal = downloads.start(await _name_in(request))
        return web.json_response({"error": refusal}, status=400) if refusal else web.json_response({})

    async def cancelled(request: web.Request) -> web.Response:
        downloads.cancel(await _name_in(request))
        return web.json_response({})

    server.routes.get(ROUTE)(listed)
    server.routes.post(f"{ROUTE}/download")(started)
    server.routes.post(f"{ROUTE}/cancel")(cancelled)


async def _name_in(request: Any) -> str:
    """The name of a model in a request's JSON, "" where it holds none."""
    try:
        body = await request.json()
    except ValueError:
        return ""
    name = body.get("name") if isinstance(body, dict) else None
    return name if isinstance(name, str) else ""
