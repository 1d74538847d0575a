"""Novel cameras: places about an object from which pictures are made that no photo was taken from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..effects.camera.camera_move import zoomed
from ..effects.camera.camera_path import CameraPath
from ..geometry.camera import intrinsics_from_fov_x_degrees
from .camera_poses import looking_at
from .view import View

RING, GRID, FOUR_VIEWS = RIGS = ("ring", "grid", "four views")
GRID_ELEVATIONS, GRID_AZIMUTHS = tuple(range(-45, 46, 15)), tuple(range(0, 360, 30))  # of SAP3D's evaluation
FOUR_AZIMUTHS = (0.0, 90.0, 180.0, 270.0)  # front, left, back, right: the camera goes to its right
FRAME_ROOM = 1.1  # of the frame around the object, as generators of many views want it
RIG_FOV_DEGREES = 20.0  # where none is asked for
STRAY_VERTICES = 0.002  # of the vertices, at each end, which do not set the object's size


@dataclass(frozen=True)
class NovelCamera:
    """name, world_from_camera (4, 4) float64 in OpenCV axes, and intrinsics (3, 3) float64 normalised by the picture's size."""

    name: str
    world_from_camera: torch.Tensor
    intrinsics: torch.Tensor


@dataclass(frozen=True)
class RigSettings:
    """rig: one of RIGS. frames: of a ring. elevation_degrees: of a ring and the four views. fov_x_degrees: 0 takes
    RIG_FOV_DEGREES. size: (height, width) of the pictures."""

    rig: str = RING
    frames: int = 24
    elevation_degrees: float = 0.0
    fov_x_degrees: float = 0.0
    size: tuple[int, int] = (512, 512)

    def __post_init__(self) -> None:
        if self.rig not in RIGS:
            raise ValueError(f"Rig {self.rig!r} is not known; choose one of {', '.join(RIGS)}.")
        if self.frames < 1:
            raise ValueError(f"A ring of {self.frames} pictures was asked for; set frames to 1 or more.")


def cameras_about(vertices: torch.Tensor, first_pose: torch.Tensor, settings: RigSettings) -> list[NovelCamera]:
    """Cameras about an object with these vertices (N, 3), in a world whose up is -y; azimuth 0 is that of `first_pose` (4, 4).

    Each sees all of it: the box about its middle that turns with the azimuth fills the frame but for FRAME_ROOM.
    """
    sample = vertices[:: max(1, len(vertices) // 100_000)].double()
    ends = torch.quantile(sample, torch.tensor([STRAY_VERTICES, 1 - STRAY_VERTICES], dtype=torch.float64), dim=0)
    middle, span = ends.mean(0), float((ends[1] - ends[0]).max())
    away = first_pose[:3, 3].double() - middle
    start = math.atan2(float(away[0]), -float(away[2]))
    fov = settings.fov_x_degrees or RIG_FOV_DEGREES
    intrinsics = intrinsics_from_fov_x_degrees(fov, *settings.size)[0].double()
    half = math.tan(math.radians(fov) / 2) * min(1.0, settings.size[0] / settings.size[1])
    distance = FRAME_ROOM * 0.5 * span / half
    if settings.rig != FOUR_VIEWS:
        distance += 0.5 * float(
            (ends[1] - ends[0])[[0, 2]].norm()
        )  # its nearest corner stays in the frame in every turn
    return [
        NovelCamera(
            name,
            looking_at(_pose_around(middle, distance, start + math.radians(azimuth), elevation), middle),
            intrinsics,
        )
        for name, azimuth, elevation in _angles(settings)
    ]


def cameras_on_path(view: View, path: CameraPath) -> list[NovelCamera]:
    """Cameras of a path that begins at a placed view: the path's world is that view's camera, its unit the set's."""
    pose = view.world_from_camera
    if pose is None:
        raise ValueError(f"View {view.name} is not placed ({view.reason}); a path needs a placed view to begin at.")
    return [
        NovelCamera(f"picture {i + 1}", pose @ step, zoomed(view.intrinsics, zoom))
        for i, (step, zoom) in enumerate(zip(path.world_from_camera, path.zoom.tolist()))
    ]


def cameras_along(views: Sequence[View], count: int) -> list[NovelCamera]:
    """`count` cameras at even steps on the way from placed view to placed view, in their order, with the first one's lens; none of
    them stands where a photo was taken unless there are fewer than two views."""
    from scipy.spatial.transform import Rotation, Slerp

    poses = [view.world_from_camera for view in views if view.world_from_camera is not None]
    if not poses:
        raise ValueError(f"None of the {len(views)} views is placed; a way needs placed views.")
    placed = torch.stack(poses)
    steps = (torch.arange(count, dtype=torch.float64) + 0.5) / count * (len(poses) - 1)
    before = steps.floor().long().clamp_max(max(len(poses) - 2, 0))
    after, part = (before + 1).clamp_max(len(poses) - 1), (steps - before)[:, None]
    turns = placed[0, :3, :3].expand(count, 3, 3)
    if len(poses) > 1:
        between = Slerp(range(len(poses)), Rotation.from_matrix(placed[:, :3, :3].numpy()))
        turns = torch.from_numpy(between(steps.numpy()).as_matrix())
    made = torch.eye(4, dtype=torch.float64).repeat(count, 1, 1)
    made[:, :3, :3] = turns
    made[:, :3, 3] = placed[before, :3, 3] * (1 - part) + placed[after, :3, 3] * part
    intrinsics = next(view.intrinsics for view in views if view.world_from_camera is not None)
    return [NovelCamera(f"picture {k + 1}", pose, intrinsics) for k, pose in enumerate(made)]


def _angles(settings: RigSettings) -> Sequence[tuple[str, float, float]]:
    """Name, azimuth and elevation in degrees of each camera."""
    if settings.rig == FOUR_VIEWS:
        names = ("front", "left", "back", "right")
        return [(n, a, settings.elevation_degrees) for n, a in zip(names, FOUR_AZIMUTHS)]
    if settings.rig == GRID:
        return [(f"{e} up, {a} round", float(a), float(e)) for e in GRID_ELEVATIONS for a in GRID_AZIMUTHS]
    steps = [360 * i / settings.frames for i in range(settings.frames)]
    return [(f"{a:.0f} round", a, settings.elevation_degrees) for a in steps]


def _pose_around(middle: torch.Tensor, distance: float, azimuth: float, elevation_degrees: float) -> torch.Tensor:
    e = math.radians(elevation_degrees)
    towards = torch.tensor(
        [math.sin(azimuth) * math.cos(e), -math.sin(e), -math.cos(azimuth) * math.cos(e)], dtype=torch.float64
    )
    return middle + distance * towards
