# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the pack usually lies, and the Python that usually runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .command_line import Pack

COMFYUI_PLACES = (
    "ComfyUI",
    "comfy/ComfyUI",
    "Documents/ComfyUI",
    "ComfyUI_windows_portable/ComfyUI",
    "Downloads/ComfyUI_windows_portable/ComfyUI",
    "Desktop/ComfyUI_windows_portable/ComfyUI",
)
PYTHONS_INSIDE = (".venv/bin/python", ".venv/Scripts/python.exe", "venv/bin/python", "venv/Scripts/python.exe")
PORTABLE = "python_embeded/python.exe"  # spelled so by ComfyUI, beside its folder
MAIN = Path("sam3d_geometry", "__main__.py")


def find_packs(home: Path, own: Path) -> Iterator[Pack]:
    """Packs with a Python, likeliest first; `home` is the person's folder, `own` the folder of this extension."""
    for folder in _folders(home, own):
        for python in _pythons(folder):
            if python.is_file():
                yield Pack(str(python), str(folder))


def _folders(home: Path, own: Path) -> Iterator[Path]:
    """Folders that hold the pack."""
    if len(own.parents) > 1 and (own.parents[1] / MAIN).is_file():  # run from the pack's own copy
        yield own.parents[1]
    for place in COMFYUI_PLACES:
        nodes = home / place / "custom_nodes"
        if nodes.is_dir():
            yield from sorted(folder for folder in nodes.iterdir() if (folder / MAIN).is_file())


def _pythons(folder: Path) -> Iterator[Path]:
    """Pythons for a pack in a folder: its own, its ComfyUI's, the one of ComfyUI's portable build."""
    yield from (folder / inside for inside in PYTHONS_INSIDE)
    if folder.parent.name == "custom_nodes":
        comfyui = folder.parents[1]
        yield from (comfyui / inside for inside in PYTHONS_INSIDE)
        yield comfyui.parent / PORTABLE
