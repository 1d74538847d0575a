"""People in files, read as data only: .npz and .json of SAM 3D Body and of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy
import torch

from ..bodies.bodies import Bodies
from ..bodies.records import (
    ARRAY_SHAPES,
    REQUIRED,
    TRACK_ID,
    VERTICES_KEY,
    Fault,
    bodies_from_records,
    faces_checked,
    faults_of,
    record_of,
)
from ..geometry.plain_json import parsed_json
from .arrays import NpzFile, npy_header, npy_values
from .depth_file_error import DepthFileError, decoding

BODY_FORMAT = "sam3d-geometry bodies 1"
FACES_KEY, IMAGE_SIZE_KEY, PRESENT_KEY, FRAMES_KEY, MASK_KEY = "faces", "image_size", "present", "frames", "mask"
WORLD_KEY, TRACK_IDS_KEY = "world_from_camera", "track_ids"
MAX_BODY_VALUES = 1 << 30  # of one array: 300 frames of four people have 7 % of it
MAX_JSON_BYTES = 1 << 30
MAX_PACKED = 100  # times a file's own size that one of its arrays may unpack to; bodies hardly pack
PERSON = re.compile(r"^(.*?)[_-]?(?:subj|subject|person|body)[_-]?(\d+)$", re.IGNORECASE)
# of an .npz: what is known by name; anything else in it is left alone
KNOWN_KEYS = (*ARRAY_SHAPES, FACES_KEY, IMAGE_SIZE_KEY, PRESENT_KEY, TRACK_IDS_KEY, TRACK_ID, WORLD_KEY, MASK_KEY)


BODY_SUFFIXES = (".npz", ".json")


# pickles (.pkl, .pt, arrays of objects) can run code, so they are never opened
HOW_TO_SAVE = (
    "A person is saved by numpy.savez(path, **{key: value for key, value in person.items() if value is not None}), faces by "
    "numpy.savez(path, faces=estimator.faces)"
)


class BodyFileError(ValueError):
    """A file of bodies cannot be read; the message is one sentence that says which and why."""


def read_bodies(
    paths: Sequence[Path], *, image_size: Sequence[int] | None = None, leave_out_broken: bool = False
) -> Bodies:
    """The people of `read_people` alone."""
    return read_people(paths, image_size=image_size, leave_out_broken=leave_out_broken)[0]


def read_people(
    paths: Sequence[Path], *, image_size: Sequence[int] | None = None, leave_out_broken: bool = False
) -> tuple[Bodies, list[Fault]]:
    """The people in .npz and .json files: one after the other they are frames, `..._subj00`, `..._subj01` persons of one.

    One of the files may have `faces` alone (the official package keeps them as estimator.faces). Nothing in a file is run
    or unpickled. `image_size` (height, width) counts where no file says it. With `leave_out_broken` persons whose values are no
    numbers are absent, and told as faults; otherwise they are refused.
    BodyFileError names the file that cannot be read; ValueError the person and the key that do not fit.
    """
    if not paths:
        raise ValueError("No file of bodies was given; name at least one .npz or .json.")
    content: dict[str, Any] = {}
    frames: dict[Any, list[Mapping[str, Any]]] = {}
    for number, path in enumerate(paths):
        read = _content_of(path)
        for key in (FACES_KEY, IMAGE_SIZE_KEY, WORLD_KEY):
            if read.get(key) is not None:
                content[key] = read[key]
        for frame, records in enumerate(read[FRAMES_KEY]):
            named = PERSON.match(path.stem)
            at = (named.group(1), frame) if named and len(paths) > 1 else (number, frame)
            frames.setdefault(at, []).extend(records)
    listed = list(frames.values())
    faults: list[Fault] = faults_of(listed) if leave_out_broken else []
    bodies = bodies_from_records(
        listed,
        faces=content.get(FACES_KEY),
        image_size=content.get(IMAGE_SIZE_KEY, image_size),
        without=faults,
    )
    return with_world(bodies, content.get(WORLD_KEY)), faults


def picture_name(path: Path) -> str:
    """What the picture or clip is called whose people a file has: its name without the number of a person."""
    named = PERSON.match(path.stem)
    return (named.group(1) if named else "") or path.stem


def persons_of(path: Path) -> list[Path]:
    """A file and those of the other persons of the same picture in its folder, by their numbers; itself where it has none."""
    named = PERSON.match(path.stem)
    if named is None or not path.is_file():
        return [path]
    beside = [(other, PERSON.match(other.stem)) for other in path.parent.glob(f"*{path.suffix}")]
    same = [(int(found.group(2)), other) for other, found in beside if found and found.group(1) == named.group(1)]
    return [other for _, other in sorted(same)]


def with_world(bodies: Bodies, world_from_camera: Any) -> Bodies:
    """The bodies with rigid transforms (T, 4, 4) to their level world, or as they are for None."""
    if world_from_camera is None:
        return bodies
    if isinstance(world_from_camera, torch.Tensor):
        world_from_camera = world_from_camera.detach().cpu().numpy()
    try:
        transforms = numpy.array(world_from_camera, dtype=numpy.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{WORLD_KEY} came as {str(world_from_camera)[:40]}; rigid transforms (frames, 4, 4) are needed, or none."
        ) from error
    return replace(bodies, world_from_camera=torch.from_numpy(transforms))


def _content_of(path: Path) -> dict[str, Any]:
    """What a file has: `frames`, a list of lists of records, and `faces`, `image_size` and the world where it has them."""
    readers = {".npz": _people_of_npz, ".json": _people_of_json}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise BodyFileError(f"{path.name} is no .npz and no .json; give a file of one of these kinds. {HOW_TO_SAVE}")
    if not path.is_file():
        raise BodyFileError(f"{path.name} cannot be read: there is no such file.")
    try:
        return reader(path)
    except MemoryError as error:
        raise BodyFileError(f"{path.name} cannot be read: it does not fit into memory.") from error
    except (DepthFileError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BodyFileError(f"{path.name} cannot be read: {reason.rstrip('.')}.") from error


def _people_of_json(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_JSON_BYTES:
        raise DepthFileError(f"it has more than {MAX_JSON_BYTES:,} bytes; save it as .npz")
    with decoding("json", ValueError):
        content = parsed_json(path.read_bytes())
    found = dict(content) if isinstance(content, dict) else {FRAMES_KEY: content}
    if FRAMES_KEY not in found and VERTICES_KEY in found:
        found = {FRAMES_KEY: [[found]], FACES_KEY: found.get(FACES_KEY), IMAGE_SIZE_KEY: found.get(IMAGE_SIZE_KEY)}
    frames = found.get(FRAMES_KEY, [])
    if not isinstance(frames, list):
        raise DepthFileError(f"its frames came as {type(frames).__name__}; a list is needed")
    if any(isinstance(entry, dict) for entry in frames):  # the official package's list of persons, of one picture
        frames = [frames]
    for entry in frames:
        if not isinstance(entry, list) or not all(isinstance(record, dict) for record in entry):
            raise DepthFileError("its frames hold something else than lists of persons, each a dictionary")
    if found.get(FACES_KEY) is not None:
        with decoding("json", TypeError, ValueError):
            found[FACES_KEY] = faces_checked(numpy.asarray(found[FACES_KEY]))
    if found.get(WORLD_KEY) is not None:
        with decoding("json", TypeError, ValueError):
            found[WORLD_KEY] = numpy.array(found[WORLD_KEY], dtype=numpy.float64)
    return found | {FRAMES_KEY: frames}


def _people_of_npz(path: Path) -> dict[str, Any]:
    arrays = {}
    with NpzFile(path) as archive:
        known = sorted(archive.names.intersection(KNOWN_KEYS))
        most = max((archive.unpacked_bytes(name) for name in known), default=0)
        if most > MAX_PACKED * path.stat().st_size:
            raise DepthFileError(f"it unpacks to {most:,} bytes, more than {MAX_PACKED} times its own size")
        for name in known:
            with archive.member(name) as member:
                array = _array_of_numbers(name, member)
            if array is not None:
                arrays[name] = array
    found = {key: arrays.pop(key, None) for key in (FACES_KEY, IMAGE_SIZE_KEY, WORLD_KEY)}
    if VERTICES_KEY not in arrays:
        if of_people := sorted(arrays.keys() & REQUIRED.keys()):
            raise DepthFileError(f"it has {of_people[0]} and no {VERTICES_KEY}. {HOW_TO_SAVE}")
        if found[FACES_KEY] is None:
            raise DepthFileError(f"it has neither {VERTICES_KEY} nor faces, so it has no people in it. {HOW_TO_SAVE}")
        return found | {FRAMES_KEY: []}
    return found | {FRAMES_KEY: _records(arrays)}


def _array_of_numbers(name: str, member: Any) -> numpy.ndarray | None:
    """An array of numbers; None where what is not needed came as an object, as numpy.savez keeps None, which is never opened."""
    shape, by_columns, dtype = npy_header(member)
    if dtype.kind == "O" and name not in REQUIRED and not shape:
        return None
    if dtype.kind not in "fiub" or dtype.itemsize > 8 or len(shape) > 5:
        raise DepthFileError(f"its {name} is an array of {dtype} and shape {shape}, and plain numbers are needed")
    if int(numpy.prod(shape, dtype=object)) > MAX_BODY_VALUES:
        raise DepthFileError(
            f"its {name} says that it has the shape {shape}; at most {MAX_BODY_VALUES:,} values are read"
        )
    return npy_values(member, shape, by_columns, dtype)


def _records(arrays: dict[str, numpy.ndarray]) -> list[list[dict[str, Any]]]:
    """Arrays of one person, of persons (P, ...) or of persons in frames (T, P, ...) -> a list of records for each frame."""
    leading = arrays[VERTICES_KEY].ndim - 2
    if not 0 <= leading <= 2 or not arrays[VERTICES_KEY].size:
        raise DepthFileError(
            f"its {VERTICES_KEY} has the shape {arrays[VERTICES_KEY].shape}; (vertices, 3) of each person is needed"
        )
    each = (
        (1, 1) if leading == 0 else (1, len(arrays[VERTICES_KEY])) if leading == 1 else arrays[VERTICES_KEY].shape[:2]
    )
    ids = arrays.pop(TRACK_IDS_KEY, None)
    present = arrays.pop(PRESENT_KEY, numpy.ones(each, dtype=bool)).reshape(-1)
    flat = {name: array.reshape(-1, *array.shape[leading:]) for name, array in arrays.items()}
    wrong = [name for name, array in flat.items() if len(array) != each[0] * each[1]]
    if len(present) != each[0] * each[1] or wrong or (ids is not None and len(ids) != each[1]):
        named = ", ".join(wrong) or (PRESENT_KEY if ids is None or len(ids) == each[1] else TRACK_IDS_KEY)
        raise DepthFileError(
            f"its {named} is not of the {each[0]} frames and {each[1]} persons that its {VERTICES_KEY} has"
        )
    frames: list[list[dict[str, Any]]] = [[] for _ in range(each[0])]
    for row in numpy.flatnonzero(present):
        t, p = divmod(int(row), each[1])
        record: dict[str, Any] = {name: array[row] for name, array in flat.items()}
        if ids is not None:
            record[TRACK_ID] = ids[p]
        frames[t].append(record)
    return frames


def bodies_arrays(bodies: Bodies) -> dict[str, numpy.ndarray]:
    """Bodies as the arrays of one .npz: SAM 3D Body's keys with frames and persons first, and `present`, `faces`,
    `image_size`, `track_ids` and, where it is known, `world_from_camera`. Masks are not kept.
    """
    arrays: dict[str, numpy.ndarray] = {}
    t, p = torch.nonzero(bodies.present)[0].tolist()
    for key, value in record_of(bodies, t, p).items():
        if key in ARRAY_SHAPES and value is not None:
            arrays[key] = numpy.zeros((*bodies.present.shape, *value.shape), dtype=numpy.float32)
    for t, p in torch.nonzero(bodies.present).tolist():
        record = record_of(bodies, t, p)
        for key, array in arrays.items():
            array[t, p] = record[key]
    arrays[PRESENT_KEY], arrays[TRACK_IDS_KEY] = bodies.present.cpu().numpy(), bodies.track_ids.cpu().numpy()
    arrays[IMAGE_SIZE_KEY] = numpy.array(bodies.image_size)
    if bodies.faces is not None:
        arrays[FACES_KEY] = bodies.faces.cpu().numpy().astype(numpy.int32)
    if bodies.world_from_camera is not None:
        arrays[WORLD_KEY] = bodies.world_from_camera.cpu().numpy()
    return arrays


def write_npz(bodies: Bodies, file: BinaryIO) -> None:
    """Writes `bodies_arrays` as .npz, packed: people who are absent take no room."""
    numpy.savez_compressed(file, **bodies_arrays(bodies))  # pyright: ignore[reportArgumentType]


def write_json(bodies: Bodies, file: BinaryIO) -> None:
    """Writes the people as JSON, a list of SAM 3D Body's dictionaries for each frame, and what belongs to all of them."""
    frames = [
        [
            {key: _plain(value) for key, value in record_of(bodies, t, p).items() if key != MASK_KEY}
            for p in bodies.here(t)
        ]
        for t in range(len(bodies))
    ]
    content = {
        "format": BODY_FORMAT,
        "units": "metres and radians; OpenCV axes (x right, y down, z forward), pred_global_rots in the rig's own (y up)",
        IMAGE_SIZE_KEY: list(bodies.image_size),
        FACES_KEY: None if bodies.faces is None else bodies.faces.tolist(),
        WORLD_KEY: None if bodies.world_from_camera is None else bodies.world_from_camera.tolist(),
        FRAMES_KEY: frames,
    }
    file.write(json.dumps(content, separators=(",", ":"), allow_nan=False).encode("ascii"))


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) or value is None else numpy.asarray(value, dtype=float).round(7).tolist()
