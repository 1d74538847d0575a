"""Volume: posed depths fused into one truncated signed distance on blocks of voxels near the surfaces (Curless and Levoy, 1996).

Blocks exist only where some view has a surface, so memory follows the surface and not the space around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..geometry.camera import project, view_plane_axes
from ..geometry.progress import OnProgress
from ..geometry.surfaces import inverse_depth
from ..shapes.surface_nets import BLOCK_SIDE, BlockGrid, block_keys, blocks_of
from .posed_depth import PosedDepth, moved

TRUNCATION_VOXELS = 3.0  # least half width of the band around a surface
TRUNCATION_SPREADS = 3.0  # and in standard deviations of the depth
MOST_TRUNCATION_VOXELS = 10.0  # at most: where depth is less sure than that, voxels are larger
BLOCKS_AT_ONCE = 1024
LEAST_VOXEL_WEIGHT = 1e-3  # below it a voxel counts as never seen
RANGE_SHARE = 0.01  # of the points at each end that the volume may leave out
MOST_BLOCKS = 120_000  # 61 million voxels, 0.75 GiB
FEWEST_VOXELS = 40  # voxels along the longest side that remain, however unsure the depth is
FOOTPRINTS = 0.8  # a voxel is no finer than this many pixels


@dataclass(frozen=True)
class Volume:
    """A truncated signed distance on blocks of voxels.

    grid      which blocks there are
    distance  (N, 8, 8, 8) float32 in units of the truncation, negative inside, 1 where only free space was seen
    weight    (N, 8, 8, 8) float32, 0 where never seen
    views     (N, 8, 8, 8) uint8, how many views saw a surface within the truncation
    origin    (3,) float64 world place of voxel (0, 0, 0)
    voxel     edge of a voxel in the world's unit
    """

    grid: BlockGrid
    distance: torch.Tensor
    weight: torch.Tensor
    views: torch.Tensor
    origin: torch.Tensor
    voxel: float

    @property
    def known(self) -> torch.Tensor:
        """(N, 8, 8, 8) bool."""
        return self.weight > LEAST_VOXEL_WEIGHT

    def world(self, places: torch.Tensor) -> torch.Tensor:
        """Places (N, 3) in voxels -> world points (N, 3) float32."""
        return (places.double() * self.voxel + self.origin).float()


def extent_of(frames: Sequence[PosedDepth]) -> tuple[torch.Tensor, torch.Tensor]:
    """Least and greatest corner (3,) float64 of what the views see, without the outermost RANGE_SHARE at each end."""
    points = torch.cat([_some(frame.world_points()[frame.weight > 0]) for frame in frames]).double()
    if len(points) < 2:
        raise ValueError("No view has a depth that can be trusted; give larger masks, or views that overlap.")
    ends = torch.quantile(points, torch.tensor([RANGE_SHARE, 1 - RANGE_SHARE], dtype=torch.float64), dim=0)
    margin = 0.05 * float((ends[1] - ends[0]).max())
    return ends[0] - margin, ends[1] + margin


def _some(points: torch.Tensor, most: int = 50_000) -> torch.Tensor:
    return points[:: max(1, len(points) // most)]


def voxel_size(frames: Sequence[PosedDepth], resolution: int, spreads: Sequence[float] = ()) -> float:
    """Edge of a voxel: the `resolution`-th part of the longest side of what is seen, but no finer than pixels and depth are.

    `spreads` are the standard deviations of ln depth: surfaces that lie apart by them must be in one another's reach.
    """
    low, high = extent_of(frames)
    footprints = [frame.depth[frame.weight > 0] / (frame.intrinsics[0, 0] * frame.depth.shape[1]) for frame in frames]
    finest = float(torch.cat([_some(found) for found in footprints]).median())
    unsure = [spread * float(frame.depth[frame.valid].median()) for frame, spread in zip(frames, spreads)]
    reach = TRUNCATION_SPREADS * sorted(unsure)[len(unsure) // 2] / MOST_TRUNCATION_VOXELS if unsure else 0.0
    reach = min(reach, float((high - low).max()) / FEWEST_VOXELS)
    return max(float((high - low).max()) / resolution, FOOTPRINTS * finest, reach)


def fused_volume(
    frames: Sequence[PosedDepth],
    spreads: Sequence[float],
    voxel: float,
    on_progress: OnProgress | None = None,
) -> Volume:
    """Frames with the standard deviation of each one's ln depth -> their volume; voxels far from surfaces do not exist.

    Each view's truncation is TRUNCATION_VOXELS, or more where its depth is less sure. A view counts by its weight and the
    inverse square of depth, and less and less behind its surface. Silhouettes carve: outside of one the distance is at
    least that to its outline. ValueError where the blocks would not fit in memory.
    """
    low, high = extent_of(frames)
    grid = _blocks(frames, spreads, low, high, voxel)
    if len(grid.blocks) > MOST_BLOCKS:
        raise ValueError(
            f"The surface would need {len(grid.blocks)} blocks of voxels, and {MOST_BLOCKS} are the most; lower the resolution."
        )
    shape = (len(grid.blocks), BLOCK_SIDE**3)
    distance, weight = torch.ones(shape), torch.zeros(shape)
    views, hull = torch.zeros(shape, dtype=torch.uint8), torch.full(shape, -torch.inf)
    typical = float(torch.stack([frame.depth[frame.valid].median() for frame in frames]).median())
    looks = [_Look(frame, spread, typical, voxel) for frame, spread in zip(frames, spreads, strict=True)]
    for start in range(0, shape[0], BLOCKS_AT_ONCE):
        part = torch.arange(start, min(start + BLOCKS_AT_ONCE, shape[0]))
        places = (grid.voxels(part).view(-1, 3).double() * voxel + low).float()
        total, sum_weight, seen, outside = _integrated(looks, places)
        size = (len(part), BLOCK_SIDE**3)
        weight[part] = sum_weight.view(size)
        distance[part] = torch.where(sum_weight > LEAST_VOXEL_WEIGHT, total / sum_weight.clamp_min(1e-9), 1.0).view(
            size
        )
        views[part] = seen.view(size)
        hull[part] = outside.view(size)
        if on_progress is not None:
            on_progress(min(start + BLOCKS_AT_ONCE, shape[0]), shape[0])
    carved = hull > -torch.inf
    distance = torch.where(carved, torch.maximum(distance, hull), distance)
    weight = torch.where(carved & (hull > 0), weight.clamp_min(2 * LEAST_VOXEL_WEIGHT), weight)
    cube = (len(grid.blocks), BLOCK_SIDE, BLOCK_SIDE, BLOCK_SIDE)
    return Volume(grid, distance.view(cube), weight.view(cube), views.view(cube), low, voxel)


def truncation(spread: float, depth: torch.Tensor, voxel: float) -> torch.Tensor:
    """Half width of the band around a surface at each depth."""
    wide = TRUNCATION_SPREADS * spread * depth
    return wide.clamp(TRUNCATION_VOXELS * voxel, MOST_TRUNCATION_VOXELS * voxel)


def _blocks(
    frames: Sequence[PosedDepth], spreads: Sequence[float], low: torch.Tensor, high: torch.Tensor, voxel: float
) -> BlockGrid:
    """The blocks that some view's surface or its band reaches."""
    found = []
    for frame, spread in zip(frames, spreads, strict=True):
        valid = frame.weight > 0
        depth = frame.depth[valid]
        x, y = view_plane_axes(frame.intrinsics[None], *frame.depth.shape)
        rays = torch.stack(torch.broadcast_tensors(x[0], y[0], torch.ones(())), -1)[valid]
        length = rays.norm(dim=-1)
        reach = truncation(spread, depth, voxel)
        steps = int(2 * reach.max() / (BLOCK_SIDE * voxel / 2)) + 2
        for share in torch.linspace(-1, 1, steps).tolist():
            points = rays * (depth + share * reach / length)[:, None]
            places = (moved(points, frame.world_from_camera).double() - low) / voxel
            inside = ((places >= 0) & (places * voxel <= high - low)).all(1)
            voxels = places[inside].round().long()
            # a surface next to the border of a block needs the block beside it
            for shift in (-2, 2):
                blocks = torch.div(voxels + shift, BLOCK_SIDE, rounding_mode="floor")
                found.append(torch.unique(block_keys(blocks)))
    return BlockGrid.of(blocks_of(torch.unique(torch.cat(found))))


class _Look:
    """One view, ready to be asked about many places."""

    def __init__(self, frame: PosedDepth, spread: float, typical: float, voxel: float) -> None:
        self.frame, self.spread, self.typical, self.voxel = frame, spread, typical, voxel
        inverse = inverse_depth(frame.depth[None], frame.valid[None])[0]
        trusted = (frame.weight > 0).float()
        self.maps = torch.stack([inverse * trusted, frame.obliqueness * trusted, frame.weight, trusted])
        self.outside = None if frame.silhouette is None else _outside(frame.silhouette)
        self.pixel = 1 / float(frame.intrinsics[0, 0] * frame.depth.shape[1])

    def at(self, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """World places (M, 3) -> distance in truncations, weight, and by how many truncations they are outside the outline."""
        z = moved(places, self.frame.camera_from_world)
        uv = project(z[None], self.frame.intrinsics[None])[0]
        z = z[:, 2]
        ahead = (z > 1e-6) & (uv > 0).all(1) & (uv < 1).all(1)
        spots = torch.where(ahead[:, None], uv * 2 - 1, -2.0)[None, None]
        maps = F.grid_sample(self.maps[None], spots, "bilinear", "zeros", align_corners=False)[0, :, 0]
        inverse, obliqueness, weight, trusted = maps
        whole = ahead & (trusted > 0.999)
        depth = 1 / torch.where(whole, inverse, 1.0)
        band = truncation(self.spread, depth, self.voxel)
        distance = (z - depth) * obliqueness / band * -1
        # behind its surface a view says less and less
        weight = weight * (self.typical / depth) ** 2 * (1 + distance).clamp(0, 1)
        weight = torch.where(whole & (distance > -1), weight, 0)
        return distance.clamp(-1, 1), weight, self._hull(spots, z, ahead)

    def _hull(self, spots: torch.Tensor, z: torch.Tensor, ahead: torch.Tensor) -> torch.Tensor:
        if self.outside is None:
            return torch.full_like(z, -torch.inf)
        pixels = F.grid_sample(self.outside[None, None], spots, "bilinear", "border", align_corners=False)[0, 0, 0]
        away = pixels * self.pixel * z / (TRUNCATION_VOXELS * self.voxel)
        before = F.grid_sample(self.frame.everything[None, None], spots, "nearest", "zeros", align_corners=False)[
            0, 0, 0
        ]
        hidden = (before > 0) & (before < z - TRUNCATION_VOXELS * self.voxel) & (away > 0)
        return torch.where(ahead & ~hidden, away.clamp(-1, 1), -torch.inf)


def _outside(silhouette: torch.Tensor) -> torch.Tensor:
    """(h, w) distance in pixels to the outline of a mask, negative inside."""
    from scipy.ndimage import distance_transform_edt

    inside = silhouette.numpy()
    far = float(sum(inside.shape))
    outward = torch.as_tensor(distance_transform_edt(~inside) if inside.any() else far + 0.0 * inside)
    inward = torch.as_tensor(distance_transform_edt(inside) if not inside.all() else far + 0.0 * inside)
    # the outline lies between two pixels, half a pixel from the centres of both
    return (outward - inward - 0.5 * torch.where(silhouette, -1, 1)).float()


def _integrated(looks: Sequence[_Look], places: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Sum of weighted distances, of weights, number of views with a surface near, greatest distance outside an outline."""
    total, weights = torch.zeros(len(places)), torch.zeros(len(places))
    seen = torch.zeros(len(places), dtype=torch.uint8)
    outside = torch.full((len(places),), -torch.inf)
    for look in looks:
        distance, weight, hull = look.at(places)
        total += distance * weight
        weights += weight
        seen += ((weight > 0) & (distance.abs() < 1)).to(torch.uint8)
        outside = torch.maximum(outside, hull)
    return total, weights, seen, outside


def at_cells(values: torch.Tensor, grid: BlockGrid, cells: torch.Tensor) -> torch.Tensor:
    """Greatest of `values` (N, 8, 8, 8) at the eight corners of cells (M, 3), 0 where there is no block."""
    best = torch.zeros(len(cells), dtype=values.dtype)
    for i in (0, 1):
        for j in (0, 1):
            for k in (0, 1):
                voxel = cells + torch.tensor([i, j, k])
                block = torch.div(voxel, BLOCK_SIDE, rounding_mode="floor")
                number = grid.find(block)
                a, b, c = (voxel - block * BLOCK_SIDE).unbind(1)
                best = torch.maximum(best, torch.where(number >= 0, values[number.clamp_min(0), a, b, c], 0))
    return best
