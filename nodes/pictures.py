"""Pictures, masks and pointmaps as they come on the wires, made plain once for all nodes before their `execute`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from comfy_api.latest import io

from ..sam3d_geometry.geometry.picture_forms import plain_image, plain_mask
from ..sam3d_geometry.geometry.pointmap import Pointmap
from .host import intermediate_device

_PLAIN: dict[str, Callable[[str, Any], torch.Tensor]] = {"IMAGE": plain_image, "MASK": plain_mask}


def _at_home(given: Any) -> Any:
    """A tensor or pointmap on the device where ComfyUI keeps what goes between nodes, so that any two of them fit."""
    if isinstance(given, (torch.Tensor, Pointmap)) and given.device != intermediate_device():
        return given.to(intermediate_device())
    return given


def plain_input(name: str, types: str, given: Any) -> Any:
    """What came in on an input of these types (comma between several) in its one form; other payloads as they are."""
    plain = _PLAIN.get(types)
    if plain is None and isinstance(given, torch.Tensor):
        plain = next((_PLAIN[kind] for kind in types.split(",") if kind in _PLAIN), None)
    return _at_home(given if plain is None or given is None else plain(name, given))


def with_plain_pictures(node: type[io.ComfyNode]) -> type[io.ComfyNode]:
    """The node, whose `execute` gets every IMAGE as (B, H, W, 3 or 4) and every MASK as (B, H, W), both float32.

    Other nodes hand out further forms, which ComfyUI does not check; those without a clear meaning are refused in a sentence.
    """
    execute = node.execute.__func__

    @functools.cache
    def types() -> dict[str, str]:
        return {given.id: given.get_io_type() for given in node.define_schema().inputs}

    @functools.wraps(execute)
    def with_plain(cls: type[io.ComfyNode], *args: Any, **kwargs: Any) -> io.NodeOutput:
        plain = {name: plain_input(name, types().get(name, ""), given) for name, given in kwargs.items()}
        return execute(cls, *args, **plain)

    node.execute = classmethod(with_plain)
    return node
