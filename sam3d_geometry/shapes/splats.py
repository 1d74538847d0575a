"""Splats: flat Gaussians that lie on the surface of a pointmap, one a point, as large as the pixel that saw it.

On the plane n . P = d through a point P = z r on the ray r = (a, b, 1), a step along the view plane moves the point by
z (e - r n_e / n . r). Of one pixel these are two vectors, across and down. A Gaussian with them as the columns of its covariance's
root projects, to first order (Zwicker et al., EWA Splatting, 2002), to the same round spot for every pixel of the photo,
however the surface is tilted: so the photo's camera sees no hole, and nothing reaches over an edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..geometry.normals import surface_normals
from ..geometry.pointmap import Pointmap
from ..geometry.rotations import quaternion_xyzw
from ..geometry.surfaces import depth_edges

SPLAT_SIZE = 0.5  # standard deviation in pixels: half a pixel's width
FLATNESS = 0.1  # thickness as a share of the pixel's width at that distance
STEEPEST_DEGREES = 87.0  # between ray and normal: a splat at most 19 times as long as wide
STEEPEST_AT_EDGES_DEGREES = 75.0  # where the surface ends, and a normal may be half the one behind: 4 times


@dataclass(frozen=True)
class Splats:
    """Gaussians on the CPU, in OpenCV camera axes (those of 3D Gaussian Splatting too) and the unit of their pointmap.

    centres     (N, 3) float32
    scales      (N, 3) float32, standard deviations along the own axes, the third one that of the normal
    rotations   (N, 4) float32, unit quaternions w, x, y, z that turn the own axes into the camera's
    opacities   (N,) float32 in [0, 1]
    colours     (N, 3) float32 in [0, 1], sRGB values
    metric      True when the unit is the metre
    """

    centres: torch.Tensor
    scales: torch.Tensor
    rotations: torch.Tensor
    opacities: torch.Tensor
    colours: torch.Tensor
    metric: bool = False

    def __post_init__(self) -> None:
        count = len(self.centres)
        if count == 0:
            raise ValueError("There are no splats; give a pointmap with valid pixels.")
        needed = {"centres": (3,), "scales": (3,), "rotations": (4,), "opacities": (), "colours": (3,)}
        for name, shape in needed.items():
            came = tuple(getattr(self, name).shape)
            if came != (count, *shape):
                raise ValueError(f"Splats' {name} came as {came}; {(count, *shape)} is needed.")


def splats_from_pointmap(pointmap: Pointmap, stride: int = 1, size: float = SPLAT_SIZE, opacity: float = 1.0) -> Splats:
    """A pointmap of one frame -> a splat for every valid point of every `stride`-th row and column.

    `size` is the standard deviation of the splats in pixels of the pointmap as the photo's camera sees them, times the stride. They
    lie as `surface_normals` says, but for normals that are seen too flat: those are turned to the camera, more where the
    surface ends.
    """
    if len(pointmap) != 1:
        raise ValueError(f"Splats are made of one frame, and the pointmap has {len(pointmap)}; choose one of them.")
    if stride < 1 or not size > 0 or not 0 < opacity <= 1:
        raise ValueError(
            f"Stride, size and opacity of splats came as {stride}, {size:g} and {opacity:g}; at least 1, above 0, and above 0 up to 1 "
            "are needed."
        )
    grid = (0, slice(stride // 2, None, stride), slice(stride // 2, None, stride))
    mask = pointmap.mask[grid]
    points = pointmap.points[grid][mask].cpu().double()
    normals = surface_normals(pointmap)[grid][mask].cpu().double()
    at_edge = depth_edges(pointmap.depth, pointmap.mask)[grid][mask].cpu()
    steepest = torch.where(at_edge, STEEPEST_AT_EDGES_DEGREES, STEEPEST_DEGREES).double()
    steps = _pixel_width(pointmap) * (stride * size)
    scales, rotations = _footprints(points, _turned_to_camera(normals, points, steepest), steps)
    return Splats(
        centres=points.float(),
        scales=scales.float(),
        rotations=rotations.float(),
        opacities=torch.full((len(points),), opacity),
        colours=pointmap.image[grid][mask].cpu(),
        metric=pointmap.metric,
    )


def _pixel_width(pointmap: Pointmap) -> torch.Tensor:
    """(2,) float64: width and height of a pixel on the view plane at depth 1."""
    height, width = pointmap.size
    focal = pointmap.intrinsics[0].cpu().double()
    return torch.stack([1 / (focal[0, 0] * width), 1 / (focal[1, 1] * height)])


def _turned_to_camera(normals: torch.Tensor, points: torch.Tensor, steepest_degrees: torch.Tensor) -> torch.Tensor:
    """Normals (N, 3) of surfaces at `points` (N, 3), each turned toward the camera until it is seen at `steepest_degrees` (N,)."""
    to_camera = -torch.nn.functional.normalize(points, dim=-1)
    cosine = (normals * to_camera).sum(-1, keepdim=True)
    along = torch.nn.functional.normalize(normals - cosine * to_camera, dim=-1)
    limit = torch.deg2rad(steepest_degrees)[:, None]
    turned = to_camera * limit.cos() + along * limit.sin()
    return torch.where(cosine < limit.cos(), turned, normals)


def _footprints(points: torch.Tensor, normals: torch.Tensor, steps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Standard deviations (N, 3) and quaternions wxyz (N, 4) of Gaussians whose spot is `steps` (2,) of the view plane wide."""
    depth = points[:, 2:]
    rays = points / depth
    facing = (rays * normals).sum(-1, keepdim=True)
    across, down = (
        depth * step * (torch.eye(3, dtype=points.dtype)[axis] - rays * normals[:, axis : axis + 1] / facing)
        for axis, step in enumerate(steps)
    )
    # axes of the ellipse that the two span: an eigenvector of their 2 x 2 products
    products = [(a * b).sum(-1) for a, b in ((across, across), (down, down), (across, down))]
    angle = (torch.atan2(2 * products[2], products[0] - products[1]) / 2)[:, None]
    long = across * angle.cos() + down * angle.sin()
    short = down * angle.cos() - across * angle.sin()
    lengths = torch.stack([long.norm(dim=-1), short.norm(dim=-1), depth[:, 0] * float(steps.mean()) * FLATNESS], -1)
    first, second = long / lengths[:, :1], short / lengths[:, 1:2]
    rotation = torch.stack([first, second, torch.linalg.cross(first, second)], -1)
    return lengths, quaternion_xyzw(rotation).roll(1, -1)
