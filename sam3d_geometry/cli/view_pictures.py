"""Pictures from new cameras as the command for views writes them: a ring about an object, or the way along the photos of a scene."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ..files.whole_files import Writer
from ..geometry.colour import eight_bit
from ..geometry.progress import OnProgress
from ..geometry.resize import size_for_long_edge
from ..shapes.mesh import Mesh
from ..views.novel_cameras import RING, NovelCamera, RigSettings, cameras_about, cameras_along
from ..views.novel_views import novel_views
from ..views.posed_depth import moved
from ..views.upright import turn_upright
from ..views.view import View
from .photo_products import write_picture
from .view_record import finite

PICTURE_LONG_EDGE = 1024  # pixels
RING_ELEVATION = 15.0  # degrees that the cameras of a ring look down


def novel_names(count: int) -> list[str]:
    """The files of `count` pictures: each, and its holes."""
    return [name for k in range(count) for name in (f"novel_{k + 1:02d}.png", f"novel_{k + 1:02d}_holes.png")]


def novel_pictures(
    views: Sequence[View], mesh: Mesh, count: int, on_progress: OnProgress
) -> tuple[dict[str, Writer], list[dict[str, Any]]]:
    """Writers of `count` pictures from new cameras and of their holes, and what the report says of each.

    Where all photos have a mask the cameras go about the object, upright; else along the way of the photos' own cameras.
    """
    cameras, size = _cameras(views, mesh, count)
    writers: dict[str, Writer] = {}
    told = []
    names = novel_names(count)
    for k, (camera, made) in enumerate(zip(cameras, novel_views(mesh, views, cameras, size))):
        picture, holes = names[2 * k : 2 * k + 2]
        writers[picture] = partial(write_picture, eight_bit(made.image).numpy())
        writers[holes] = partial(write_picture, eight_bit(made.holes).numpy())
        told.append(
            {
                "file": picture,
                "world_from_camera": camera.world_from_camera.tolist(),
                "intrinsics_normalized": camera.intrinsics.tolist(),
                "told_by_photos": finite(made.told),
            }
        )
        on_progress(k + 1, count)
    return writers, told


def _cameras(views: Sequence[View], mesh: Mesh, count: int) -> tuple[list[NovelCamera], tuple[int, int]]:
    height, width = views[0].photo.shape[:2]
    if not all(view.mask is not None for view in views):
        return cameras_along(views, count), size_for_long_edge(
            (height, width), min(max(height, width), PICTURE_LONG_EDGE)
        )
    edge = min(max(height, width), PICTURE_LONG_EDGE)
    turn, first = turn_upright(views), views[0].world_from_camera
    assert first is not None
    rig = RigSettings(RING, count, RING_ELEVATION, 0.0, (edge, edge))
    about = cameras_about(moved(mesh.vertices, turn), turn @ first, rig)
    back = turn.inverse()
    return [NovelCamera(c.name, back @ c.world_from_camera, c.intrinsics) for c in about], (edge, edge)
