"""Cancelling work that is under way: a function of the host's is asked between any two operations on tensors.

One frame of 8K is minutes of work in many loops. Asking from each of them would leave out the next one that is written, so
torch itself asks (a TorchFunctionMode): the wait after cancel is that of one operation, however many there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.overrides import TorchFunctionMode

SECONDS_BETWEEN = 0.05  # of questions: below what a person notices, and rare enough to cost nothing


class Interruptible(TorchFunctionMode):
    """A context in which `check` is called between operations, at most every `seconds_between`; it raises to end the work.

    The exception comes out of the operation that was to be next. Holds for the thread that opens it.
    """

    def __init__(self, check: Callable[[], None], seconds_between: float = SECONDS_BETWEEN):
        super().__init__()
        self._check, self._seconds_between = check, seconds_between
        self._next = 0.0

    def __torch_function__(
        self, func: Callable, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._seconds_between
            self._check()
        return func(*args, **(kwargs or {}))
