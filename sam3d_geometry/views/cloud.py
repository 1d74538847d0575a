"""Cloud: the points of all placed views in one world, thinned to an even density."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from ..geometry.normals import geometric_normals
from ..geometry.resize import resize_image
from ..shapes.point_cloud import PointCloud, thin_by_voxel
from .consistency import agreements, trusted
from .outliers import without_clashing
from .posed_depth import PosedDepth, posed_depths
from .view import View

# of a pixel that gives a point: beside edges, at flat angles and where others see through there is none
LEAST_POINT_WEIGHT = 0.05
VOXELS_ACROSS = 2048  # along the longest side, from which on cells are made larger until few enough points are left
MOST_THINNINGS = 24


def cloud_of_views(views: Sequence[View], max_points: int = 0) -> PointCloud:
    """The placed views of the largest group -> their points with colours and normals, in the world's axes and unit.

    Views and depths that the other views contradict are left out. At most `max_points`, 0 keeps one for every pixel. ValueError where
    no view is placed or has depth.
    """
    frames, _ = without_clashing(posed_depths(views))
    by_name = {view.name: view for view in views}
    parts = [_of_frame(f, by_name[f.name]) for f in trusted(frames, agreements(frames))]
    points, colours, normals = (torch.cat(part) for part in zip(*parts))
    metric = all(by_name[frame.name].pointmap.metric for frame in frames)
    return thinned_to(PointCloud(points, colours, normals, metric=metric), max_points)


def _of_frame(frame: PosedDepth, view: View) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Points, colours and normals (N, 3) of what a view is trusted in."""
    size = (frame.depth.shape[0], frame.depth.shape[1])
    kept = frame.weight > LEAST_POINT_WEIGHT
    normals = geometric_normals(frame.depth[None], frame.valid[None], frame.intrinsics[None])[0]
    turn = frame.world_from_camera[:3, :3].float()
    return frame.world_points()[kept], resize_image(view.photo[None].float(), size)[0][kept], normals[kept] @ turn.T


def thinned_to(cloud: PointCloud, most: int) -> PointCloud:
    """The cloud with at most `most` points, one for every cube of an edge that is found; 0 keeps all."""
    if not most or len(cloud.points) <= most:
        return cloud
    extent = float((cloud.points.amax(0) - cloud.points.amin(0)).max())
    edge = extent / VOXELS_ACROSS
    thinned = cloud
    for _ in range(MOST_THINNINGS):
        if len(thinned.points) <= most or not edge > 0:
            break
        thinned = thin_by_voxel(cloud, edge)
        edge *= max(1.05, (len(thinned.points) / most) ** 0.5)
    every = -(-len(thinned.points) // most)
    kept = torch.arange(0, len(thinned.points), every)
    fields = {name: getattr(thinned, name)[kept] for name in ("points", "colours", "normals")}
    return replace(thinned, **fields) if every > 1 else thinned
