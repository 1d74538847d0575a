"""What the nodes ask of ComfyUI while they run: its device, its notices, its progress bar and cancel, a blocked output."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
from PIL import Image

from ..sam3d_geometry.geometry.colour import eight_bit

log = logging.getLogger(__name__)

PICTURE_SECONDS = 0.2  # between two pictures of a node that computes


def compute_device() -> torch.device:
    import comfy.model_management as mm

    return mm.get_torch_device()


def intermediate_device() -> torch.device:
    """Where ComfyUI keeps what goes from node to node."""
    import comfy.model_management as mm

    return mm.intermediate_device()


_notified: set[str] = set()


def notify_once(summary: str, detail: str) -> None:
    """Tells the user something once per start of ComfyUI: in the log and as a toast in the page."""
    if summary in _notified:
        return
    _notified.add(summary)
    log.warning("%s: %s", summary, detail)
    try:
        from server import PromptServer
    except ImportError:  # nodes run without ComfyUI's server
        return
    server = getattr(PromptServer, "instance", None)
    if server is not None:
        message = {"severity": "warn", "summary": summary, "detail": detail}
        server.send_sync("sam3d_geometry.notice", message, server.client_id)


class ShowProgress(Protocol):
    """What `progress_bar` gives: how much is done of how much, and a picture of it where there is one."""

    def __call__(self, done: int, total: int, picture: torch.Tensor | None = None) -> None: ...


@contextmanager
def progress_bar(total: int) -> Iterator[ShowProgress]:
    """A callback (done, total) that moves the node's progress bar and raises when the user has pressed cancel.

    A `picture` (H, W, 3) in [0, 1] given with it is shown on the node until the next, as samplers show theirs; the last
    always, and of those before it a few a second.
    """
    import comfy.model_management as mm
    import comfy.utils

    bar = comfy.utils.ProgressBar(total)
    next_picture = 0.0

    def on_progress(done: int, total: int, picture: torch.Tensor | None = None) -> None:
        nonlocal next_picture
        preview = None
        if picture is not None and (done >= total or time.monotonic() >= next_picture):
            next_picture = time.monotonic() + PICTURE_SECONDS
            preview = ("JPEG", Image.fromarray(eight_bit(picture).numpy()), max(picture.shape[:2]))
        bar.update_absolute(done, total, preview)
        mm.throw_exception_if_processing_interrupted()

    yield on_progress


def nothing(reason: str | None = None) -> object:
    """What an output gives that has nothing to give: the nodes behind it do not run, and say the reason if there is one."""
    from comfy_execution.graph_utils import ExecutionBlocker

    return ExecutionBlocker(reason)
