"""Pictures and exact geometry of a scene from any camera at any time.

rendering = render(scene, scene.camera, height=480, width=640)
left_and_right = render(scene, [camera, camera.moved(right=0.06)], 480, 640)
video = render(scene, cameras, 480, 640, times=[k / 30 for k in range(len(cameras))])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from sam3d_geometry.geometry.pointmap import Pointmap

from .raycast import intersect, normal
from .scene import Body, Camera, Scene
from .shading import Surface, shade
from .textures import NoiseField, holes

NEAR = 1e-3
RAYS_PER_BLOCK = 1 << 19


@dataclass(frozen=True)
class Rendering:
    """Frames of a scene, exact at pixel centres, in each frame's OpenCV camera axes.

    image              (B, H, W, 3) float32 in [0, 1], display-ready (gamma applied)
    depth              (B, H, W) float32 along z, 0 where nothing was met
    points             (B, H, W, 3) float32, 0 where nothing was met
    normals            (B, H, W, 3) float32 unit, facing the camera, 0 where nothing was met
    mask               (B, H, W) bool, False on the sky
    object_ids         (B, H, W) int64, -1 on the sky
    intrinsics         (B, 3, 3) float32, normalised by image size
    world_from_camera  (B, 4, 4) float64
    """

    image: torch.Tensor
    depth: torch.Tensor
    points: torch.Tensor
    normals: torch.Tensor
    mask: torch.Tensor
    object_ids: torch.Tensor
    intrinsics: torch.Tensor
    world_from_camera: torch.Tensor

    def __len__(self) -> int:
        return self.depth.shape[0]

    def pointmap(self, with_normals: bool = True) -> Pointmap:
        """What a perfect metric estimator would answer for these frames."""
        normals = self.normals if with_normals else None
        size = tuple(self.depth.shape[1:])
        return Pointmap(
            self.points, self.mask, self.intrinsics, self.image, normals=normals, metric=True, source_size=size
        )


def render(
    scene: Scene,
    cameras: Camera | Sequence[Camera],
    height: int,
    width: int,
    *,
    times: float | Sequence[float] = 0.0,
    samples: int = 1,
    photos: torch.Tensor | None = None,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Rendering:
    """Render one frame for each camera (and time in seconds); the same arguments give the same frames.

    samples    rays a side that a pixel of the image averages; the geometry is always that of the pixel's centre.
               0 leaves the image black, for speed where only geometry is wanted
    photos     (K, 3, S, S) linear RGB for photo textures (development.training.photos); None: procedural patterns only
    dtype      of the computation; float64 is exact to float32's rounding at any distance, float32 is faster
    """
    cameras = [cameras] if isinstance(cameras, Camera) else list(cameras)
    times = [float(times)] * len(cameras) if isinstance(times, (int, float)) else [float(t) for t in times]
    if not cameras or len(times) != len(cameras):
        raise ValueError(f"{len(cameras)} cameras came with {len(times)} times; one time for each camera is needed.")
    if height < 1 or width < 1 or samples < 0:
        raise ValueError(f"height {height}, width {width}, samples {samples} came; 1, 1 and 0 are the least.")
    noise = NoiseField(scene.sky.seed, dtype, device)
    photos = photos.to(device) if photos is not None else None
    frames = [_frame(scene, c, t, height, width, samples, photos, noise) for c, t in zip(cameras, times)]
    stacked = [torch.stack(parts) for parts in zip(*frames)]
    intrinsics = torch.tensor(np.stack([c.intrinsics(height, width) for c in cameras]), dtype=torch.float32)
    poses = torch.tensor(np.stack([c.world_from_camera for c in cameras]), dtype=torch.float64)
    return Rendering(*stacked, intrinsics=intrinsics.to(device), world_from_camera=poses.to(device))


def _frame(scene, camera, time, height, width, samples, photos, noise):
    """One frame's image, depth, points, normals, mask and object ids, block of rows by block of rows."""
    rows = max(1, RAYS_PER_BLOCK // (width * max(samples, 1) ** 2))
    blocks = []
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        centres = _cast(scene, camera, time, (height, width), (top, bottom), 1, noise)
        if samples == 0:
            image = centres.points.new_zeros(bottom - top, width, 3)
        elif samples == 1:
            image = shade(scene, centres, time, photos, noise)
        else:
            fine = _cast(scene, camera, time, (height, width), (top, bottom), samples, noise)
            image = shade(scene, fine, time, photos, noise)
            image = F.avg_pool2d(image.permute(2, 0, 1)[None], samples)[0].permute(1, 2, 0)
        blocks.append((image.clamp(0, 1).sqrt().float(), *_camera_frame(scene, camera, centres)))
    return [torch.cat(parts) for parts in zip(*blocks)]


def _camera_frame(scene: Scene, camera: Camera, surface: Surface):
    """The geometry of a block in camera axes, float32 and 0 where there is none."""
    mask = surface.bodies >= 0
    depth = torch.where(mask, surface.depth, 0)
    points = surface.camera_rays * depth[..., None]
    camera_from_world = torch.tensor(camera.world_from_camera[:3, :3].T).to(surface.normals)
    normals = torch.where(mask[..., None], surface.normals @ camera_from_world.T, 0)
    ids = [body.object_id if body.object_id is not None else index for index, body in enumerate(scene.bodies)]
    ids = torch.tensor([*ids, -1], device=mask.device)
    return depth.float(), points.float(), normals.float(), mask, ids[surface.bodies]


def _cast(scene, camera, time, size, rows, samples, noise) -> Surface:
    """The surface that the rays of pixel rows `rows` = (top, bottom) meet, `samples` x `samples` rays a pixel."""
    height, width = size[0] * samples, size[1] * samples
    top, bottom = rows[0] * samples, rows[1] * samples
    like = noise.lattice
    intrinsics = camera.intrinsics(*size)
    u = (torch.arange(width, dtype=like.dtype, device=like.device) + 0.5) / width
    v = (torch.arange(top, bottom, dtype=like.dtype, device=like.device) + 0.5) / height
    x = (u - intrinsics[0, 2]) / intrinsics[0, 0]
    y = (v - intrinsics[1, 2]) / intrinsics[1, 1]
    camera_rays = torch.stack(torch.broadcast_tensors(x[None, :], y[:, None], like.new_ones(1, 1)), -1)
    world_from_camera = camera.world_from_camera
    depth = like.new_full((bottom - top, width), math.inf)
    bodies = torch.full((bottom - top, width), -1, dtype=torch.int64, device=like.device)
    for index, body in enumerate(scene.bodies):
        rotation, position = body.pose(time)
        centre = world_from_camera[:3, :3].T @ (position - world_from_camera[:3, 3])
        columns = _span(centre[0], centre[2], body.bounding_radius, x)
        lines = _span(centre[1], centre[2], body.bounding_radius, y)
        if columns is None or lines is None:
            continue
        block = (slice(*lines), slice(*columns))
        rays = camera_rays[block]
        body_from_camera = torch.tensor(rotation.T @ world_from_camera[:3, :3]).to(like)
        origin = torch.tensor(rotation.T @ (world_from_camera[:3, 3] - position)).to(like)
        t = _first_solid(body, origin, rays.reshape(-1, 3) @ body_from_camera.T, noise).view(rays.shape[:2])
        nearer = t < depth[block]
        depth[block] = torch.where(nearer, t, depth[block])
        bodies[block] = torch.where(nearer, index, bodies[block])
    return _surface(scene, camera, time, camera_rays, depth, bodies)


def _span(centre: float, depth: float, radius: float, axis: torch.Tensor) -> tuple[int, int] | None:
    """First and past-the-last index along `axis` (x/z or y/z of the rays) whose rays can meet a sphere, or None."""
    if not math.isfinite(radius) or depth * depth + centre * centre <= radius * radius * 1.001:
        return 0, len(axis)
    middle, half = math.atan2(centre, depth), math.asin(radius / math.hypot(centre, depth))
    low, high = middle - half, middle + half
    right_angle = math.pi / 2
    if low >= right_angle or high <= -right_angle:
        return None
    low = math.tan(low) if low > -right_angle else -math.inf
    high = math.tan(high) if high < right_angle else math.inf
    margin = 1e-4 * (1 + abs(middle))
    first = int(torch.searchsorted(axis, low - margin)) if math.isfinite(low) else 0
    last = int(torch.searchsorted(axis, high + margin)) if math.isfinite(high) else len(axis)
    return (first, last) if last > first else None


def _first_solid(body: Body, origins: torch.Tensor, directions: torch.Tensor, noise: NoiseField) -> torch.Tensor:
    """t (N,) of the first crossing at which the body's material is not missing; inf without one."""
    first, last = intersect(body, origins, directions, NEAR)
    if body.material.holes <= 0:
        return first
    origins = origins.expand_as(directions)
    result = torch.full_like(first, math.inf)
    for t in (last, first):
        met = torch.nonzero(torch.isfinite(t))[:, 0]
        at = origins[met] + t[met, None] * directions[met]
        met = met[~holes(body.material, at, noise)]
        result[met] = t[met]
    return result


def _surface(scene, camera, time, camera_rays, depth, bodies) -> Surface:
    """World points, normals and body coordinates of what was met, body by body."""
    pose = torch.tensor(camera.world_from_camera).to(camera_rays)
    rays = camera_rays @ pose[:3, :3].T
    points = pose[:3, 3] + torch.where(bodies >= 0, depth, 0)[..., None] * rays
    normals = torch.zeros_like(points)
    met = torch.bincount(bodies.reshape(-1) + 1, minlength=len(scene.bodies) + 1)[1:]
    pixels = {}
    for index in torch.nonzero(met)[:, 0].tolist():
        chosen = torch.nonzero(bodies.reshape(-1) == index)[:, 0]
        rotation, position = (torch.tensor(part).to(points) for part in scene.bodies[index].pose(time))
        local = (points.view(-1, 3)[chosen] - position) @ rotation
        outward = normal(scene.bodies[index], local) @ rotation.T
        away = (outward * rays.view(-1, 3)[chosen]).sum(-1, keepdim=True) > 0
        normals.view(-1, 3)[chosen] = torch.where(away, -outward, outward)
        pixels[index] = chosen
    return Surface(camera_rays, rays, depth, points, normals, bodies, pixels)
