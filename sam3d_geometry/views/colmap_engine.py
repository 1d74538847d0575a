"""COLMAP's engine: cameras of photos by incremental reconstruction (Schoenberger and Frahm, 2016), where pycolmap is installed.

It wants many sharp photos; of few, of little texture, of clips and of turns on the spot our own engine makes more.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import torch

from ..geometry.colour import eight_bit
from ..geometry.progress import OnProgress
from .edges import SURE_INLIERS
from .known_cameras import KnownCamera, views_with_cameras
from .lenses import lenses_of
from .posed import Group, PosedViews
from .poses import PoseSettings, pose_views
from .sources import same_pictures
from .view import View

AUTO, OWN, COLMAP = ENGINES = ("auto", "own", "pycolmap")
ENOUGH_PHOTOS = 5  # from which on auto asks it: with fewer our own engine is as good and quicker
LEAST_REGISTERED = 3  # photos of a part that it has a word about
STAGES = 4
SOURCE = "pycolmap"
QUIET = 3  # of its log: fatal errors only


@dataclass(frozen=True)
class _Found:
    """The cameras of one part of the photos, by the index of the view, with the points that hold each and its lens's radial."""

    cameras: dict[int, KnownCamera]
    points: dict[int, int]
    radials: dict[int, float]


def posed_by_engine(
    views: Sequence[View], engine: str, settings: PoseSettings, on_progress: OnProgress | None = None
) -> PosedViews:
    """Cameras of photos by one of ENGINES; auto takes pycolmap's where it is installed, the photos are enough for it and it places
    as many of them as ours does."""
    if engine not in ENGINES:
        raise ValueError(f"The engine came as {engine!r}; choose one of {', '.join(ENGINES)}.")
    if engine == COLMAP:
        return colmap_views(views, settings, on_progress)
    if engine == OWN or find_spec("pycolmap") is None or len(views) < ENOUGH_PHOTOS or settings.ordered:
        return pose_views(views, settings, on_progress)
    theirs = colmap_views(views, settings, on_progress)
    if len(theirs.groups) == 1 and len(theirs.placed) == len(views) and not any(v.reason for v in theirs.views):
        return theirs
    ours = pose_views(views, settings, on_progress)
    return max((ours, theirs), key=_sure_places)


def _sure_places(posed: PosedViews) -> int:
    """Views of the largest group of whose place nothing is said to be weak."""
    return sum(view.group == 0 and not view.reason for view in posed.views)


def import_pycolmap() -> ModuleType:
    """pycolmap, imported when first needed; ImportError in one sentence without it."""
    try:
        import pycolmap
    except ImportError as error:
        raise ImportError(
            "The engine pycolmap needs the Python package pycolmap; install it with: pip install pycolmap"
        ) from error
    return pycolmap


def colmap_views(views: Sequence[View], settings: PoseSettings, on_progress: OnProgress | None = None) -> PosedViews:
    """Views placed by COLMAP, in the axes of each group's first camera and the median unit of its pointmaps.

    Photos that it does not register keep the state `not placed`. ImportError where pycolmap or OpenCV is missing; ValueError
    for fewer than two photos.
    """
    pycolmap = import_pycolmap()
    if len(views) < 2:
        raise ValueError(f"{len(views)} photo came in; poses need at least two photos of one thing.")
    tell = on_progress or (lambda done, total: None)
    copies = same_pictures(views)
    blank = [replace(v, world_from_camera=None, state="not placed", reason="", group=None) for v in views]
    with tempfile.TemporaryDirectory() as folder:
        found = _reconstructed(pycolmap, blank, copies, settings, Path(folder), tell)
    posed, groups, pairs = list(blank), [], []
    for number, part in enumerate(found):
        inside = sorted(part.cameras)
        placed = views_with_cameras([blank[at] for at in inside], [part.cameras[at] for at in inside], SOURCE)
        for at, view in zip(inside, _in_own_unit(placed.views)):
            few = part.points[at] < SURE_INLIERS
            said = f"weak: only {part.points[at]} points hold it" if few else view.reason
            posed[at] = replace(view, group=number, reason=said, radial=part.radials[at])
        groups.append(Group.without_points(tuple(inside)))
        pairs += placed.pairs
    for at, view in enumerate(posed):
        if view.world_from_camera is None:
            said = (
                f"it is the same picture as {views[copies[at]].name}" if at in copies else "pycolmap could not place it"
            )
            posed[at] = replace(view, reason=said)
    tell(STAGES, STAGES)
    return PosedViews(tuple(posed), tuple(groups), tuple(pairs), source=SOURCE)


def _reconstructed(
    pycolmap: Any,
    views: Sequence[View],
    copies: dict[int, int],
    settings: PoseSettings,
    folder: Path,
    tell: OnProgress,
) -> list[_Found]:
    """The parts that COLMAP puts together, the largest first."""
    pycolmap.logging.minloglevel = QUIET
    names = _written(pycolmap, views, copies, settings, folder)
    tell(1, STAGES)
    pictures, database = folder / "photos", folder / "database.db"
    reading = pycolmap.ImageReaderOptions()
    reading.camera_model = "SIMPLE_RADIAL"
    if (folder / "masks").exists():
        reading.mask_path = str(folder / "masks")
    extraction = pycolmap.FeatureExtractionOptions()
    extraction.max_image_size = settings.long_edge if settings.long_edge > 1024 else 1600
    cpu = pycolmap.Device.cpu
    per_lens = pycolmap.CameraMode.PER_FOLDER
    pycolmap.extract_features(
        *(database, pictures), camera_mode=per_lens, reader_options=reading, extraction_options=extraction, device=cpu
    )
    tell(2, STAGES)
    pycolmap.match_exhaustive(database, device=cpu)
    tell(3, STAGES)
    parts = pycolmap.incremental_mapping(database, pictures, folder).values()
    found = [_found_cameras(part, names) for part in parts]
    return sorted(
        (part for part in found if len(part.cameras) >= LEAST_REGISTERED), key=lambda part: -len(part.cameras)
    )


def _written(
    pycolmap: Any, views: Sequence[View], copies: dict[int, int], settings: PoseSettings, folder: Path
) -> dict[str, int]:
    """Writes photos, and masks where there are any, a folder for each lens: {name: index of the view}."""
    names = {}
    for number, lens in enumerate(lenses_of(views, settings.one_lens)):
        for at in lens.views:
            if at in copies:
                continue
            name = f"{number}/{at:05d}.png"
            names[name] = at
            _write_png(pycolmap, eight_bit(views[at].photo).numpy(), folder / "photos" / name)
            mask = views[at].mask
            if mask is not None:
                _write_png(pycolmap, mask.numpy().astype(numpy.uint8) * 255, folder / "masks" / f"{name}.png")
    return names


def _write_png(pycolmap: Any, pixels: numpy.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pycolmap.Bitmap.from_array(numpy.ascontiguousarray(pixels)).write(str(path))


def _found_cameras(part: Any, names: dict[str, int]) -> _Found:
    cameras, points, radials = {}, {}, {}
    for image in part.images.values():
        if not image.has_pose or image.name not in names:
            continue
        camera, at = part.cameras[image.camera_id], names[image.name]
        pose = numpy.eye(4)
        pose[:3] = image.cam_from_world().inverse().matrix()
        intrinsics = numpy.diag([1 / camera.width, 1 / camera.height, 1.0]) @ camera.calibration_matrix()
        cameras[at] = KnownCamera(torch.from_numpy(intrinsics), torch.from_numpy(pose))
        points[at], radials[at] = int(image.num_points3D), float(camera.params[3])
    return _Found(cameras, points, radials)


def _in_own_unit(views: Sequence[View]) -> list[View]:
    """Views in the axes of the first camera and the unit that their pointmaps have on their median."""
    first = views[0].world_from_camera
    assert first is not None
    usual = float(numpy.median([view.log_scale for view in views]))
    back, moved = torch.linalg.inv(first), []
    for view in views:
        pose = view.world_from_camera
        assert pose is not None
        pose = back @ pose
        pose[:3, 3] *= float(numpy.exp(-usual))
        moved.append(replace(view, world_from_camera=pose, log_scale=view.log_scale - usual, focal_spread=None))
    return moved
