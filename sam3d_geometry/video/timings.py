"""Where the time of a stream goes: how long each of its steps works, in whatever thread, and how long they wait for one another."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

T = TypeVar("T")

WAITING = "waiting"
# the steps in the order in which a frame goes through them; others come after them
ORDER = (
    "survey",
    "workers",
    "decode",
    "network",
    "refine",
    "flow",
    "align",
    "smoothing",
    "average",
    "range",
    "render",
    "encode",
    "join",
)


class StepTime(NamedTuple):
    """Seconds by the clock and of the processor's time that a step took; of its thread only, not of threads that FFmpeg or torch have."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0


class Timings:
    """The time of steps that run in several threads; a step inside another one, and waiting, do not count for the outer one."""

    def __init__(self) -> None:
        self._lock, self._local = threading.Lock(), threading.local()
        self._steps: dict[str, StepTime] = {}
        self.frames = 0  # that are done, of which the stream tells
        self._start, self._cpu_start = time.perf_counter(), time.process_time()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Counts what is done inside as this step's."""
        inner: list[StepTime] = self._local.__dict__.setdefault("inner", [])
        inner.append(StepTime())
        start, cpu_start = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            whole = StepTime(time.perf_counter() - start, time.thread_time() - cpu_start)
            others = inner.pop()
            if inner:
                inner[-1] = _sum(inner[-1], whole)
            with self._lock:
                own = StepTime(whole.seconds - others.seconds, whole.cpu_seconds - others.cpu_seconds)
                self._steps[name] = _sum(self._steps.get(name, StepTime()), own)

    def over(self, name: str, items: Generator[T]) -> Generator[T]:
        """The items of a generator, the making of each counted as this step's."""
        try:
            while True:
                with self.step(name):
                    made = list(islice(items, 1))
                if not made:
                    return
                yield made.pop()  # a hold on it would keep one more chunk alive
        finally:
            items.close()

    @property
    def steps(self) -> dict[str, StepTime]:
        """The time of each step so far, in the order in which a frame goes through them, and of waiting as the last."""
        with self._lock:
            found = dict(self._steps)
        names = [name for name in found if name not in (*ORDER, WAITING)]
        return {name: found[name] for name in (*ORDER, *names, WAITING) if name in found}

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._start

    @property
    def cpu_seconds(self) -> float:
        """The processor's time since the beginning, of all threads of this process."""
        return time.process_time() - self._cpu_start

    def report(self) -> str:
        """A table of the steps for a person, with their part of all work and the time that a frame took."""
        steps, seconds, frames = self.steps, max(self.seconds, 1e-9), self.frames
        work = max(sum(step.seconds for name, step in steps.items() if name != WAITING), 1e-9)
        lines = [f"{'step':<10} {'seconds':>8} {'of work':>8} {'ms a frame':>11} {'processor, ms a frame':>22}"]
        for name, step in steps.items():
            share = "" if name == WAITING else f"{step.seconds / work:.0%}"
            per_frame = [1000 * value / max(frames, 1) for value in step]
            lines.append(f"{name:<10} {step.seconds:>8.2f} {share:>8} {per_frame[0]:>11.1f} {per_frame[1]:>22.1f}")
        cores = f"{self.cpu_seconds / seconds:.2f} cores busy"
        return "\n".join([*lines, f"{frames} frames in {seconds:.1f} s, {frames / seconds:.1f} a second; {cores}"])

    def entry(self) -> dict[str, object]:
        """The same for a program."""
        steps = {name: [round(value, 4) for value in step] for name, step in self.steps.items()}
        whole = {"seconds": round(self.seconds, 4), "cpu_seconds": round(self.cpu_seconds, 4)}
        return {"frames": self.frames, **whole, "steps": steps}


def _sum(one: StepTime, other: StepTime) -> StepTime:
    return StepTime(one.seconds + other.seconds, one.cpu_seconds + other.cpu_seconds)
