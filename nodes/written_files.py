"""Files that nodes have written: where one of them is gone, its node runs again instead of being answered from ComfyUI's cache."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from comfy_api.latest import io

PREFIX = "filename_prefix"
ABSOLUTE = "absolute_"  # how the names of outputs begin that give whole paths
PLAIN = (str, int, float, bool)

Written = tuple[tuple[Path, int], ...]  # paths, and how many files lay in each that is a folder


def _files_in(path: Path) -> int:
    """How many files a path stands for: those in a folder, 1 for a file, 0 for what is not there."""
    return sum(1 for _ in path.iterdir()) if path.is_dir() else int(path.exists())


class WrittenFiles:
    """What each kind of node has written by its prefix, and how often some of it was gone when ComfyUI asked."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], dict[tuple, Written]] = {}
        self._losses: dict[tuple[str, str], int] = {}

    def remember(self, kind: str, inputs: Mapping[str, Any], paths: list[Path]) -> None:
        """Keeps what a node of this kind has written with these inputs, in place of what it wrote with the same before."""
        settings = tuple(sorted((name, str(value)) for name, value in inputs.items() if isinstance(value, PLAIN)))
        runs = self._written.setdefault((kind, str(inputs[PREFIX])), {})
        runs[settings] = tuple((path, _files_in(path)) for path in paths)

    def losses(self, kind: str, prefix: str) -> int:
        """A number that is another one when something is gone that was there when last asked."""
        key = (kind, prefix)
        runs = self._written.get(key, {})
        gone = [settings for settings, written in runs.items() if any(_files_in(path) < n for path, n in written)]
        for settings in gone:
            del runs[settings]
        self._losses[key] = self._losses.get(key, 0) + bool(gone)
        return self._losses[key]


WRITTEN = WrittenFiles()


def runs_again_without_files(node: type[io.ComfyNode]) -> type[io.ComfyNode]:
    """The node, which ComfyUI runs again when a file is gone that it wrote; nodes without a filename_prefix stay as they are.

    What it wrote are the outputs whose names begin with `absolute_`. When ComfyUI asks it knows of widgets only.
    """
    execute = node.execute.__func__
    if PREFIX not in inspect.signature(execute).parameters:
        return node

    @functools.cache
    def outputs() -> list[int]:
        """The places of the outputs that give whole paths."""
        return [i for i, output in enumerate(node.define_schema().outputs) if output.display_name.startswith(ABSOLUTE)]

    @functools.wraps(execute)
    def remembering(cls: type[io.ComfyNode], *args: Any, **kwargs: Any) -> io.NodeOutput:
        made = execute(cls, *args, **kwargs)
        given = [made.args[i] for i in outputs()]
        paths = [path for one in given for path in (one if isinstance(one, list) else [one]) if path]
        WRITTEN.remember(node.__name__, kwargs, [Path(path) for path in paths])
        return made

    def fingerprint_inputs(cls: type[io.ComfyNode], **kwargs: Any) -> int:
        return WRITTEN.losses(node.__name__, str(kwargs.get(PREFIX)))

    node.execute = classmethod(remembering)
    node.fingerprint_inputs = classmethod(fingerprint_inputs)
    return node
