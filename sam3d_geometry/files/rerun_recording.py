"""Rerun recordings: photo, depth, mask, points, mesh and camera of every frame on a timeline, to step through in a viewer.

Axes are OpenCV's (rerun calls them RDF), lengths are in the pointmap's unit. Entities: world/camera with photo, depth and
mask; world/points; world/mesh.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy
import torch

from ..geometry.camera import intrinsics_of_part
from ..geometry.colour import eight_bit
from ..geometry.normals import surface_normals
from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from ..maps.depth import depth_range
from ..shapes.decimation import sample_picture
from ..shapes.mesh import Mesh, vertex_normals
from ..shapes.triangulation import triangulate

APPLICATION = "sam3d_geometry"
OLDEST_RERUN = (0, 28)
POINT_RADIUS = 1.5  # on the screen, so that points show at any distance
FRUSTUM_SHARE = 0.25  # depth of the drawn camera, of the median depth
PHOTO_QUALITY = 92
MASK_LEGEND = [(0, "no geometry", (40, 40, 40)), (1, "geometry", (240, 240, 240))]
COPIED_AT_ONCE = 1 << 20
NOT_IN_3D = ("world/camera/depth", "world/camera/mask")


def import_rerun() -> ModuleType:
    """rerun, imported when first needed: everything else works without it."""
    try:
        import rerun
        import rerun.blueprint
    except ImportError as error:
        raise ImportError(
            "A recording needs the Python package rerun-sdk; install it with: pip install rerun-sdk"
        ) from error
    if tuple(int(part) for part in rerun.__version__.split(".")[:2]) < OLDEST_RERUN:
        raise ImportError(
            f"rerun-sdk {rerun.__version__} is too old to write recordings here; update it with: pip install -U rerun-sdk"
        )
    return rerun


def viewer_layout(rerun: ModuleType, beside: Sequence[Any], time: Any) -> Any:
    """What the viewer opens with: the scene at the left, the views `beside` it at the right, and the time panel below."""
    views = rerun.blueprint
    scene = views.Spatial3DView(
        origin="world", contents=["$origin/**", *(f"- {path}" for path in NOT_IN_3D)], name="scene"
    )
    return views.Blueprint(
        views.Horizontal(scene, views.Vertical(*beside), column_shares=[3, 1]),
        views.BlueprintPanel(state="collapsed"),
        views.SelectionPanel(state="collapsed"),
        time,
        auto_views=False,
    )


def picture_view(rerun: ModuleType, name: str, *over: str) -> Any:
    """A view of one of the camera's pictures, with the entities `over` it."""
    contents = [f"$origin/{entity}" for entity in (name, *over)]
    return rerun.blueprint.Spatial2DView(origin="world/camera", contents=contents, name=name)


def _scene_layout(rerun: ModuleType, frames: int, frame_rate: float) -> Any:
    pictures = [picture_view(rerun, name) for name in ("photo", "depth", "mask")]
    state = "expanded" if frames > 1 else "collapsed"
    time = rerun.blueprint.TimePanel(state=state, timeline="frame", fps=frame_rate, loop_mode="all")
    return viewer_layout(rerun, pictures, time)


@contextmanager
def recording_into(file: BinaryIO, rerun: ModuleType, layout: Any) -> Iterator[Any]:
    """A recording stream in OpenCV axes; what is logged to it is in the open file afterwards."""
    recording = rerun.RecordingStream(APPLICATION)
    # rerun writes only to a path of its own
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.rrd"
        try:
            recording.save(path, default_blueprint=layout)
            recording.log("world", rerun.ViewCoordinates.RDF, static=True)
            yield recording
        finally:
            recording.disconnect()
        with path.open("rb") as written:
            shutil.copyfileobj(written, file, COPIED_AT_ONCE)


def log_camera(rerun: ModuleType, recording: Any, frame: Pointmap, mask: torch.Tensor) -> None:
    """Camera, photo, depth and a mask (H, W) bool of one frame of a pointmap, on the CPU, at the recording's present time."""
    log = recording.log
    height, width = frame.size
    depth = frame.depth[0]
    valid = depth[frame.mask[0]]
    shown = depth_range(frame, "per frame", clip_percent=1).limits
    scale = torch.tensor([[width], [height], [1.0]])
    log(
        "world/camera",
        rerun.Pinhole(
            image_from_camera=(frame.intrinsics[0] * scale).numpy(),
            resolution=[width, height],
            camera_xyz=rerun.ViewCoordinates.RDF,
            image_plane_distance=FRUSTUM_SHARE * (float(valid.median()) if valid.numel() else 1.0),
        ),
    )
    log("world/camera/photo", rerun.Image(eight_bit(frame.image[0]).numpy()).compress(jpeg_quality=PHOTO_QUALITY))
    log("world/camera/depth", rerun.DepthImage(depth.numpy(), meter=1.0, depth_range=shown if shown[1] else (0.0, 1.0)))
    log("world/camera/mask", rerun.SegmentationImage(mask.to(torch.uint8).numpy()))


def log_points(rerun: ModuleType, recording: Any, entity: str, points: torch.Tensor, colours: torch.Tensor) -> None:
    """Points (N, 3) with colours (N, 3) in [0, 1] at the recording's present time."""
    radii = rerun.Radius.ui_points(POINT_RADIUS)
    recording.log(entity, rerun.Points3D(points.numpy(), colors=eight_bit(colours).numpy(), radii=radii))


def log_mesh(rerun: ModuleType, recording: Any, mesh: Mesh, static: bool = False) -> None:
    """A mesh in the recording's axes, lit, with its own colours or those of its texture, at the present time or at all times."""
    colours = mesh.colours
    if colours is None and mesh.texture is not None and mesh.uvs is not None:
        colours = sample_picture(mesh.texture, mesh.uvs.clamp(0, 1))
    recording.log(
        "world/mesh",
        rerun.Mesh3D(
            vertex_positions=mesh.vertices.numpy(),
            triangle_indices=mesh.faces.numpy().astype(numpy.uint32),
            vertex_normals=vertex_normals(mesh.vertices, mesh.faces).numpy(),
            vertex_colors=None if colours is None else eight_bit(colours).numpy(),
        ),
        static=static,
    )


def _log_surface(rerun: ModuleType, recording: Any, frame: Pointmap, max_points: int, wants_mesh: bool) -> None:
    log = recording.log
    stride = math.ceil(math.sqrt(max(1, int(frame.mask.sum())) / max_points))
    thin = (slice(min(stride // 2, min(frame.size) - 1), None, stride),) * 2
    points, mask, colours = frame.points[0][thin], frame.mask[0][thin], frame.image[0][thin]
    log_points(rerun, recording, "world/points", points[mask], colours[mask])
    if not wants_mesh:
        return
    height, width = mask.shape
    camera = intrinsics_of_part(frame.intrinsics[0], frame.size, (height, width), stride=stride)
    found = triangulate(points[..., 2], mask, camera)
    if not len(found.faces):
        log("world/mesh", rerun.Clear(recursive=False))
        return
    normals = surface_normals(frame)[0][thin]
    log(
        "world/mesh",
        rerun.Mesh3D(
            vertex_positions=points.reshape(-1, 3)[found.pixels].numpy(),
            triangle_indices=found.faces.numpy().astype(numpy.uint32),
            vertex_normals=normals.reshape(-1, 3)[found.pixels].numpy(),
            vertex_colors=eight_bit(colours).reshape(-1, 3)[found.pixels].numpy(),
        ),
    )


def recording_facts(pointmap: Pointmap, frame_rate: float) -> dict[str, Any]:
    """What the JSON beside a recording says."""
    return {
        "format": "sam3d-geometry recording 1",
        "frames": len(pointmap),
        "frame_rate": frame_rate,
        "unit": "metre" if pointmap.metric else "unknown",
        "axes": "OpenCV: x right, y down, z forward",
    }


def write_recording(
    pointmap: Pointmap,
    file: BinaryIO,
    frame_rate: float = 24.0,
    max_points: int = 200_000,
    mesh: bool = True,
    on_progress: OnProgress | None = None,
) -> None:
    """The frames of a pointmap, at the size it is held at, as one .rrd into an open file.

    `frame_rate` is for the timeline "time"; points and `mesh` are thinned to every n-th row and column until a frame has no
    more than `max_points`. ImportError, one sentence, when rerun-sdk is missing.
    """
    if not 0 < frame_rate < math.inf:
        raise ValueError(f"The frame rate came as {frame_rate:g}; it must be greater than 0.")
    if max_points < 1:
        raise ValueError(f"max_points came as {max_points}; at least 1 is needed.")
    rerun = import_rerun()
    with recording_into(file, rerun, _scene_layout(rerun, len(pointmap), frame_rate)) as recording:
        recording.log("world/camera/mask", rerun.AnnotationContext(MASK_LEGEND), static=True)
        for i in range(len(pointmap)):
            recording.set_time("frame", sequence=i)
            recording.set_time("time", duration=i / frame_rate)
            frame = pointmap[i].to("cpu")
            log_camera(rerun, recording, frame, frame.mask[0])
            _log_surface(rerun, recording, frame, max_points, mesh)
            if on_progress is not None:
                on_progress(i + 1, len(pointmap))
