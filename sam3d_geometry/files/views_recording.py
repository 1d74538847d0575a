"""Rerun recording of many photos of one thing: their cameras, what each of them shows, and the surface that they have in common.

Everything is in the world of the views (OpenCV, rerun's RDF). Timeline "photo": one step for each placed photo. Entities:
world/camera with photo, depth and mask; world/photos with every camera; world/seen, the points of the photo; world/points;
world/mesh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any, BinaryIO

import numpy
import torch

from ..geometry.camera import unproject
from ..geometry.pointmap import Pointmap
from ..geometry.resize import resize_mask
from ..shapes.mesh import Mesh
from ..shapes.point_cloud import PointCloud
from ..views.posed_depth import moved
from ..views.view import View
from .rerun_recording import (
    FRUSTUM_SHARE,
    MASK_LEGEND,
    import_rerun,
    log_camera,
    log_mesh,
    log_points,
    picture_view,
    recording_into,
    viewer_layout,
)

PHOTO_TIMELINE = "photo"
PHOTOS_A_SECOND = 1.0


def write_views(
    views: Sequence[View], file: BinaryIO, mesh: Mesh | None = None, cloud: PointCloud | None = None
) -> None:
    """Placed views of one group, with the mesh and the points that were made of them where there are any, as one .rrd into an
    open file.

    ValueError where no view is placed; ImportError, one sentence, when rerun-sdk is missing.
    """
    placed = [view for view in views if view.world_from_camera is not None]
    if not placed:
        raise ValueError(f"None of the {len(views)} views is placed; there is nothing to show.")
    rerun = import_rerun()
    with recording_into(file, rerun, _photos_layout(rerun)) as recording:
        recording.log("world/camera/mask", rerun.AnnotationContext(MASK_LEGEND), static=True)
        if mesh is not None:
            log_mesh(rerun, recording, mesh, static=True)
        recording.set_time(PHOTO_TIMELINE, sequence=0)
        if cloud is not None and cloud.colours is not None:
            log_points(rerun, recording, "world/points", cloud.points, cloud.colours)
        for number, view in enumerate(placed):
            _log_frustum(rerun, recording, f"world/photos/{number + 1}", view)
        for number, view in enumerate(placed):
            recording.set_time(PHOTO_TIMELINE, sequence=number)
            _log_view(rerun, recording, view)


def _photos_layout(rerun: ModuleType) -> Any:
    pictures = [picture_view(rerun, name) for name in ("photo", "depth", "mask")]
    time = rerun.blueprint.TimePanel(state="expanded", timeline=PHOTO_TIMELINE, fps=PHOTOS_A_SECOND, loop_mode="all")
    return viewer_layout(rerun, pictures, time)


def seen_pointmap(view: View) -> Pointmap:
    """The view's pointmap at its solved camera and in the world's unit, in its camera's axes."""
    held, depth = view.pointmap, view.depth.float()
    points = unproject(depth[None], view.intrinsics[None].float())
    points = torch.where(held.mask[..., None], points, 0)
    return replace(held, points=points, intrinsics=view.intrinsics[None].float())


def _log_view(rerun: ModuleType, recording: Any, view: View) -> None:
    pose = view.world_from_camera
    assert pose is not None
    frame = seen_pointmap(view)
    mask = frame.mask[0]
    if view.mask is not None:
        mask = mask & resize_mask(view.mask[None], frame.size)[0]
    recording.log("world/camera", rerun.Transform3D(translation=pose[:3, 3].numpy(), mat3x3=pose[:3, :3].numpy()))
    log_camera(rerun, recording, frame, mask)
    log_points(rerun, recording, "world/seen", moved(frame.points[0][mask], pose), frame.image[0][mask])


def _log_frustum(rerun: ModuleType, recording: Any, entity: str, view: View) -> None:
    pose, (height, width) = view.world_from_camera, view.photo.shape[:2]
    assert pose is not None
    depth = view.depth[view.depth > 0]
    matrix = numpy.diag([width, height, 1.0]) @ view.intrinsics.numpy()
    where = rerun.Transform3D(translation=pose[:3, 3].numpy(), mat3x3=pose[:3, :3].numpy())
    lens = rerun.Pinhole(
        image_from_camera=matrix,
        resolution=[width, height],
        camera_xyz=rerun.ViewCoordinates.RDF,
        image_plane_distance=FRUSTUM_SHARE / 3 * (float(depth.median()) if depth.numel() else 1.0),
    )
    recording.log(entity, where, lens, static=True)
