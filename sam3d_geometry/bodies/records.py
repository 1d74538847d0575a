"""People as SAM 3D Body tells them, a list of dictionaries for each frame, to Bodies and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import torch

from .bodies import FACE_KEYPOINTS, PARAMETERS, Bodies
from .rotation_maths import are_rotations
from .skeleton import JOINT_COUNT, KEYPOINT_COUNT

Record = Mapping[str, Any]
TRACK_ID, SIZE_FACTOR = "track_id", "size_factor"  # keys of ours beside those of SAM 3D Body
VERTICES_KEY = "pred_vertices"
# key -> (field of Bodies, shape; -1 is the number of vertices)
REQUIRED: dict[str, tuple[str, tuple[int, ...]]] = {
    VERTICES_KEY: ("vertices", (-1, 3)),
    "pred_joint_coords": ("joints", (JOINT_COUNT, 3)),
    "pred_keypoints_3d": ("keypoints", (KEYPOINT_COUNT, 3)),
    "pred_keypoints_2d": ("keypoints_2d", (KEYPOINT_COUNT, 2)),
    "pred_cam_t": ("translations", (3,)),
}
OPTIONAL: dict[str, tuple[str, tuple[int, ...]]] = {
    "focal_length": ("focal", ()),
    "bbox": ("boxes", (4,)),
    "pred_global_rots": ("rotations", (JOINT_COUNT, 3, 3)),
    "pred_face_keypoints_3d": ("face_keypoints", (FACE_KEYPOINTS, 3)),
    SIZE_FACTOR: ("sizes", ()),
}
ARRAY_SHAPES: dict[str, tuple[int, ...]] = {
    **{key: shape for key, (_, shape) in (REQUIRED | OPTIONAL).items()},
    **{key: (count,) for key, count in PARAMETERS.items()},
}
FARTHEST_M = 1e5  # nobody is farther away or larger
ROTATION_DOUBT = 0.1  # by which R R' of a rotation R may miss the identity
CAMERA_DOUBT = 2.0  # pixels by which 2D keypoints may miss a camera that is found from them


@dataclass(frozen=True)
class Fault:
    """Values of one person that are no numbers (NaN or infinite)."""

    frame: int
    person: int
    key: str

    def __str__(self) -> str:
        return f"{self.key} of person {self.person} in frame {self.frame} has values that are no numbers"


def as_array(value: Any, where: str) -> numpy.ndarray:
    """A value of a record, a tensor, array or list, as numbers float32; ValueError where it is none of them."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().float().numpy()
    try:
        return numpy.asarray(value, dtype=numpy.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{where} came as {str(value)[:40]}, and numbers are needed.") from error


def _whose(frame: int, person: int) -> str:
    return f"person {person} of frame {frame}"


def _read(record: Record, key: str, place: str, vertices: int) -> numpy.ndarray | None:
    """The array of a key, its shape checked; None where the record has none."""
    value = record.get(key)
    if value is None:
        return None
    array = as_array(value, f"{key} of {place}")
    needed = tuple(vertices if side == -1 else side for side in ARRAY_SHAPES[key])
    if key == "focal_length" and array.size == 1:
        array = array.reshape(())
    if array.shape != needed:
        raise ValueError(f"{key} of {place} came as {array.shape}; {needed} is needed.")
    return array


def listed_frames(frames: Any) -> list[list[Record]]:
    """Frames as lists of dictionaries, a list for each; ValueError where they are something else."""
    if not isinstance(frames, Sequence) or isinstance(frames, str):
        raise ValueError(f"The frames came as {type(frames).__name__}; a list of persons for each frame is needed.")
    for t, persons in enumerate(frames):
        if not isinstance(persons, Sequence) or isinstance(persons, str):
            raise ValueError(f"Frame {t} came as {type(persons).__name__}; a list of persons is needed.")
        for k, record in enumerate(persons):
            if not isinstance(record, Mapping):
                raise ValueError(
                    f"Person {k} of frame {t} came as {type(record).__name__}; a dictionary of SAM 3D Body's results is needed."
                )
    return [list(persons) for persons in frames]


def _checked_frames(frames: Sequence[Sequence[Record]]) -> None:
    """ValueError where nobody is in the frames, or where a needed key is missing."""
    if not any(len(persons) for persons in frames):
        raise ValueError(
            f"There is nobody in any of the {len(frames)} frames; give a picture in which somebody was found."
        )
    for t, persons in enumerate(frames):
        for k, record in enumerate(persons):
            missing = [key for key in REQUIRED if record.get(key) is None]
            if missing:
                raise ValueError(
                    f"{', '.join(missing)} of {_whose(t, k)} is missing; SAM 3D Body's own results have it, so give them whole."
                )


def _track_id(record: Record) -> int:
    found = numpy.asarray(record[TRACK_ID])
    if found.size != 1 or found.dtype.kind not in "iuf" or not bool(numpy.isfinite(found).all()):
        raise ValueError(f"{TRACK_ID} came as {str(record[TRACK_ID])[:40]}, and one whole number is needed.")
    return int(found.item())


def columns_of(frames: Sequence[Sequence[Record]]) -> tuple[list[list[int]], list[int]]:
    """For each frame, the number of each listed person over the clip, and what the persons are called.

    Persons are the same by `track_id` where every one of them has it, else by their place in the list.
    """
    records = [record for persons in frames for record in persons]
    if not all(TRACK_ID in record for record in records):
        most = max((len(persons) for persons in frames), default=0)
        return [list(range(len(persons))) for persons in frames], list(range(most))
    ids = sorted({_track_id(record) for record in records})
    places = [[ids.index(_track_id(record)) for record in persons] for persons in frames]
    for t, columns in enumerate(places):
        if len(set(columns)) < len(columns):
            raise ValueError(f"Two persons of frame {t} have the same track_id; each needs its own.")
    return places, ids


def faults_of(frames: Sequence[Sequence[Record]]) -> list[Fault]:
    """Which persons have values that are no numbers, in which keys."""
    found = []
    for t, persons in enumerate(listed_frames(frames)):
        for k, record in enumerate(persons):
            for key in ARRAY_SHAPES:
                value = record.get(key)
                if value is not None and not bool(numpy.isfinite(as_array(value, key)).all()):
                    found.append(Fault(t, k, key))
    return found


def camera_from_keypoints(
    points: numpy.ndarray, pixels: numpy.ndarray, place: str = "the person"
) -> tuple[float, tuple[int, int]]:
    """Focal length in pixels and (height, width) of the picture, from keypoints (N, 3) in camera axes and pixels (N, 2).

    Least squares of u = f x / z + width / 2 and v likewise. ValueError where the pixels are not those of such a camera.
    """
    points, pixels = points.astype(numpy.float64), pixels.astype(numpy.float64)
    count = len(points)
    matrix = numpy.zeros((2 * count, 3))
    matrix[:count, 0], matrix[count:, 0] = points[:, 0] / points[:, 2], points[:, 1] / points[:, 2]
    matrix[:count, 1] = matrix[count:, 2] = 1
    given = numpy.concatenate([pixels[:, 0], pixels[:, 1]])
    (focal, middle_x, middle_y), *_ = numpy.linalg.lstsq(matrix, given, rcond=None)
    miss = float(numpy.abs(matrix @ [focal, middle_x, middle_y] - given).max())
    if not (numpy.isfinite(miss) and miss < CAMERA_DOUBT and focal > 0 and min(middle_x, middle_y) > 0):
        raise ValueError(
            f"focal_length of {place} is missing, and its keypoints in the picture fit no camera ({miss:.3g} pixels off); give "
            "focal_length and image_size."
        )
    return float(focal), (round(2 * middle_y), round(2 * middle_x))


def _mask_of_numbers(value: Any, place: str) -> torch.Tensor:
    array = numpy.array(value) if isinstance(value, numpy.ndarray) else as_array(value, f"mask of {place}")
    if array.dtype.kind not in "fiub":
        raise ValueError(f"mask of {place} came as {array.dtype}; numbers are needed.")
    return torch.from_numpy(array)


def _picture_mask(value: Any, place: str) -> torch.Tensor | None:
    """A person's mask as (H, W), not copied; it comes as (H, W) or (H, W, 1), or not at all."""
    if value is None:
        return None
    mask = value.detach().cpu() if isinstance(value, torch.Tensor) else _mask_of_numbers(value, place)
    mask = mask[..., 0] if mask.dim() == 3 and mask.shape[-1] == 1 else mask
    if mask.dim() != 2:
        raise ValueError(f"mask of {place} came as {tuple(mask.shape)}; (height, width) is needed.")
    return mask


class _Table:
    """Arrays (T, P, ...) of the fields of Bodies, filled person by person."""

    def __init__(self, frames: int, persons: int, vertices: int):
        self.size, self.vertices = (frames, persons), vertices
        self.arrays: dict[str, numpy.ndarray] = {}
        self.filled: dict[str, int] = {}

    def put(self, key: str, frame: int, person: int, value: numpy.ndarray) -> None:
        if key not in self.arrays:
            self.arrays[key] = numpy.zeros((*self.size, *value.shape), dtype=numpy.float32)
        self.arrays[key][frame, person] = value
        self.filled[key] = self.filled.get(key, 0) + 1

    def tensor(self, key: str, persons: int) -> torch.Tensor | None:
        """Of a key that all `persons` have, else None."""
        return torch.from_numpy(self.arrays[key]) if self.filled.get(key) == persons else None


def bodies_from_records(
    frames: Sequence[Sequence[Record]],
    *,
    faces: Any = None,
    image_size: Sequence[int] | None = None,
    without: Sequence[Fault] = (),
) -> Bodies:
    """Persons' results of SAM 3D Body, one list for each frame, as Bodies.

    faces       (F, 3) of the mesh, which the official package keeps apart, as estimator.faces
    image_size  (height, width); without it, and without focal_length, the camera is found from the keypoints
    without     persons with such faults count as absent in those frames; otherwise they are refused
    """
    frames = listed_frames(frames)
    _checked_frames(frames)
    broken = {(fault.frame, fault.person) for fault in without}
    places, ids = columns_of(frames)
    vertices = next(
        len(numpy.atleast_1d(as_array(record[VERTICES_KEY], VERTICES_KEY))) for persons in frames for record in persons
    )
    table = _Table(len(frames), len(ids), vertices)
    present = torch.zeros(table.size, dtype=torch.bool)
    masks: list[list[torch.Tensor | None]] = [[None] * len(ids) for _ in frames]
    for t, persons in enumerate(frames):
        for k, record in enumerate(persons):
            if (t, k) in broken:
                continue
            p = places[t][k]
            for key, value in _values(record, _whose(t, k), vertices).items():
                table.put(key, t, p, value)
            present[t, p] = True
            masks[t][p] = _picture_mask(record.get("mask"), _whose(t, k))
    count = int(present.sum())
    if not count:
        raise ValueError("Every person has values that are no numbers; run the prediction again.")
    named: dict[str, Any] = {name: table.tensor(key, count) for key, (name, _) in (REQUIRED | OPTIONAL).items()}
    size = _size_and_focal(named, present, image_size)
    if named["boxes"] is None:
        named["boxes"] = _boxes(named["keypoints_2d"], present)
    if named["sizes"] is None:
        named["sizes"] = present.float()
    parameters = {key: value for key in PARAMETERS if (value := table.tensor(key, count)) is not None}
    return Bodies(
        present=present,
        image_size=size,
        track_ids=torch.tensor(ids),
        parameters=parameters,
        faces=None if faces is None else faces_checked(faces),
        masks=tuple(map(tuple, masks)) if any(mask is not None for row in masks for mask in row) else None,
        **named,
    )


def _values(record: Record, place: str, vertices: int) -> dict[str, numpy.ndarray]:
    """The known keys of a person with their arrays, shapes and numbers checked."""
    found: dict[str, numpy.ndarray] = {}
    for key in ARRAY_SHAPES:
        value = _read(record, key, place, vertices)
        if value is None:
            continue
        if not bool(numpy.isfinite(value).all()):
            raise ValueError(
                f"{key} of {place} has values that are no numbers (NaN or infinite); predict that frame again."
            )
        found[key] = value
    for key in ("pred_cam_t", "pred_vertices", "pred_joint_coords", "pred_keypoints_3d"):
        if bool((numpy.abs(found[key]) > FARTHEST_M).any()):
            raise ValueError(
                f"{key} of {place} has values up to {float(numpy.abs(found[key]).max()):.3g} m; meters are needed."
            )
    turns = found.get("pred_global_rots")
    if turns is not None and not are_rotations(torch.from_numpy(turns.astype(numpy.float64)), ROTATION_DOUBT):
        raise ValueError(f"pred_global_rots of {place} are no rotations; predict that frame again.")
    depth = float(found["pred_cam_t"][2])
    if depth <= 0:
        raise ValueError(f"pred_cam_t of {place} puts it {depth:.3g} m in front of the camera; more than 0 is needed.")
    focal = found.get("focal_length")
    if focal is not None and float(focal) <= 0:
        raise ValueError(f"focal_length of {place} came as {float(focal):.3g} pixels; more than 0 is needed.")
    return found


def _size_and_focal(named: dict[str, Any], present: torch.Tensor, image_size: Sequence[int] | None) -> tuple[int, int]:
    """Size of the picture (height, width); fills in `focal` where the records had none."""
    size = None if image_size is None else _size_checked(image_size)
    if size is not None and named["focal"] is not None:
        return size
    points = named["keypoints"] + named["translations"][:, :, None]
    focal = torch.zeros(present.shape)
    for t, p in torch.nonzero(present).tolist():
        found, seen = camera_from_keypoints(points[t, p].numpy(), named["keypoints_2d"][t, p].numpy(), _whose(t, p))
        focal[t, p] = found
        size = size or seen
    if named["focal"] is None:
        named["focal"] = focal
    assert size is not None  # somebody is present
    return size


def _size_checked(image_size: Any) -> tuple[int, int]:
    sides = as_array(image_size, "image_size")
    if sides.shape != (2,) or not bool(((sides >= 1) & (sides == sides.round()) & (sides < 1 << 20)).all()):
        raise ValueError(
            f"image_size came as {str(sides.tolist())[:60]}; (height, width) in pixels is needed, two whole numbers."
        )
    return int(sides[0]), int(sides[1])


def _boxes(keypoints_2d: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    return torch.cat([keypoints_2d.amin(2), keypoints_2d.amax(2)], -1) * present[..., None]


def faces_checked(faces: Any) -> torch.Tensor:
    """Faces (F, 3) int64 of whatever they came as; ValueError where they are none."""
    array = faces.detach().cpu().numpy() if isinstance(faces, torch.Tensor) else numpy.asarray(faces)
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "iu":
        raise ValueError(f"faces came as {array.shape} of {array.dtype}; whole numbers (faces, 3) are needed.")
    if not len(array):
        raise ValueError("faces came empty; give those of the mesh (estimator.faces), or leave them out.")
    return torch.from_numpy(array.astype(numpy.int64))


def record_of(bodies: Bodies, frame: int, person: int) -> dict[str, Any]:
    """One person of one frame with the keys of SAM 3D Body, and ours: numpy arrays float32, focal_length a number of one."""
    found: dict[str, Any] = {TRACK_ID: int(bodies.track_ids[person])}
    for key, (name, _) in (REQUIRED | OPTIONAL).items():
        values = getattr(bodies, name)
        if values is not None:
            found[key] = values[frame, person].cpu().numpy()
    found |= {key: values[frame, person].cpu().numpy() for key, values in bodies.parameters.items()}
    if bodies.masks is not None:
        found["mask"] = bodies.masks[frame][person]
    return found
