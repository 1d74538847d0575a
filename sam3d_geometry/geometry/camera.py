"""The pinhole camera: field of view, focal length, intrinsics, project and unproject (OpenCV axes)."""

from __future__ import annotations

import math

import torch

# of the picture's width or height: a principal point that is off by less counts as in the middle
CENTRED = 1e-4


def _check_fov(fov_x_degrees: torch.Tensor) -> None:
    if not bool(((fov_x_degrees > 0) & (fov_x_degrees < 180)).all()):
        raise ValueError(
            f"The horizontal field of view came as {fov_x_degrees.tolist()} degrees; it must lie between 0 and 180."
        )


def fov_x_degrees_from_focal_mm(focal_mm: float, sensor_width_mm: float = 36.0) -> float:
    """Horizontal field of view in degrees of a lens of `focal_mm` before a sensor `sensor_width_mm` wide."""
    if not (focal_mm > 0 and sensor_width_mm > 0):
        raise ValueError(
            f"Focal length {focal_mm} mm and sensor width {sensor_width_mm} mm must both be greater than 0."
        )
    return math.degrees(2 * math.atan(0.5 * sensor_width_mm / focal_mm))


def fov_x_degrees_from_focal_pixels(focal_pixels: float, image_width: int) -> float:
    """Horizontal field of view in degrees of a camera whose focal length is `focal_pixels` at `image_width` pixels."""
    if not (focal_pixels > 0 and image_width > 0):
        raise ValueError(
            f"Focal length {focal_pixels} px and image width {image_width} px must both be greater than 0."
        )
    return math.degrees(2 * math.atan(0.5 * image_width / focal_pixels))


def intrinsics_from_focal(fx: torch.Tensor, fy: torch.Tensor) -> torch.Tensor:
    """Normalised focal lengths (B,) -> normalised intrinsics (B, 3, 3) with the principal point at the centre."""
    intrinsics = torch.zeros(*fx.shape, 3, 3, dtype=fx.dtype, device=fx.device)
    intrinsics[..., 0, 0] = fx
    intrinsics[..., 1, 1] = fy
    intrinsics[..., :2, 2] = 0.5
    intrinsics[..., 2, 2] = 1
    return intrinsics


def intrinsics_from_fov_x_degrees(fov_x_degrees: float | torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Horizontal field of view in degrees (scalar or (B,)) of square pixels -> normalised intrinsics (B, 3, 3)."""
    fov = torch.as_tensor(fov_x_degrees, dtype=torch.float64).reshape(-1)
    _check_fov(fov)
    fx = 0.5 / torch.tan(torch.deg2rad(fov) / 2)
    return intrinsics_from_focal(fx, fx * width / height).float()


def intrinsics_from_diagonal_focal(focal: torch.Tensor, aspect_ratio: float) -> torch.Tensor:
    """Focal length (B,) relative to half the image diagonal -> normalised intrinsics; aspect_ratio is width / height."""
    fy = focal / 2 * math.sqrt(1 + aspect_ratio**2)
    return intrinsics_from_focal(fy / aspect_ratio, fy)


def diagonal_focal_from_fov_x_degrees(fov_x_degrees: float | torch.Tensor, aspect_ratio: float) -> torch.Tensor:
    """Horizontal field of view in degrees -> focal length (B,) relative to half the image diagonal, float32."""
    fov = torch.as_tensor(fov_x_degrees, dtype=torch.float64).reshape(-1)
    _check_fov(fov)
    focal = aspect_ratio / math.sqrt(1 + aspect_ratio**2) / torch.tan(torch.deg2rad(fov) / 2)
    return focal.float()


def fov_degrees_from_intrinsics(intrinsics: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised intrinsics (B, 3, 3) -> horizontal and vertical field of view in degrees, each (B,)."""
    fov_x = 2 * torch.atan(0.5 / intrinsics[..., 0, 0])
    fov_y = 2 * torch.atan(0.5 / intrinsics[..., 1, 1])
    return torch.rad2deg(fov_x), torch.rad2deg(fov_y)


def intrinsics_of_part(
    intrinsics: torch.Tensor,
    size: tuple[int, int],
    kept: tuple[int, int],
    *,
    corner: tuple[int, int] = (0, 0),
    stride: int = 1,
) -> torch.Tensor:
    """Normalised intrinsics (..., 3, 3) of a picture of `size` (height, width) -> those of some of its pixels, nothing resampled.

    `kept` (height, width) pixels stay: from `corner` (top, left) on the middle one of every `stride`. Points stay where they are.
    """
    part = intrinsics.clone()
    for axis, length, count, start in zip((0, 1), reversed(size), reversed(kept), reversed(corner)):
        extent = count * stride
        part[..., axis, axis] *= length / extent
        part[..., axis, 2] = (part[..., axis, 2] * length - (start + stride // 2 + 0.5 - stride / 2)) / extent
    return part


def view_plane_axes(intrinsics: torch.Tensor, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """x / z of every column (B, 1, W) and y / z of every row (B, H, 1), at pixel centres."""
    u = (torch.arange(width, device=intrinsics.device, dtype=intrinsics.dtype) + 0.5) / width
    v = (torch.arange(height, device=intrinsics.device, dtype=intrinsics.dtype) + 0.5) / height
    x = (u - intrinsics[:, 0, 2, None]) / intrinsics[:, 0, 0, None]
    y = (v - intrinsics[:, 1, 2, None]) / intrinsics[:, 1, 1, None]
    return x[:, None, :], y[:, :, None]


def unproject(depth: torch.Tensor, intrinsics: torch.Tensor) -> torch.Tensor:
    """Depth (B, H, W) along z and normalised intrinsics (B, 3, 3) -> points (B, H, W, 3) in OpenCV camera axes."""
    x, y = view_plane_axes(intrinsics.to(depth), *depth.shape[1:])
    points = depth.new_empty(*depth.shape, 3)
    torch.mul(depth, x, out=points[..., 0])
    torch.mul(depth, y, out=points[..., 1])
    points[..., 2] = depth
    return points


def project(points: torch.Tensor, intrinsics: torch.Tensor) -> torch.Tensor:
    """Points (B, ..., 3) in OpenCV camera axes -> (B, ..., 2) image coordinates u, v, which are in [0, 1] in the image."""
    shape = (-1,) + (1,) * (points.dim() - 2)
    k = intrinsics.to(points)
    z = points[..., 2]
    u = k[:, 0, 0].view(shape) * points[..., 0] / z + k[:, 0, 2].view(shape)
    v = k[:, 1, 1].view(shape) * points[..., 1] / z + k[:, 1, 2].view(shape)
    return torch.stack([u, v], -1)
