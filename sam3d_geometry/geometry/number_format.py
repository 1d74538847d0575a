"""Number formats of tensors: what comes in half precision is computed in float32."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch

HALF = (torch.float16, torch.bfloat16)
Given = ParamSpec("Given")
Result = TypeVar("Result")


def _whole(given: Any) -> Any:
    return given.float() if isinstance(given, torch.Tensor) and given.dtype in HALF else given


def not_in_half(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """The function, which gets tensors of half precision as float32: squares and reciprocals of lengths do not fit in 16 bits."""

    @functools.wraps(function)
    def in_float32(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        whole: Any = functools.partial(function, *map(_whole, args))
        return whole(**{name: _whole(given) for name, given in kwargs.items()})

    return in_float32
