"""Posed views on wires: where their cameras come from, and what core's 3D nodes get of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from comfy_api.latest import io

from ..sam3d_geometry.effects.camera.camera_path import path_from_json
from ..sam3d_geometry.files.photo_cameras import views_with_camera_file
from ..sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics
from ..sam3d_geometry.geometry.resize import Size, size_for_long_edge
from ..sam3d_geometry.shapes.mesh import Mesh
from ..sam3d_geometry.views.colmap_engine import ENGINES, OWN, posed_by_engine
from ..sam3d_geometry.views.novel_cameras import NovelCamera, RigSettings, cameras_about, cameras_on_path
from ..sam3d_geometry.views.novel_views import NovelView
from ..sam3d_geometry.views.posed import PosedViews
from ..sam3d_geometry.views.poses import PoseSettings
from ..sam3d_geometry.views.ring import guessed_ring
from ..sam3d_geometry.views.view import View
from . import host, host_chunks, host_folders
from .load3d import load3d_camera
from .sockets import require_option
from .vocabulary import VOCABULARY

ViewsType = io.Custom("SAM3D_VIEWS")
BY_PHOTOS, BY_FILE, BY_RING = CAMERAS_FROM = VOCABULARY["cameras_from"].options
CLIP_ROOM = 4.0  # how far the clipping planes of a 3D camera stand off what it sees, as a factor


def posed_by(
    cameras_from: str,
    views: list[View],
    settings: PoseSettings,
    path: str,
    ring: tuple[float, float],
    engine: str = OWN,
) -> PosedViews:
    """Views with the cameras of one of CAMERAS_FROM; `ring` is its sweep and elevation in degrees, `engine` what finds them from
    photos.

    What was to be said of a photo before, of its mask, is said beside what is said of its camera.
    """
    require_option("cameras_from", cameras_from, CAMERAS_FROM)
    require_option("engine", engine, ENGINES)
    if cameras_from == BY_FILE and not path.strip():
        raise ValueError(
            "path is empty; name cameras.json, transforms.json or a folder with COLMAP's text files, or set cameras_from to photos."
        )
    with host_chunks.cancellable(1) as on_progress:
        ways: dict[str, Callable[[], PosedViews]] = {
            BY_PHOTOS: lambda: posed_by_engine(views, engine, settings, on_progress),
            BY_FILE: lambda: views_with_camera_file(
                views, host_folders.readable_path(path.strip(), "input"), on_progress
            ),
            BY_RING: lambda: guessed_ring(views, *ring),
        }
        posed = ways[cameras_from]()
    both = ["; ".join(filter(None, (v.reason, said.reason))) for v, said in zip(posed.views, views)]
    return replace(posed, views=tuple(replace(v, reason=reason) for v, reason in zip(posed.views, both)))


def require_views(views: object) -> PosedViews:
    """What came in on an input `views`; ValueError in one sentence where it is something else."""
    if not hasattr(views, "groups") or not hasattr(views, "views"):
        raise ValueError(f"Input views came as {type(views).__name__}; wire Pose Views to it.")
    return views  # pyright: ignore[reportReturnType]


def largest_group(posed: PosedViews) -> list[View]:
    """The views of the largest group, in their order; none where no view has a camera."""
    return [posed.views[at] for at in sorted(posed.groups[0].members)] if posed.groups else []


def cameras_and_photos(posed: PosedViews) -> tuple[list, object]:
    """LOAD3D_CAMERA of each view of the largest group, and their photos (B, H, W, 3) in the same order.

    Nothing, with the reason, where no view has a camera.
    """
    members = largest_group(posed)
    if not members:
        reason = "None of the photos has a camera; read the report of Pose Views."
        return [host.nothing(reason)], host.nothing(reason)
    return [camera_of(view) for view in members], torch.stack([view.photo for view in members])


def camera_of(view: View) -> dict:
    """LOAD3D_CAMERA of a placed view, which looks at the middle of the depths that it sees."""
    depth, pose = view.depth[view.depth > 0], view.world_from_camera
    assert pose is not None
    near, middle, far = (float(depth.quantile(share)) for share in (0.01, 0.5, 0.99)) if len(depth) else (1.0,) * 3
    height, width = view.photo.shape[:2]
    return load3d_camera(
        pose,
        target_distance=middle,
        fov_y_degrees=float(fov_degrees_from_intrinsics(view.intrinsics[None])[1][0]),
        aspect=width / height,
        near=near / CLIP_ROOM,
        far=far * CLIP_ROOM,
    )


def novel_camera(camera: NovelCamera, made: NovelView) -> dict:
    """LOAD3D_CAMERA of a picture that was made, which looks at the middle of the surface that it shows."""
    depth = made.depth[made.depth > 0]
    near, middle, far = (float(f(depth)) for f in (torch.min, torch.median, torch.max)) if len(depth) else (1.0,) * 3
    return load3d_camera(
        camera.world_from_camera,
        target_distance=middle,
        fov_y_degrees=float(fov_degrees_from_intrinsics(camera.intrinsics[None])[1][0]),
        aspect=made.depth.shape[1] / made.depth.shape[0],
        near=near / CLIP_ROOM,
        far=far * CLIP_ROOM,
    )


def novel_rig(posed: PosedViews, mesh: Mesh, settings: RigSettings, path: str) -> tuple[list[NovelCamera], Size]:
    """Cameras of a rig about the mesh, or of a camera path as text that begins at the first placed photo, and their pictures' size."""
    members = largest_group(posed)
    if not members:
        raise ValueError("None of the photos has a camera; read the report of Pose Views.")
    first = members[0]
    assert first.world_from_camera is not None
    if not path.strip():
        return cameras_about(mesh.vertices, first.world_from_camera, settings), settings.size
    size = size_for_long_edge((first.photo.shape[0], first.photo.shape[1]), max(settings.size))
    return cameras_on_path(first, path_from_json(path, settings.frames)), size
