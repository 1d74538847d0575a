"""Steps that run ahead in threads of their own, a bounded queue between: they overlap, memory does not grow."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from .timings import WAITING, Timings

T = TypeVar("T")

CHUNKS_AHEAD = 2  # of each step: enough to even out a slow frame, few enough for chunks of large frames
_POLL_SECONDS = 0.1


_END = object()  # comes after the last item


@dataclass(frozen=True)
class Pipeline:
    """How the steps of a stream run: each ahead of the next one in a thread of its own, or one after the other; timed, or not."""

    overlap: bool = True
    timings: Timings | None = None

    def step(self, name: str, items: Generator[T]) -> Generator[T]:
        """The items of a generator as a step of this name, in the thread that takes them."""
        return items if self.timings is None else self.timings.over(name, items)

    def ahead(self, name: str, items: Generator[T], room: int = CHUNKS_AHEAD) -> Generator[T]:
        """The items of a generator, made in a thread of this name that runs at most `room` items ahead."""
        return run_ahead(items, room, name, self.timings) if self.overlap else items

    def doing(self, name: str) -> contextlib.AbstractContextManager[None]:
        """What is done inside counts as a step of this name."""
        return contextlib.nullcontext() if self.timings is None else self.timings.step(name)


def run_ahead(items: Generator[T], room: int, name: str, timings: Timings | None = None) -> Generator[T]:
    """The items of a generator, made in a thread of this `name` that runs at most `room` items ahead.

    An error in the thread is raised where the items are taken. Closing the result ends the thread and its generator.
    """
    waiting: queue.Queue = queue.Queue(room)
    stopped = threading.Event()
    pause = contextlib.nullcontext if timings is None else lambda: timings.step(WAITING)

    def put(item) -> bool:
        with pause():
            while not stopped.is_set():
                try:
                    waiting.put(item, timeout=_POLL_SECONDS)
                except queue.Full:
                    continue
                return True
            return False

    def take():
        with pause():
            return waiting.get()

    def work() -> None:
        try:
            for item in items:
                if not put(item):
                    break
                del item  # held by the queue now; a second hold would keep one more chunk alive
        finally:
            items.close()
            put(_END)

    with ThreadPoolExecutor(1, thread_name_prefix=name) as executor:
        working = executor.submit(work)
        try:
            while (item := take()) is not _END:
                yield item
                del item
            working.result()
        finally:
            stopped.set()
