"""Errors as ComfyUI's page can show them: it puts the type before the sentence, and cuts off what stands behind a long one."""

from __future__ import annotations

import functools
from typing import Any

from comfy_api.latest import io

PACK = __name__.rsplit(".", 2)[0]  # the package that holds `nodes` and the library


def is_ours(kind: type) -> bool:
    """Whether a class is defined in this pack."""
    return kind.__module__ == PACK or kind.__module__.startswith(f"{PACK}.")


def as_builtin(error: Exception) -> Exception:
    """An error of a type of ours as Python's own type that it stands for, with the same sentence."""
    builtin = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
    return builtin(str(error))


def with_plain_errors(node: type[io.ComfyNode]) -> type[io.ComfyNode]:
    """The node, whose `execute` raises Python's own types of error where ours are raised in it.

    The page of newer hosts shows "module.Type: sentence" in one line, of which our modules' names would leave nothing.
    """
    execute = node.execute.__func__

    @functools.wraps(execute)
    def plainly(cls: type[io.ComfyNode], *args: Any, **kwargs: Any) -> io.NodeOutput:
        try:
            return execute(cls, *args, **kwargs)
        except Exception as error:
            if not is_ours(type(error)):
                raise
            raise as_builtin(error) from error

    node.execute = classmethod(plainly)
    return node
