"""Iterators that run ahead in threads of their own, a bounded queue between: steps overlap, memory does not grow."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

CHUNKS_AHEAD = 2  # of each step: enough to even out a slow frame, few enough for chunks of large frames
_POLL_SECONDS = 0.1


_END = object()  # comes after the last item


def run_ahead(items: Generator[T], room: int, name: str) -> Generator[T]:
    """The items of a generator, made in a thread of this `name` that runs at most `room` items ahead.

    An error in the thread is raised where the items are taken. Closing the result ends the thread and its generator.
    """
    waiting: queue.Queue = queue.Queue(room)
    stopped = threading.Event()

    def put(item) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

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
            while (item := waiting.get()) is not _END:
                yield item
                del item
            working.result()
        finally:
            stopped.set()
