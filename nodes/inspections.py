"""Inspections: what the pack's own widgets in the page look into, as files of the temp folder named in a node's ui."""

from __future__ import annotations

import uuid

from ..sam3d_geometry.files.inspection import encode_inspection
from ..sam3d_geometry.geometry.crop import resize_pointmap
from ..sam3d_geometry.geometry.pointmap import Pointmap
from ..sam3d_geometry.geometry.progress import OnProgress
from ..sam3d_geometry.geometry.resize import size_for_long_edge
from . import host_folders

LIVE_EDGE = 256  # pixels of the picture in a live control


def inspection_shown(
    pointmap: Pointmap, colormap: str = "turbo", on_progress: OnProgress | None = None
) -> dict[str, list[dict[str, str]]]:
    """The ui of a node that shows a pointmap: the inspection of all its frames, as a new file."""
    content = encode_inspection(pointmap, colormap, on_progress=on_progress)
    path = host_folders.temporary_path(f"sam3d_geometry_inspection_{uuid.uuid4().hex}.bin")
    path.write_bytes(content)
    return {"sam3d_inspection": [{"filename": path.name, "subfolder": "", "type": "temp"}]}


def live_scene(pointmap: Pointmap) -> dict[str, list[dict[str, str]]]:
    """The ui of a node with a live control: the first frame, small, on which the page draws a quick look."""
    first = pointmap[:1].to("cpu")
    return inspection_shown(resize_pointmap(first, size_for_long_edge(first.size, LIVE_EDGE)))
