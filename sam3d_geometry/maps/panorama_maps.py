"""Pictures of a panorama: depth to look at, true distance, normals; all go on across the seam."""

from __future__ import annotations

import torch

from ..geometry.panorama import Panorama, panorama_rays, sample_panorama, sample_surface
from ..geometry.surfaces import inverse_depth
from .depth import AT_FAR_END, DISPARITY_CURVE, DepthRange, limits_of_frames, picture_of_depth


def resize_panorama(panorama: Panorama, size: tuple[int, int]) -> Panorama:
    """The panorama at another size (height, width), without distances between two surfaces."""
    if size == panorama.size:
        return panorama
    device, (height, width) = panorama.distance.device, size
    rays = panorama_rays(size, device)
    u = ((torch.arange(width, device=device) + 0.5) / width).expand(size)
    v = ((torch.arange(height, device=device) + 0.5) / height)[:, None].expand(size)
    inverse = sample_surface(inverse_depth(panorama.distance, panorama.mask), u, v, wraps=True)
    mask = inverse > 0
    normals = torch.nn.functional.normalize(sample_panorama(panorama.normals, rays), dim=-1)
    return Panorama(
        distance=torch.where(mask, 1 / inverse, 0),
        mask=mask,
        image=sample_panorama(panorama.image, rays),
        normals=normals * mask[..., None],
        metric=panorama.metric,
        source_size=panorama.source_size,
    )


def panorama_range(panorama: Panorama, clip_percent: float = 0.5) -> DepthRange:
    """The range of distances to show; `clip_percent` of the valid pixels are cut off at each end."""
    near, far = limits_of_frames(lambda _: (panorama.distance, panorama.mask), 1, clip_percent)
    return DepthRange(near[None].float(), far[None].float())


def panorama_depth_picture(
    panorama: Panorama,
    shown: DepthRange,
    curve: str = DISPARITY_CURVE,
    invert: bool = False,
    invalid: str = AT_FAR_END,
) -> torch.Tensor:
    """Picture of distance (1, H, W) in [0, 1] at the panorama's size, as `depth_picture` makes it of depth."""
    distance, mask = panorama.distance[None], panorama.mask[None]
    return picture_of_depth(distance, mask, panorama.size, shown, curve=curve, invert=invert, invalid=invalid)[0]
