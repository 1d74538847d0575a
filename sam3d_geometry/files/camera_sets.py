"""Cameras of a set of photos as files: our cameras.json, COLMAP's text model and transforms.json, written and read as data.

cameras.json   {photo file name: {size [width, height], world_from_camera 4 x 4, intrinsics 3 x 3, group, state, ...} or {reason}}.
               OpenCV axes; pixels of the photo with the first pixel's centre at 0 (each entry says so: pixel_centers "integers");
               a reader takes `K` for `intrinsics` too.
COLMAP text    cameras.txt, images.txt, points3D.txt of one group; the first pixel's centre at 0.5.
transforms     frames with transform_matrix in OpenGL's camera axes and fl_x, fl_y, cx, cy, w, h; the first pixel's centre at 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from ..geometry.axes import target_from_source
from ..geometry.plain_json import parsed_json
from ..views.posed import Group, PosedViews
from ..views.view import View

INTEGERS, HALVES = "integers", "halves"  # where the first pixel's centre lies: at 0, or at 0.5
CENTRE_OFFSETS = {INTEGERS: 0.0, HALVES: 0.5}
LARGEST_FILE = 256 << 20  # bytes that are read as a list of cameras
LENS_MODEL = "OPENCV"  # transforms.json's word for a lens with radial distortion; its camera axes are OpenGL's
COLMAP_FILES = ("cameras.txt", "images.txt", "points3D.txt")
COLMAP_PINHOLES = {
    "SIMPLE_PINHOLE": 1,
    "PINHOLE": 2,
    "SIMPLE_RADIAL": 1,
    "RADIAL": 1,
    "OPENCV": 2,
}  # focal lengths of each


class CameraFileError(ValueError):
    """A file of cameras cannot be used; the message is one sentence that says why."""


@dataclass(frozen=True)
class PhotoCamera:
    """A photo's camera.

    intrinsics         (3, 3) float64 normalised by the photo's size
    world_from_camera  (4, 4) float64 rigid, OpenCV axes
    """

    intrinsics: numpy.ndarray
    world_from_camera: numpy.ndarray


def pixel_intrinsics(view: View, centres: str = INTEGERS) -> numpy.ndarray:
    """(3, 3) the view's intrinsics in pixels of the photo's own file."""
    height, width = view.pointmap.source_size
    matrix = numpy.diag([width, height, 1.0]) @ view.intrinsics.numpy()
    matrix[:2, 2] -= 0.5 - CENTRE_OFFSETS[centres]
    return matrix


def cameras_record(posed: PosedViews) -> dict[str, dict[str, Any]]:
    """What cameras.json holds."""
    return {view.name: _entry(view) for view in posed.views}


def _entry(view: View) -> dict[str, Any]:
    if view.world_from_camera is None:
        return {"state": view.state, "reason": view.reason}
    height, width = view.pointmap.source_size
    entry: dict[str, Any] = {
        "size": [width, height],
        "world_from_camera": view.world_from_camera.tolist(),
        "intrinsics": pixel_intrinsics(view).tolist(),
        "pixel_centers": INTEGERS,
        "group": view.group,
        "state": view.state,
        "log_scale": view.log_scale,
    }
    if view.radial:
        entry["radial"] = view.radial
    if view.reason:
        entry["note"] = view.reason
    return entry


def transforms_record(posed: PosedViews, group: int = 0) -> dict[str, Any]:
    """What transforms.json holds of one group; transform_matrix is world_from_camera in OpenGL's camera axes."""
    frames = [
        transforms_frame(
            view.name,
            view.world_from_camera.numpy(),
            pixel_intrinsics(view, HALVES),
            view.pointmap.source_size,
            view.radial,
        )
        for view in posed.views
        if view.group == group and view.world_from_camera is not None
    ]
    return {"camera_model": LENS_MODEL, "frames": frames}


def transforms_frame(
    name: str, world_from_camera: numpy.ndarray, matrix: numpy.ndarray, size: tuple[int, int], radial: float = 0.0
) -> dict[str, Any]:
    """An entry of transforms.json: pose (4, 4) in OpenCV axes, intrinsics (3, 3) in pixels with the first one's centre at 0.5,
    (height, width)."""
    flip = numpy.eye(4)
    flip[:3, :3] = target_from_source("opencv", "opengl").numpy()
    return {
        "file_path": name,
        "transform_matrix": (world_from_camera @ flip).tolist(),
        "fl_x": float(matrix[0, 0]),
        "fl_y": float(matrix[1, 1]),
        "cx": float(matrix[0, 2]),
        "cy": float(matrix[1, 2]),
        "w": size[1],
        "h": size[0],
        "k1": radial,
    }


def colmap_texts(posed: PosedViews, group: int = 0) -> dict[str, str]:
    """The three files of COLMAP's text model of one group, by name; a camera for each photo."""
    members = posed.groups[group].members if group < len(posed.groups) else ()
    cameras, images = [], []
    for number, at in enumerate(members, 1):
        view = posed.views[at]
        if view.world_from_camera is None:
            continue
        height, width = view.pointmap.source_size
        matrix = pixel_intrinsics(view, HALVES)
        numbers = [matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], view.radial, 0.0, 0.0, 0.0]
        cameras.append(f"{number} OPENCV {width} {height} {' '.join(map(repr, map(float, numbers)))}")
        pose = numpy.linalg.inv(view.world_from_camera.numpy())
        quaternion = quaternion_wxyz(pose[:3, :3])
        line = " ".join(repr(float(x)) for x in (*quaternion, *pose[:3, 3]))
        images.append(f"{number} {line} {number} {view.name}")
        images.append(_seen_line(posed.groups[group], at, (width, height)))
    return dict(zip(COLMAP_FILES, ("\n".join(lines) + "\n" for lines in (cameras, images, _point_lines(posed, group)))))


def _seen_line(group: Group, at: int, size: tuple[int, int]) -> str:
    mine = group.seen[:, 0] == at
    places = group.places[mine] * size
    return " ".join(f"{x:.3f} {y:.3f} {point + 1}" for (x, y), point in zip(places, group.seen[mine, 1]))


def _point_lines(posed: PosedViews, number: int) -> list[str]:
    """Points that are seen, with a track of (image, place in its list) pairs; their colour is not kept: gray."""
    if number >= len(posed.groups):
        return []
    group = posed.groups[number]
    image_of = {at: k for k, at in enumerate(group.members, 1)}
    tracks: dict[int, list[str]] = {}
    counts: dict[int, int] = {}
    for view, point in group.seen.tolist():
        at = counts.get(view, 0)
        counts[view] = at + 1
        tracks.setdefault(point, []).append(f"{image_of[view]} {at}")
    return [
        f"{point + 1} {' '.join(repr(float(x)) for x in group.points[point])} 128 128 128 0 {' '.join(track)}"
        for point, track in sorted(tracks.items())
    ]


def quaternion_wxyz(rotation: numpy.ndarray) -> numpy.ndarray:
    """(3, 3) rotation -> its quaternion (4,), w first and not negative."""
    from scipy.spatial.transform import Rotation

    x, y, z, w = Rotation.from_matrix(rotation).as_quat()
    return numpy.array([w, x, y, z]) * (1 if w >= 0 else -1)


def read_cameras(path: Path, sizes: Mapping[str, tuple[int, int]] | None = None) -> dict[str, PhotoCamera]:
    """Cameras by photo file name, from cameras.json, transforms.json or a folder with COLMAP's text model.

    `sizes` are the photos' (width, height) by name, for entries of a cameras.json that do not say theirs. Entries without a pose are left out. Raises CameraFileError, one sentence, for what is none of these.
    """
    try:
        if path.is_dir():
            return _from_colmap(path)
        if path.stat().st_size > LARGEST_FILE:
            raise CameraFileError(f"{path} is larger than a list of cameras can be.")
        record = parsed_json(path.read_bytes())
        if isinstance(record, dict) and isinstance(record.get("frames"), list):
            return _from_transforms(record)
        found = {name: _from_entry(entry, name, sizes or {}) for name, entry in record.items() if _has_pose(entry)}
    except CameraFileError:
        raise
    except FileNotFoundError as error:
        raise CameraFileError(f"{error.filename or path}: there is no such file.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise CameraFileError(
            f"{path} is no list of cameras ({type(error).__name__}: {error}); cameras.json, transforms.json or a folder with "
            "COLMAP's cameras.txt and images.txt is needed."
        ) from error
    if not found:
        raise CameraFileError(f"{path} has no camera with a pose in it.")
    return found


def _photo_camera(pixels: numpy.ndarray, size: tuple[float, float], pose: Any, centres: str) -> PhotoCamera:
    """A camera from intrinsics (3, 3) in pixels, (width, height), and world_from_camera in OpenCV axes."""
    matrix, pose = numpy.array(pixels, float), numpy.array(pose, float)
    if pose.shape == (3, 4):
        pose = numpy.concatenate([pose, [[0, 0, 0, 1.0]]])
    if (
        matrix.shape != (3, 3)
        or pose.shape != (4, 4)
        or not (numpy.isfinite(matrix).all() and numpy.isfinite(pose).all())
    ):
        raise ValueError(f"a camera has intrinsics {matrix.shape} and a pose {pose.shape}")
    if min(size) < 1 or min(matrix[0, 0], matrix[1, 1]) <= 0:
        raise ValueError(f"a camera has size {size} and focal lengths {matrix[0, 0]:g}, {matrix[1, 1]:g}")
    if not numpy.allclose(pose[:3, :3] @ pose[:3, :3].T, numpy.eye(3), atol=1e-2):
        raise ValueError("a pose is not a rotation and a place")
    u, _, v = numpy.linalg.svd(pose[:3, :3])
    pose[:3, :3] = u @ v  # files have few digits
    matrix[:2, 2] += 0.5 - CENTRE_OFFSETS[centres]
    return PhotoCamera(numpy.diag([1 / size[0], 1 / size[1], 1.0]) @ matrix, pose)


def _has_pose(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("world_from_camera") is not None


def _from_entry(entry: dict[str, Any], name: str, sizes: Mapping[str, tuple[int, int]]) -> PhotoCamera:
    matrix = entry["intrinsics"] if "intrinsics" in entry else entry["K"]
    if "size" not in entry and name not in sizes:
        raise ValueError(f"{name} says no size, and there is no photo of this name")
    width, height = entry["size"] if "size" in entry else sizes[name]
    return _photo_camera(matrix, (width, height), entry["world_from_camera"], entry.get("pixel_centers", INTEGERS))


def _from_transforms(record: dict[str, Any]) -> dict[str, PhotoCamera]:
    flip = numpy.eye(4)
    flip[:3, :3] = target_from_source("opengl", "opencv").numpy()
    found = {}
    for frame in record["frames"]:
        told = {**record, **frame}
        width, height = told["w"], told["h"]
        focal = told["fl_x"] if "fl_x" in told else 0.5 * width / numpy.tan(told["camera_angle_x"] / 2)
        matrix = numpy.array(
            [
                [focal, 0, told.get("cx", width / 2)],
                [0, told.get("fl_y", focal), told.get("cy", height / 2)],
                [0, 0, 1.0],
            ]
        )
        pose = numpy.array(frame["transform_matrix"], float) @ flip
        found[Path(frame["file_path"]).name] = _photo_camera(matrix, (width, height), pose, HALVES)
    return found


def _from_colmap(folder: Path) -> dict[str, PhotoCamera]:
    from scipy.spatial.transform import Rotation

    cameras = {}
    for line in _lines_of_values(folder / "cameras.txt"):
        number, model, width, height, *numbers = line.split()
        if model not in COLMAP_PINHOLES:
            raise CameraFileError(
                f"{folder} has a camera of the model {model}; one of {', '.join(COLMAP_PINHOLES)} is read."
            )
        values = [float(x) for x in numbers]
        focal = values[: COLMAP_PINHOLES[model]]
        cx, cy = values[len(focal) : len(focal) + 2]
        matrix = numpy.array([[focal[0], 0, cx], [0, focal[-1], cy], [0, 0, 1.0]])
        cameras[number] = matrix, (float(width), float(height))
    found = {}
    for line in _image_lines(folder / "images.txt"):
        words = line.split(maxsplit=9)
        w, x, y, z, *shift = (float(word) for word in words[1:8])
        pose = numpy.eye(4)
        pose[:3, :3] = Rotation.from_quat([x, y, z, w]).as_matrix()
        pose[:3, 3] = shift
        matrix, size = cameras[words[8]]
        found[Path(words[9].strip()).name] = _photo_camera(matrix, size, numpy.linalg.inv(pose), HALVES)
    return found


def _lines_of_values(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]


def _image_lines(path: Path) -> list[str]:
    """Every second line of images.txt: the others list places, and may be empty."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [line for line in lines[::2] if line.strip()]
