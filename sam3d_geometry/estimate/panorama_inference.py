"""From an equirectangular photo to the panorama of its distances: upright views of all directions through the network, and their merge."""

from __future__ import annotations

import torch

from ..geometry.camera import intrinsics_from_fov_x_degrees
from ..geometry.panorama import Panorama, require_panorama, sample_panorama, view_rays
from ..geometry.panorama_normals import panorama_normals
from ..geometry.progress import OnProgress
from ..geometry.resize import resize_image
from ..geometry.rotations import rotation_from_degrees
from ..geometry.surfaces import DEPTH_EDGE, inverse_depth
from ..models import GeometryModel
from .inference import BY_MASK, WHERE_SOFT, infer_pointmap
from .panorama_merge import SphereView, merge_views

FOV_DEGREES = 90.0
# azimuth and elevation: all upright, as networks know the world; every direction is less than 42 degrees from the axis of one
VIEW_DIRECTIONS = [(60.0 * i, 0.0) for i in range(6)] + [
    (30 + 120.0 * i, tilt) for tilt in (60.0, -60.0) for i in range(3)
]
WIDTH_OF_VIEW = 3  # a panorama of so many views' widths has about the pixels of its views
MOST_WIDTH_OF_VIEW = 4  # of the photo that views are taken from: more would only alias


def panorama_pictures(image: torch.Tensor, resolution: int) -> torch.Tensor:
    """A panorama (1, H, W, 3) -> the pictures (V, resolution, resolution, 3) of its views in VIEW_DIRECTIONS."""
    require_panorama(image)
    width = min(image.shape[2], MOST_WIDTH_OF_VIEW * resolution)
    photo = resize_image(image.float(), (max(1, round(width * image.shape[1] / image.shape[2])), width))[0]
    size = (resolution, resolution)
    intrinsics = intrinsics_from_fov_x_degrees(FOV_DEGREES, *size)
    pictures = []
    for azimuth, elevation in VIEW_DIRECTIONS:
        rays = view_rays(size, intrinsics, rotation_from_degrees(azimuth, elevation, 0.0)).to(photo.device)
        pictures.append(sample_panorama(photo, rays))
    return torch.stack(pictures)


def infer_panorama(
    model: GeometryModel,
    image: torch.Tensor,
    *,
    resolution: int = 512,
    validity: str = BY_MASK,
    refine_edges: str = WHERE_SOFT,
    frames_per_batch: int = 4,
    on_progress: OnProgress | None = None,
) -> Panorama:
    """An equirectangular photo (1, H, W, 3) float in [0, 1] -> its Panorama, WIDTH_OF_VIEW times `resolution` wide or as the photo.

    `resolution` is the edge of each of the views that go through the network; the rest is as in `infer_pointmap`, with views
    for frames. Normals are the network's where it gives any.
    """
    pictures = panorama_pictures(image[..., :3].float(), resolution)
    pointmap = infer_pointmap(
        model,
        pictures,
        resolution=resolution,
        fov_x_degrees=FOV_DEGREES,
        validity=validity,
        refine_edges=refine_edges,
        frames_per_batch=frames_per_batch,
        on_progress=on_progress,
    )
    inverse = inverse_depth(pointmap.depth, pointmap.mask)
    focal = float(pointmap.intrinsics[0, 0, 0])
    views = [
        SphereView(inverse[i], None if pointmap.normals is None else pointmap.normals[i], rotation, focal)
        for i, rotation in enumerate(rotation_from_degrees(*angles, 0.0) for angles in VIEW_DIRECTIONS)
    ]
    source = (image.shape[1], image.shape[2])
    width = min(source[1], WIDTH_OF_VIEW * resolution)
    size = (max(1, round(width / 2)), width)
    distance, mask, normals = merge_views(views, size)
    if normals is None:
        normals = panorama_normals(distance, mask, DEPTH_EDGE)
    return Panorama(
        distance,
        mask,
        resize_image(image[..., :3].float(), size)[0].clamp(0, 1),
        normals=normals * mask[..., None],
        metric=pointmap.metric,
        source_size=source,
    )
