"""Steps that run ahead in threads of their own, a bounded queue between: they overlap, memory does not grow."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import torch

from .timings import WAITING, Timings

T = TypeVar("T")

CHUNKS_AHEAD = 2  # of each step: enough to even out a slow frame, few enough for chunks of large frames
_POLL_SECONDS = 0.1


_END = object()  # comes after the last item


@dataclass(frozen=True)
class Pipeline:
    """How the steps of a stream run: each ahead of the next one in a thread of its own, or one after the other; timed, or not.

    torch_threads  of a step that runs alone; side by side, steps whose work is many short operations have one each, since threads
                   that wait for each other's ends keep the cores from the other steps
    """

    overlap: bool = True
    timings: Timings | None = None
    torch_threads: int = field(default_factory=torch.get_num_threads)

    def step(self, name: str, items: Generator[T]) -> Generator[T]:
        """The items of a generator as a step of this name, in the thread that takes them."""
        return items if self.timings is None else self.timings.over(name, items)

    def ahead(self, name: str, items: Generator[T], room: int = CHUNKS_AHEAD, torch_threads: int = 1) -> Generator[T]:
        """The items of a generator, made in a thread of this name that runs at most `room` items ahead, `torch_threads` of torch's in it."""
        if not self.overlap:
            return items
        return run_ahead(self._with_threads(items, min(torch_threads, self.torch_threads)), room, name, self.timings)

    def _with_threads(self, items: Generator[T], count: int) -> Generator[T]:
        """The items of a generator, made with so many of torch's threads."""
        try:
            use_torch_threads(count, self.torch_threads)
            yield from items
        finally:
            items.close()

    def doing(self, name: str) -> contextlib.AbstractContextManager[None]:
        """What is done inside counts as a step of this name."""
        return contextlib.nullcontext() if self.timings is None else self.timings.step(name)


def use_torch_threads(count: int, elsewhere: int) -> None:
    """Lets torch use `count` threads in this one and `elsewhere` in threads that begin later; others that run keep theirs."""
    torch.get_num_threads()  # a thread's first call of torch sets its number to that of all
    torch.set_num_threads(count)
    # torch takes the last number that was set anywhere for threads to come
    setter = threading.Thread(target=torch.set_num_threads, args=(elsewhere,))
    setter.start()
    setter.join()


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
