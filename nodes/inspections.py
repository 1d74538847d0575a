"""Inspections: what the pack's own widgets in the page look into, as files of the temp folder named in a node's ui."""

from __future__ import annotations

import uuid
import weakref
from collections import deque

from ..sam3d_geometry.files.inspection import encode_inspection
from ..sam3d_geometry.geometry.crop import resize_pointmap
from ..sam3d_geometry.geometry.pointmap import Pointmap
from ..sam3d_geometry.geometry.progress import OnProgress
from ..sam3d_geometry.geometry.resize import size_for_long_edge
from . import host_folders

LIVE_EDGE = 256  # pixels of the picture in a live control
_scenes: deque = deque(maxlen=8)  # (pointmap, its ui) of the last live controls: a run with another knob shows the same


def inspection_shown(
    pointmap: Pointmap, colormap: str = "turbo", on_progress: OnProgress | None = None
) -> dict[str, list[dict[str, str]]]:
    """The ui of a node that shows a pointmap: the inspection of all its frames, as a new file."""
    content = encode_inspection(pointmap, colormap, on_progress=on_progress)
    path = host_folders.temporary_path(f"sam3d_geometry_inspection_{uuid.uuid4().hex}.bin")
    path.write_bytes(content)
    return {"sam3d_inspection": [{"filename": path.name, "subfolder": "", "type": "temp"}]}


def live_scene(pointmap: Pointmap) -> dict[str, list[dict[str, str]]]:
    """The ui of a node with a live control: the first frame, small, on which the page draws a quick look.

    The same pointmap gives the same file for as long as it is there.
    """
    for known, ui in _scenes:
        if known() is pointmap and (host_folders.temporary_path(ui["sam3d_inspection"][0]["filename"])).is_file():
            return ui
    first = pointmap[:1].to("cpu")
    ui = inspection_shown(resize_pointmap(first, size_for_long_edge(first.size, LIVE_EDGE)))
    _scenes.append((weakref.ref(pointmap), ui))
    return ui
