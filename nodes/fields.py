"""Inputs and outputs of nodes, made from the vocabulary: a node says only what it adds to the name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comfy_api.latest import io

from .vocabulary import VOCABULARY, Word

_WIDGETS = {
    "FLOAT": io.Float,
    "INT": io.Int,
    "STRING": io.String,
    "BOOLEAN": io.Boolean,
    "COMBO": io.Combo,
    "COLOR": getattr(io, "Color", io.String),  # a picker where the host has one (not in 0.3.64), else text
}


def advanced(widget: io.Input) -> io.Input:
    """The same input, shown only on demand by front ends that can (the keyword exists since 0.10, the key is older)."""
    if hasattr(widget, "advanced"):
        widget.advanced = True
    widget.extra_dict = {**(widget.extra_dict or {}), "advanced": True}
    return widget


def field(
    name: str,
    tooltip: str = "",
    *,
    default: Any = None,
    options: Sequence[str] | None = None,
    is_advanced: bool = False,
    optional: bool = False,
    **extra: Any,
) -> io.Input:
    """The input of this name, with the type, range, step, options and default of the vocabulary.

    tooltip      what it does in this node; the vocabulary's meaning where none is given
    default      only for nodes that the vocabulary names as exceptions
    options      of a menu: a part of the vocabulary's, or what was found on disk
    is_advanced  hidden until asked for, in front ends that can
    extra        further keywords of the host's input type (multiline, upload, ...)
    """
    word = VOCABULARY[name]
    given: dict[str, Any] = {"optional": optional, "tooltip": tooltip or word.meaning, **extra}
    kind = _WIDGETS.get(word.type)
    if kind is None:
        return _socket(name, word, given)
    given["default"] = word.default if default is None else default
    if word.limits:
        given["min"], given["max"], given["step"] = word.limits
    if word.type == "COMBO":
        given["options"] = list(word.options if options is None else options)
    made = kind.Input(name, **given)
    return advanced(made) if is_advanced else made


def _socket(name: str, word: Word, given: dict[str, Any]) -> io.Input:
    types = [io.Custom(kind) for kind in word.type.split(",")]
    if len(types) == 1:
        return types[0].Input(name, **given)
    return io.MultiType.Input(name, types=types, **given)


def result(name: str, tooltip: str = "", *, type: str = "", is_list: bool = False) -> io.Output:
    """The output of this name; `type` is one of the vocabulary's where it has several."""
    word = VOCABULARY[name]
    kind = io.Custom(type or word.type)
    return kind.Output(display_name=name, tooltip=tooltip or word.meaning, is_output_list=is_list)
