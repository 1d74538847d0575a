"""Photo cameras: the cameras of a file, given to the photos that they are of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

import torch

from ..geometry.progress import OnProgress
from ..views.known_cameras import KnownCamera, views_with_cameras
from ..views.posed import PosedViews
from ..views.view import View
from .camera_sets import PhotoCamera, read_cameras


def views_with_camera_file(views: Sequence[View], path: Path, on_progress: OnProgress | None = None) -> PosedViews:
    """Views placed by the cameras of cameras.json, transforms.json or COLMAP's text model, in the world of that file.

    By the photos' names, with or without suffix; where none of them is in the file and it has as many cameras as there are
    photos, in the order of its names. Raises CameraFileError for what is no such file, ValueError where no photo has a camera.
    """
    found = cameras_of_names([view.name for view in views], read_cameras(path), path.name)
    cameras = [
        None if c is None else KnownCamera(torch.from_numpy(c.intrinsics), torch.from_numpy(c.world_from_camera))
        for c in found
    ]
    return views_with_cameras(views, cameras, path.name, on_progress)


def cameras_of_names(names: Sequence[str], cameras: dict[str, PhotoCamera], file_name: str) -> list[PhotoCamera | None]:
    """The camera of each name, None where there is none."""
    by_stem = {PurePath(name).stem: camera for name, camera in cameras.items()}
    found = [cameras.get(name, by_stem.get(PurePath(name).stem)) for name in names]
    if any(camera is not None for camera in found):
        return found
    if len(cameras) != len(names):
        some = ", ".join(sorted(cameras)[:3])
        raise ValueError(
            f"{file_name} has {len(cameras)} cameras ({some}, ...) and {len(names)} photos came in whose names are not among them; "
            "give the photos' names in photo_names, or all photos of the file in the order of their names."
        )
    return [cameras[name] for name in sorted(cameras)]
