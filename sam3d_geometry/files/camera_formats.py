"""Files of a camera for other programs: GLB, transforms.json, Nuke's .chan, and keyframes to paste into After Effects.

glb            glTF's camera, with keyframes where it moves; y up
json           transforms.json as NeRF and splat trainers read it: world_from_camera with OpenGL's camera axes, pixels
chan           a line for each frame: number, tx ty tz, rx ry rz, vertical field of view, in OpenGL's axes and degrees with
               R = Ry Rx Rz, which Nuke calls ZXY and its cameras have unless told otherwise
after effects  Keyframe Data of position, orientation and zoom of a camera layer: y down, z into the scene, R = Rx Ry Rz,
               UNIT_PIXELS to the world's unit, and the composition's middle where the world's origin is
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

import numpy

from .. import __version__
from .animated_glb import write_animated_glb
from .camera_sets import LENS_MODEL, transforms_frame
from .camera_suffixes import CAMERA_FORMATS, CAMERA_SUFFIXES
from .camera_track import CameraTrack, unwrapped_angles
from .whole_files import Writer

UNIT_PIXELS = 100.0  # After Effects' pixels to a unit of the world: rooms in metres are as large as compositions
FIRST_FRAME = 1  # of Nuke's timeline


def _note_of_track(track: CameraTrack) -> dict[str, Any]:
    height, width = track.size
    return {
        "generator": f"sam3d-geometry {__version__}",
        "unit": "metre" if track.metric else "unknown scale",
        "fps": track.fps,
        "width": width,
        "height": height,
    }


def _write_glb(track: CameraTrack, file: BinaryIO) -> None:
    write_animated_glb([], file, note=_note_of_track(track), camera=track)


def _write_json(track: CameraTrack, file: BinaryIO) -> None:
    height, width = track.size
    to_pixels = numpy.diag([width, height, 1.0])  # of a picture whose first pixel's centre is at 0.5
    frames = [
        transforms_frame(f"frame_{i + FIRST_FRAME:05d}", pose, to_pixels @ k, track.size)
        for i, (pose, k) in enumerate(zip(track.world_from_camera.numpy(), track.intrinsics.numpy()))
    ]
    record = {"camera_model": LENS_MODEL, **_note_of_track(track), "frames": frames}
    file.write(json.dumps(record, indent=1).encode("ascii"))


def _tabbed_rows(*columns: numpy.ndarray) -> list[str]:
    return ["\t".join(repr(round(float(value), 9)) for value in row) for row in numpy.column_stack(columns)]


def _write_chan(track: CameraTrack, file: BinaryIO) -> None:
    poses = track.poses_in("opengl")
    angles = unwrapped_angles(poses[:, :3, :3], "YXZ")
    rows = _tabbed_rows(poses[:, :3, 3].numpy(), angles, numpy.degrees(track.fov_y.numpy()))
    lines = [f"{number}\t{row}" for number, row in enumerate(rows, FIRST_FRAME)]
    file.write(("\n".join(lines) + "\n").encode("ascii"))


def _property(name: str, columns: str, rows: list[str]) -> list[str]:
    return ["", name, f"\tFrame\t{columns}\t", *(f"\t{frame}\t{row}\t" for frame, row in enumerate(rows))]


def _write_after_effects(track: CameraTrack, file: BinaryIO) -> None:
    height, width = track.size
    places = track.world_from_camera[:, :3, 3].numpy() * UNIT_PIXELS + numpy.array([width / 2, height / 2, 0.0])
    angles = unwrapped_angles(track.world_from_camera[:, :3, :3], "XYZ")
    head = {
        "Units Per Second": f"{track.fps:g}",
        "Source Width": width,
        "Source Height": height,
        "Source Pixel Aspect Ratio": 1,
        "Comp Pixel Aspect Ratio": 1,
    }
    lines = ["Adobe After Effects 8.0 Keyframe Data", "", *(f"\t{name}\t{value}" for name, value in head.items())]
    lines += _property("Transform\tPosition", "X pixels\tY pixels\tZ pixels", _tabbed_rows(places))
    lines += _property("Transform\tOrientation", "X degrees\tY degrees\tZ degrees", _tabbed_rows(angles))
    lines += _property("Camera Options\tZoom", "pixels", _tabbed_rows(track.focal_pixels.numpy()))
    file.write("\r\n".join([*lines, "", "", "End of Keyframe Data", ""]).encode("ascii"))


_WRITERS: dict[str, Callable[[CameraTrack, BinaryIO], None]] = {
    "glb": _write_glb,
    "json": _write_json,
    "chan": _write_chan,
    "after effects": _write_after_effects,
}


def camera_writer(track: CameraTrack, file_format: str) -> tuple[str, Writer]:
    """The suffix of a file of one of CAMERA_FORMATS, and what writes it; ValueError for another format."""
    if file_format not in CAMERA_FORMATS:
        raise ValueError(f"Camera format came as {file_format!r}; choose one of {', '.join(CAMERA_FORMATS)}.")
    return CAMERA_SUFFIXES[file_format], partial(_WRITERS[file_format], track)
