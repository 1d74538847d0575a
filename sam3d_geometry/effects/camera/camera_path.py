"""Ways of a camera through the scene of a photo: presets, and paths of one's own as JSON text."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import torch

from ...geometry.plain_json import parsed_json
from ...geometry.pointmap import Pointmap
from ...geometry.rotations import rotation_from_degrees
from ...geometry.scene_scale import scene_depth

SLIDE, RISE, DOLLY, ORBIT, CIRCLE, DOLLY_ZOOM, ZOOM, PAN, KEN_BURNS = PRESETS = (
    "slide", "rise", "dolly", "orbit", "circle", "dolly zoom", "zoom", "pan", "ken burns",
)  # fmt: skip
EASED, UNIFORM, SLOW_START, SLOW_END, THERE_AND_BACK = EASES = (
    "smooth", "linear", "slow start", "slow end", "there and back",
)  # fmt: skip
LEAST_DISTANCE = 0.1  # of the scene's depth: a dolly zoom keeps this far from what it holds
LEAST_ZOOM = 0.1  # times the photo's focal length
RIGID_TOLERANCE = 1e-3  # by which rotations in text, which may be rounded to three digits, may fail to be one
POSE_KEYS = ("world_from_camera", "position", "yaw_degrees", "pitch_degrees", "roll_degrees", "zoom")


@dataclass(frozen=True)
class CameraPath:
    """Where the camera is in each frame; the world is the camera of the photo (OpenCV axes, the pointmap's unit).

    world_from_camera  (N, 4, 4) float64 rigid
    zoom               (N,) float64, focal length as a multiple of the photo's
    """

    world_from_camera: torch.Tensor
    zoom: torch.Tensor

    def __len__(self) -> int:
        return len(self.zoom)

    def to_json(self) -> str:
        """The path as the text that `path_from_json` reads, one line for each frame."""
        frames = zip(self.world_from_camera.tolist(), self.zoom.tolist())
        return "[\n" + ",\n".join(json.dumps({"world_from_camera": p, "zoom": z}) for p, z in frames) + "\n]"


def _progress(frames: int, ease: str, closed: bool) -> torch.Tensor:
    """(N,) float64 from 0 to 1, eased; a path that comes back does not repeat its first frame at the end."""
    if ease not in EASES:
        raise ValueError(f"Ease {ease!r} is not known; choose one of {', '.join(EASES)}.")
    if frames < 1:
        raise ValueError(f"A camera path of {frames} frames was asked for; set frames to 1 or more.")
    back = ease == THERE_AND_BACK
    t = torch.arange(frames, dtype=torch.float64) / (frames if closed or back else max(frames - 1, 1))
    if closed:
        return t
    if back:
        return 0.5 - 0.5 * torch.cos(2 * math.pi * t)
    if ease == EASED:
        return t * t * (3 - 2 * t)
    return {UNIFORM: t, SLOW_START: t * t, SLOW_END: 1 - (1 - t) ** 2}[ease]


def _looking_at(position: list[float], depth: float) -> torch.Tensor:
    """Pose (4, 4) at `position` that sees the point straight ahead at `depth` of the photo in the middle."""
    x, y, z = position
    ahead = depth - z
    yaw = math.atan2(-x, ahead)
    pitch = math.atan2(y, math.hypot(x, ahead))
    return _pose_at(position, math.degrees(yaw), math.degrees(pitch))


def _pose_at(position: list[float], yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> torch.Tensor:
    """Pose (4, 4) float64 at `position`, turned by angles in degrees (see `rotation_from_degrees`)."""
    pose = torch.eye(4, dtype=torch.float64)
    if yaw or pitch or roll:
        pose[:3, :3] = rotation_from_degrees(yaw, pitch, roll)
    pose[:3, 3] = torch.tensor(position, dtype=torch.float64)
    return pose


def preset_path(preset: str, frames: int, amplitude: float, depth: float, ease: str = EASED) -> CameraPath:
    """One of PRESETS; `amplitude` is how far the camera goes as a share of `depth`, negative the other way.

    slide and rise go from half the way on one side to half on the other; orbit likewise, looking at the point at `depth`;
    circle goes round the photo's place in a ring of that diameter, looking at it, and closes; dolly goes forward; dolly zoom
    as well, with a focal length that keeps the size of things at `depth`; zoom only changes the focal length, by the factor
    1 + amplitude; pan turns as far as slide would shift things at `depth`; ken burns goes forward and a little aside.
    """
    if preset not in PRESETS:
        raise ValueError(f"Camera preset {preset!r} is not known; choose one of {', '.join(PRESETS)}.")
    closed = preset == CIRCLE
    keys = [_preset_pose(preset, t, amplitude, depth) for t in _progress(frames, ease, closed).tolist()]
    return _path([pose for pose, _ in keys], [zoom for _, zoom in keys])


def _preset_pose(preset: str, t: float, amplitude: float, depth: float) -> tuple[torch.Tensor, float]:
    """Pose (4, 4) and zoom of one of PRESETS at the share t of its way."""
    way = amplitude * depth
    swing = (t - 0.5) * way
    if preset == SLIDE:
        return _pose_at([swing, 0.0, 0.0]), 1.0
    if preset == RISE:
        return _pose_at([0.0, -swing, 0.0]), 1.0
    if preset == DOLLY:
        return _pose_at([0.0, 0.0, t * way]), 1.0
    if preset == ORBIT:
        angle = (t - 0.5) * amplitude
        return _looking_at([math.sin(angle) * depth, 0.0, (1 - math.cos(angle)) * depth], depth), 1.0
    if preset == CIRCLE:
        turn = 2 * math.pi * t
        return _looking_at([0.5 * way * math.cos(turn), 0.5 * way * math.sin(turn), 0.0], depth), 1.0
    if preset == DOLLY_ZOOM:
        forward = min(t * amplitude, 1 - LEAST_DISTANCE)
        return _pose_at([0.0, 0.0, forward * depth]), 1 - forward
    if preset == ZOOM:
        return _pose_at([0.0, 0.0, 0.0]), max(1 + t * amplitude, LEAST_ZOOM)
    if preset == PAN:
        return _pose_at([0.0, 0.0, 0.0], yaw=math.degrees(math.atan((t - 0.5) * amplitude))), 1.0
    return _looking_at([0.25 * t * way, -0.1 * t * way, t * way], depth), 1.0  # KEN_BURNS


def _path(poses: list[torch.Tensor], zooms: list[float]) -> CameraPath:
    return CameraPath(torch.stack(poses), torch.tensor(zooms, dtype=torch.float64))


def _finite_number(value: object, what: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{what} of {where} came as {value!r}; camera_path needs a finite number there.")
    return float(value)


def _finite_numbers(value: object, rows: int, what: str, where: str) -> list[float]:
    if not isinstance(value, list) or len(value) != rows:
        raise ValueError(f"{what} of {where} came as {value!r}; camera_path needs a list of {rows} numbers there.")
    return [_finite_number(v, what, where) for v in value]


def _rigid_pose(matrix: object, where: str) -> torch.Tensor:
    """Pose (4, 4) float64 of a matrix as JSON has it, 3 or 4 rows; its rotation is made exact."""
    if not isinstance(matrix, list) or len(matrix) not in (3, 4):
        raise ValueError(f"world_from_camera of {where} has not 3 or 4 rows; camera_path needs a 4 x 4 matrix there.")
    rows = [_finite_numbers(row, 4, "world_from_camera", where) for row in matrix]
    pose = torch.tensor([*rows[:3], [0.0, 0.0, 0.0, 1.0]], dtype=torch.float64)
    rotation = pose[:3, :3]
    rigid = torch.allclose(rotation @ rotation.T, torch.eye(3, dtype=torch.float64), atol=RIGID_TOLERANCE)
    if not rigid or torch.linalg.det(rotation) < 0 or (len(rows) == 4 and rows[3] != [0, 0, 0, 1]):
        raise ValueError(f"world_from_camera of {where} is no rigid move; camera_path needs a rotation and a position.")
    left, _, right = torch.linalg.svd(rotation)
    pose[:3, :3] = left @ right
    return pose


def _key_pose(entry: object, where: str) -> tuple[torch.Tensor, float]:
    """Pose (4, 4) float64 and zoom of one entry of a path as JSON has it."""
    if isinstance(entry, list):
        entry = {"world_from_camera": entry}
    if not isinstance(entry, dict) or not entry or set(entry) - set(POSE_KEYS):
        raise ValueError(
            f"{where} came as {str(entry)[:80]}; camera_path needs a 4 x 4 matrix, or an object with some of {', '.join(POSE_KEYS)}."
        )
    zoom = _finite_number(entry.get("zoom", 1.0), "zoom", where)
    if zoom <= 0:
        raise ValueError(f"zoom of {where} came as {zoom}; camera_path needs a number greater than 0 there.")
    if "world_from_camera" in entry:
        return _rigid_pose(entry["world_from_camera"], where), zoom
    angles = (_finite_number(entry.get(f"{a}_degrees", 0.0), f"{a}_degrees", where) for a in ("yaw", "pitch", "roll"))
    return _pose_at(_finite_numbers(entry.get("position", [0, 0, 0]), 3, "position", where), *angles), zoom


def path_from_json(text: str, frames: int, ease: str = UNIFORM) -> CameraPath:
    """A path of N frames through the poses of a JSON list, which are spread evenly over it.

    An entry is a world_from_camera matrix (4 x 4 or 3 x 4, rows), or an object with any of POSE_KEYS: position [x, y, z] right, down
    and forward of the photo's camera in the pointmap's unit, angles as in `rotation_from_degrees`, zoom. With as many entries as
    frames each is one frame; otherwise positions and zoom go straight and rotations along the shortest turn between them.
    """
    path = keys_from_json(text)
    return path if len(path) == frames else _between_keys(path, _progress(frames, ease, closed=False))


def keys_from_json(text: str) -> CameraPath:
    """The poses of a JSON list as `path_from_json` describes it, one for each entry."""
    try:
        entries = parsed_json(text)
    except ValueError as error:
        raise ValueError(f"camera_path is no JSON ({error}); give a list of poses, or leave it empty.") from None
    if not isinstance(entries, list) or not entries:
        raise ValueError("camera_path holds no list of poses; give [pose, pose, ...], or leave it empty.")
    keys = [_key_pose(entry, f"pose {i + 1}") for i, entry in enumerate(entries)]
    return _path([pose for pose, _ in keys], [zoom for _, zoom in keys])


def _between_keys(keys: CameraPath, progress: torch.Tensor) -> CameraPath:
    """The path at `progress` (N,) in [0, 1] along its K poses: positions and zooms straight, rotations by slerp."""
    from scipy.spatial.transform import Rotation, Slerp

    if len(keys) == 1:
        return CameraPath(keys.world_from_camera.repeat(len(progress), 1, 1), keys.zoom.repeat(len(progress)))
    at = progress * (len(keys) - 1)
    first = at.long().clamp_max(len(keys) - 2)
    share = at - first
    poses, zooms = keys.world_from_camera, keys.zoom
    between = poses[first]
    between[:, :3, 3] = torch.lerp(poses[first, :3, 3], poses[first + 1, :3, 3], share[:, None])
    turns = Slerp(range(len(keys)), Rotation.from_matrix(poses[:, :3, :3].numpy()))(at.numpy())
    between[:, :3, :3] = torch.from_numpy(turns.as_matrix())
    return CameraPath(between, torch.lerp(zooms[first], zooms[first + 1], share))


def chosen_path(
    pointmap: Pointmap, preset: str, frames: int, amplitude: float, ease: str, text: str | None = None
) -> CameraPath:
    """The path of `text` where there is any, otherwise the preset; of a clip (several frames) one pose for each frame."""
    frames = len(pointmap) if len(pointmap) > 1 else frames
    if text is not None and text.strip():
        return path_from_json(text, frames, ease)
    return preset_path(preset, frames, amplitude, scene_depth(pointmap), ease)
