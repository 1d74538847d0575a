"""Point cloud: the valid points of a pointmap, thinned and cleaned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch

from ..geometry.normals import surface_normals
from ..geometry.pointmap import Pointmap

NEAREST_POINTS = 16  # of each point, whose mean distance tells strays from surfaces


@dataclass(frozen=True)
class PointCloud:
    """Points on the CPU, in OpenCV camera axes and the unit of their pointmap.

    points      (N, 3) float32
    colours     (N, 3) float32 in [0, 1], sRGB values, or None
    normals     (N, 3) float32 unit vectors facing the camera, or None
    intrinsics  (3, 3) float32 normalised camera that the photo was taken with, or None where there is none
    metric      True when the unit is the metre
    """

    points: torch.Tensor
    colours: torch.Tensor | None = None
    normals: torch.Tensor | None = None
    intrinsics: torch.Tensor | None = None
    metric: bool = False

    def __post_init__(self) -> None:
        if len(self.points) == 0:
            raise ValueError("The point cloud is empty; give a pointmap with valid pixels, or remove fewer points.")
        for name in ("points", "colours", "normals"):
            tensor = getattr(self, name)
            if tensor is not None and tuple(tensor.shape) != (len(self.points), 3):
                raise ValueError(
                    f"Point cloud {name} came as {tuple(tensor.shape)}; {(len(self.points), 3)} is needed."
                )

    def _map(self, function: Callable[[torch.Tensor], torch.Tensor]) -> PointCloud:
        """The cloud with every per-point tensor put through `function`."""
        per_point = {f.name: getattr(self, f.name) for f in fields(self) if f.name in ("points", "colours", "normals")}
        return replace(self, **{name: function(v) for name, v in per_point.items() if v is not None})


def point_cloud_from_pointmap(
    pointmap: Pointmap, stride: int = 1, voxel_size: float = 0.0, outlier_deviations: float = 0.0
) -> PointCloud:
    """A pointmap of one frame -> its valid points with colours and normals, in OpenCV camera axes.

    `stride` keeps every n-th row and column; for `voxel_size` (in the pointmap's unit, 0 is off) see `thin_by_voxel`,
    for `outlier_deviations` (0 is off) `remove_outliers`.
    """
    if len(pointmap) != 1:
        raise ValueError(
            f"A point cloud is made of one frame, and the pointmap has {len(pointmap)}; choose one of them."
        )
    if stride < 1:
        raise ValueError(f"The stride came as {stride}; it must be at least 1.")
    normals = surface_normals(pointmap)
    grid = (0, slice(None, None, stride), slice(None, None, stride))
    mask = pointmap.mask[grid]
    cloud = PointCloud(
        pointmap.points[grid][mask].cpu(),
        pointmap.image[grid][mask].cpu(),
        normals[grid][mask].cpu(),
        pointmap.intrinsics[0].cpu(),
        pointmap.metric,
    )
    if outlier_deviations > 0:
        cloud = remove_outliers(cloud, outlier_deviations)
    if voxel_size > 0:
        cloud = thin_by_voxel(cloud, voxel_size)
    return cloud


def thin_by_voxel(cloud: PointCloud, size: float) -> PointCloud:
    """One point for every cube of edge `size`, in the cloud's unit: the mean of those in it, and of their colours."""
    cell = (cloud.points / size).floor().long()
    cell -= cell.amin(0)
    extent = cell.amax(0) + 1
    key = (cell[:, 0] * extent[1] + cell[:, 1]) * extent[2] + cell[:, 2]
    _, voxel, count = torch.unique(key, return_inverse=True, return_counts=True)

    def mean(values: torch.Tensor) -> torch.Tensor:
        total = torch.zeros(len(count), 3, dtype=torch.float64).index_add_(0, voxel, values.double())
        return (total / count[:, None]).float()

    thinned = cloud._map(mean)
    if thinned.normals is None:
        return thinned
    return replace(thinned, normals=torch.nn.functional.normalize(thinned.normals, dim=-1))


def remove_outliers(cloud: PointCloud, deviations: float) -> PointCloud:
    """The cloud without points that are further from their neighbours than others are.

    The mean distance to NEAREST_POINTS points is taken relative to the distance from the camera, since pixels spread with it; who is
    more than `deviations` standard deviations above the mean goes (Rusu et al., Towards 3D Point Cloud Based Object Maps
    for Household Environments, 2008).
    """
    from scipy.spatial import KDTree

    if len(cloud.points) <= NEAREST_POINTS:
        return cloud
    points = cloud.points.numpy()
    distances, _ = KDTree(points).query(points, k=NEAREST_POINTS + 1, workers=-1)
    spread = torch.from_numpy(distances[:, 1:].mean(1)) / cloud.points.double().norm(dim=-1)
    keep = spread <= spread.mean() + deviations * spread.std()
    return cloud._map(lambda values: values[keep])
