"""Panorama: a distance for every direction around one place, as an equirectangular picture has them; views and samples of it.

A column of the picture is an azimuth and a row an elevation. Its middle looks along z, to the right of it is x and below it y (OpenCV
axes), and what leaves it on the right comes in on the left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .camera import intrinsics_from_fov_x_degrees, unproject
from .pointmap import Pointmap
from .pointmap_maker import pointmap_of_depth
from .resize import size_for_long_edge
from .rotations import rotation_from_degrees
from .sampling import sample_bilinear
from .surfaces import DEPTH_EDGE, inverse_depth

WIDEST_DEGREES = 150.0  # of a view: beyond it most of its pixels are stretched
SPHERE_ASPECT = 2.0  # width to height of a whole sphere
ASPECT_TOLERANCE = 0.02


@dataclass(frozen=True)
class Panorama:
    """One place's surroundings, a distance a pixel of an equirectangular picture.

    distance     (H, W) float32 along the pixel's ray, 0 where the mask is False
    mask         (H, W) bool, True where there is geometry
    image        (H, W, 3) float32 in [0, 1], the photo at this resolution
    normals      (H, W, 3) float32 unit vectors facing the camera, 0 where the mask is False
    metric       True when the unit is the metre
    source_size  (height, width) of the photo
    """

    distance: torch.Tensor
    mask: torch.Tensor
    image: torch.Tensor
    normals: torch.Tensor
    metric: bool
    source_size: tuple[int, int]

    def __post_init__(self) -> None:
        if self.distance.dim() != 2 or 0 in self.distance.shape:
            raise ValueError(f"A panorama's distance came as {tuple(self.distance.shape)}; (height, width) is needed.")
        size = tuple(self.distance.shape)
        for name, shape in (("mask", size), ("image", (*size, 3)), ("normals", (*size, 3))):
            if tuple(getattr(self, name).shape) != shape:
                came = tuple(getattr(self, name).shape)
                raise ValueError(f"A panorama's {name} came as {came}; {shape} is needed to fit the distance.")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) at which the distances are held."""
        return self.distance.shape[0], self.distance.shape[1]

    @property
    def points(self) -> torch.Tensor:
        """(H, W, 3) points around the camera at the origin, 0 where invalid."""
        return panorama_rays(self.size, self.distance.device) * self.distance[..., None]


def require_panorama(image: torch.Tensor) -> None:
    """ValueError, one sentence, for pictures (B, H, W, C) that are not one whole equirectangular panorama."""
    if image.dim() != 4 or len(image) != 1:
        raise ValueError(
            f"The panorama came as {tuple(image.shape)}; (frames, height, width, 3) with one frame is needed, so choose one of a batch."
        )
    height, width = image.shape[1:3]
    if abs(width / height / SPHERE_ASPECT - 1) > ASPECT_TOLERANCE:
        raise ValueError(
            f"The picture is {width} x {height}; an equirectangular panorama of all directions is twice as wide as high. Give a "
            "common photo to Pointmap Inference."
        )


def panorama_rays(size: tuple[int, int], device: torch.device | str = "cpu") -> torch.Tensor:
    """Unit directions (H, W, 3) float32 of the pixel centres of a panorama of `size` (height, width)."""
    height, width = size
    azimuth = ((torch.arange(width, dtype=torch.float64) + 0.5) / width - 0.5) * (2 * math.pi)
    elevation = (0.5 - (torch.arange(height, dtype=torch.float64) + 0.5) / height) * math.pi
    level = elevation.cos()[:, None]
    rays = torch.stack(
        [level * azimuth.sin(), -elevation.sin()[:, None].expand(height, width), level * azimuth.cos()], -1
    )
    return rays.float().to(device)


def panorama_places(directions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Directions (..., 3) of any length -> where they are in a panorama: u and v (...) in [0, 1]."""
    x, y, z = directions.unbind(-1)
    u = torch.atan2(x, z) / (2 * math.pi) + 0.5
    v = torch.atan2(y, torch.hypot(x, z)) / math.pi + 0.5
    return u, v


def sample_panorama(values: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """A panorama's values (H, W, C) in directions (..., 3) -> (..., C), linearly between pixels and on across the seam."""
    planes, directions = values.float().movedim(-1, 0), directions.float()
    width = planes.shape[2]
    wide = torch.cat([planes[..., -1:], planes, planes[..., :1]], 2)
    u, v = (place.reshape(-1) for place in panorama_places(directions))
    places = torch.stack([(u * width + 1) / (width + 2) * 2 - 1, v * 2 - 1], -1)
    return sample_bilinear(wide, places).T.reshape(*directions.shape[:-1], -1)


def sample_surface(inverse: torch.Tensor, u: torch.Tensor, v: torch.Tensor, wraps: bool = False) -> torch.Tensor:
    """A map (H, W) of 1 / depth, 0 where invalid, at places u, v (...) in [0, 1] -> (...), without values between two surfaces.

    Linear between the four pixels around where they lie on one surface, which is exact on planes for depth along z; the nearest
    pixel's elsewhere. `wraps`: the columns are a circle.
    """
    height, width = inverse.shape
    x, y = u * width - 0.5, v * height - 0.5
    left, top = x.floor(), y.floor()
    across, down = x - left, y - top
    rows = [row.clamp(0, height - 1).long() * width for row in (top, top + 1)]
    columns = [(column % width if wraps else column.clamp(0, width - 1)).long() for column in (left, left + 1)]
    flat = inverse.reshape(-1)
    taps = [[flat[row + column] for column in columns] for row in rows]
    low = torch.minimum(torch.minimum(*taps[0]), torch.minimum(*taps[1]))
    high = torch.maximum(torch.maximum(*taps[0]), torch.maximum(*taps[1]))
    upper, lower = (torch.lerp(pair[0], pair[1], across) for pair in taps)
    by_row = [torch.where(across < 0.5, pair[0], pair[1]) for pair in taps]
    nearest = torch.where(down < 0.5, by_row[0], by_row[1])
    return torch.where(high <= low * (1 + DEPTH_EDGE), torch.lerp(upper, lower, down), nearest)


def view_rays(size: tuple[int, int], intrinsics: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
    """Directions (H, W, 3) float32, of length 1 along the view's axis, of a view of `size` turned by `rotation` (3, 3).

    `intrinsics` (1, 3, 3) are normalised; `rotation` takes the view's axes to the panorama's.
    """
    rays = unproject(torch.ones(1, *size, dtype=torch.float64), intrinsics.double())[0]
    return (rays @ rotation.double().T).float()


def view_sizes(
    panorama: Panorama, fov_x_degrees: float, wanted: tuple[int, int], resolution: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """(height, width) of a view's geometry, its long edge `resolution` or the picture's, and of its picture.

    `wanted` is the picture's; for a width of 0 it has about the pixels of the panorama's photo, for a height of 0 it is square.
    """
    height, width = wanted
    width = width or max(1, round(panorama.source_size[1] * fov_x_degrees / 360))
    picture = (height or width, width)
    return size_for_long_edge(picture, resolution), picture


def panorama_view(
    panorama: Panorama,
    image: torch.Tensor | None = None,
    *,
    azimuth_degrees: float = 0.0,
    elevation_degrees: float = 0.0,
    fov_x_degrees: float = 90.0,
    size: tuple[int, int] = (512, 512),
    picture_size: tuple[int, int] | None = None,
) -> tuple[Pointmap, torch.Tensor]:
    """What a common camera in a panorama's place sees in one direction: its pointmap of `size`, and the picture (1, h, w, 3).

    `image` (1, H, W, 3) is the panorama's photo at full size, in place of its own; the picture has `picture_size`, or `size`. Azimuth is
    to the right of the panorama's middle, elevation upward.
    """
    if not 0 < fov_x_degrees <= WIDEST_DEGREES:
        raise ValueError(
            f"fov_x_degrees came as {fov_x_degrees:g}; a view of a panorama is more than 0 and at most {WIDEST_DEGREES:g} degrees wide."
        )
    if image is not None:
        require_panorama(image)
    device = panorama.distance.device
    rotation = rotation_from_degrees(azimuth_degrees, elevation_degrees, 0.0)
    intrinsics = intrinsics_from_fov_x_degrees(fov_x_degrees, *size)
    rays = view_rays(size, intrinsics, rotation).to(device)
    seen = sample_surface(inverse_depth(panorama.distance, panorama.mask), *panorama_places(rays), wraps=True)
    depth = 1 / (seen * rays.norm(dim=-1))  # infinite where nothing is
    normals = sample_panorama(panorama.normals, rays) @ rotation.to(panorama.normals)
    normals = torch.nn.functional.normalize(normals, dim=-1)
    photo = panorama.image if image is None else image[0, ..., :3].float().to(device)
    wanted = size if picture_size is None else picture_size
    wide = view_rays(wanted, intrinsics_from_fov_x_degrees(fov_x_degrees, *wanted), rotation).to(device)
    pointmap = pointmap_of_depth(
        depth[None],
        None,
        intrinsics.to(device),
        sample_panorama(photo, rays)[None],
        normals=normals[None],
        metric=panorama.metric,
        source_size=wanted,
    )
    return pointmap, sample_panorama(photo, wide)[None]
