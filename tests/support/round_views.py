"""Views of a ball at the world's origin, in closed form: known cameras, known surface, a colour for every place on it."""

from __future__ import annotations

import math

import torch

from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees, unproject
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.views.view import View

SIZE = (80, 80)
RADIUS, DISTANCE = 1.0, 4.0
FOV_X_DEGREES = 40.0


def pose_on_ring(azimuth_degrees: float, distance: float = DISTANCE) -> torch.Tensor:
    """Pose (4, 4) float64 of a camera that looks at the origin from this azimuth; 0 looks along +z."""
    a = math.radians(azimuth_degrees)
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3] = torch.tensor([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    pose[:3, 3] = -distance * pose[:3, 2]
    return pose


def colour_at(points: torch.Tensor) -> torch.Tensor:
    """The ball's colour at world points (..., 3)."""
    return (0.5 + 0.35 * torch.sin(4 * points)).float()


def ball_view(azimuth_degrees: float, *, masked: bool = True, gain: float = 1.0, size: tuple[int, int] = SIZE) -> View:
    """The ball from one side, before nothing; `gain` multiplies the photo."""
    pose = pose_on_ring(azimuth_degrees)
    intrinsics = intrinsics_from_fov_x_degrees(FOV_X_DEGREES, *size)
    rays = unproject(torch.ones(1, *size), intrinsics)[0].double() @ pose[:3, :3].T
    centre = pose[:3, 3]
    a, b, c = (rays**2).sum(-1), (rays @ centre), (centre @ centre) - RADIUS**2
    root = b**2 - a * c
    mask = root > 0
    depth = torch.where(mask, (-b - root.clamp_min(0).sqrt()) / a, 0).float()
    photo = colour_at(centre + rays * depth[..., None]) * gain * mask[..., None]
    pointmap = Pointmap(
        points=unproject(depth[None], intrinsics),
        mask=mask[None],
        intrinsics=intrinsics,
        image=photo[None],
        normals=None,
        metric=True,
        source_size=size,
    )
    return View(
        name=f"{azimuth_degrees:g} degrees",
        photo=photo,
        pointmap=pointmap,
        mask=mask if masked else None,
        intrinsics=intrinsics[0].double(),
        world_from_camera=pose,
        state="placed",
        group=0,
    )


def ball_views(count: int, **given: object) -> list[View]:
    """Views from all around at equal steps."""
    return [ball_view(360 * i / count, **given) for i in range(count)]
