"""Rerun recording of an object's completion: photo, box, mask, depth and seen points, then what each pass of the sweep added.

Everything is in the photo's camera axes (OpenCV, rerun's RDF) and the pointmap's unit, so that seen and added points lie on one
another. Timeline "pass": 0 is what the photo shows, 1 and on the passes; with the last comes the finished mesh. Entities:
world/camera with photo, box, mask and depth; world/seen; world/volume; world/completed; world/mesh; report.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, BinaryIO

from ..geometry.crop import bounding_window
from ..geometry.pointmap import Pointmap
from ..views.completion import Completion
from .rerun_recording import (
    MASK_LEGEND,
    import_rerun,
    log_camera,
    log_mesh,
    log_points,
    picture_view,
    recording_into,
    viewer_layout,
)

TIMELINE = "pass"
PASSES_A_SECOND = 2.0
OBJECT_LEGEND = [(0, "not the object", MASK_LEGEND[0][2]), (1, "object", MASK_LEGEND[1][2])]


def completion_facts(found: Completion) -> dict[str, Any]:
    """What the JSON beside a recording says."""
    return {
        "format": "sam3d-geometry completion recording 1",
        "passes": found.sweep.total,
        "unit": "metre" if found.mesh.metric else "unknown",
        "axes": "OpenCV: x right, y down, z forward",
        "report": found.describe(),
    }


def write_completion(found: Completion, pointmap: Pointmap, file: BinaryIO) -> None:
    """A completed object and the pointmap of one frame that it was completed from, as one .rrd into an open file.

    ValueError where the pointmap is another photo's; ImportError, one sentence, when rerun-sdk is missing.
    """
    size = tuple(found.selection.shape)
    if len(pointmap) != 1 or pointmap.size != size:
        raise ValueError(
            f"The pointmap has {len(pointmap)} frames of {pointmap.size[1]} x {pointmap.size[0]} and the object was completed from "
            f"one of {size[1]} x {size[0]}; wire the pointmap that Complete Object has too."
        )
    rerun = import_rerun()
    with recording_into(file, rerun, _object_layout(rerun)) as recording:
        recording.log("world/camera/mask", rerun.AnnotationContext(OBJECT_LEGEND), static=True)
        recording.set_time(TIMELINE, sequence=0)
        _log_seen(rerun, recording, found, pointmap.to("cpu"))
        for number, reached in enumerate(found.sweep.reached, 1):
            recording.set_time(TIMELINE, sequence=number)
            points, colours = found.sweep.points[:reached], found.sweep.colours[:reached]
            log_points(rerun, recording, "world/completed", points, colours)
        log_mesh(rerun, recording, found.mesh)


def _object_layout(rerun: ModuleType) -> Any:
    views = rerun.blueprint
    beside = [
        picture_view(rerun, "photo", "box"),
        picture_view(rerun, "depth"),
        picture_view(rerun, "mask"),
        views.TextDocumentView(origin="report", name="report"),
    ]
    time = views.TimePanel(state="expanded", timeline=TIMELINE, fps=PASSES_A_SECOND, loop_mode="all")
    return viewer_layout(rerun, beside, time)


def _log_seen(rerun: ModuleType, recording: Any, found: Completion, frame: Pointmap) -> None:
    """What the photo shows."""
    log_camera(rerun, recording, frame, found.selection)
    window = bounding_window(found.selection)
    assert window is not None
    box = [window.left, window.top, window.left + window.width, window.top + window.height]
    recording.log("world/camera/box", rerun.Boxes2D(array=[box], array_format=rerun.Box2DFormat.XYXY))
    assert found.seen.colours is not None
    log_points(rerun, recording, "world/seen", found.seen.points, found.seen.colours)
    low, high = found.sweep.low.numpy(), found.sweep.high.numpy()
    recording.log("world/volume", rerun.Boxes3D(centers=[(low + high) / 2], half_sizes=[(high - low) / 2]))
    recording.log("report", rerun.TextDocument(found.describe()))
