"""An object completed from the one side that a photo shows: a volume swept in passes, each voxel asked whether it is inside.

The interface is that of MCC (Wu et al., Multiview Compressive Coding, 2023), the answers are not a network's: what the photo
shows is known, what a mirror plane shows is taken from there, and the rest is as thick as its outline is wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy
import torch
from scipy.spatial import KDTree

from ..geometry.pointmap import Pointmap
from ..geometry.resize import resize_mask
from ..geometry.surfaces import surface_links
from ..shapes.islands import small_islands
from ..shapes.mesh import Mesh
from ..shapes.point_cloud import PointCloud
from ..shapes.surface_nets import BLOCK_SIDE, BlockGrid, surface_net
from .mirror_plane import MirrorPlane, SeenSide, mirror_planes
from .object_surface import FEWEST, surface_inside
from .sweep import OnPass, Sweep

STRAY_SHARE = 0.002  # of the object's pixels; fewer that hang together are no part of it
FILLED_BEHIND = 2.0  # voxels behind the seen surface that are filled whatever else is said
GUESSED_CONFIDENCE = 0.3
MIRRORED_CONFIDENCE = 0.8  # times how well the plane agrees
BODY_THICKNESS = 1.0  # of a body as thick as it is wide: a ball or a roll
KNOWN_WITHIN = 1.5  # voxels from a known point in which a vertex counts as known
SEEN, MIRRORED, GUESSED = ORIGINS = ("seen", "mirrored", "guessed")

_Box = tuple[numpy.ndarray, float, numpy.ndarray]  # a volume's corner, its voxel, its numbers of voxels (3,)


@dataclass(frozen=True)
class Completion:
    """The whole object in the photo's camera axes and unit.

    mesh        closed, with colours
    origin      (N,) int64 for each vertex: its number in ORIGINS
    confidence  (N,) float32 for each vertex: 1 seen, less where it is mirrored or guessed
    occupied    (X, Y, Z) bool voxels that are inside
    certainty   (X, Y, Z) float32 confidence of each voxel
    corner      (3,) float64 place of voxel (0, 0, 0)
    voxel       edge of a voxel
    planes      the best mirror plane, which may not hold, and those upright on it that hold too
    seen        the points of the photo's side, as they came
    selection   (H, W) bool the object's pixels in the pointmap
    sweep       the surface as the passes found it
    """

    mesh: Mesh
    origin: torch.Tensor
    confidence: torch.Tensor
    occupied: torch.Tensor
    certainty: torch.Tensor
    corner: torch.Tensor
    voxel: float
    planes: tuple[MirrorPlane, ...]
    seen: PointCloud
    selection: torch.Tensor
    sweep: Sweep

    @property
    def cloud(self) -> PointCloud:
        """The seen points as they came, and those of the mesh that are not seen."""
        new = self.origin > 0
        assert self.mesh.colours is not None and self.seen.colours is not None
        return PointCloud(
            torch.cat([self.seen.points, self.mesh.vertices[new]]),
            torch.cat([self.seen.colours, self.mesh.colours[new]]),
            intrinsics=self.seen.intrinsics,
            metric=self.seen.metric,
        )

    def at_cloud(self, values: torch.Tensor, of_seen: float) -> torch.Tensor:
        """Values (N,) of the vertices -> (P,) of the points of `cloud`, `of_seen` for those that came."""
        return torch.cat([values.new_full((len(self.seen.points),), of_seen), values[self.origin > 0]])

    def share(self, origin: str) -> float:
        """Share of the vertices that come from there."""
        return float((self.origin == ORIGINS.index(origin)).float().mean())

    def describe(self) -> str:
        """What was done, in words."""
        shares = ", ".join(f"{self.share(origin):.0%} {origin}" for origin in ORIGINS)
        size = " x ".join(f"{float(extent):.3g}" for extent in self.mesh.vertices.amax(0) - self.mesh.vertices.amin(0))
        return (
            f"{' '.join(plane.describe() for plane in self.planes)}\nOf the surface: {shares}. {int(self.occupied.sum())} voxels of {self.voxel:.3g} are inside; "
            f"size {size} {'m' if self.seen.metric else '(no unit)'}.\nWhat is guessed is as thick as the outline is wide: a shape to "
            "work with, not a measurement."
        )


class _Known:
    """What the photo says about places: before or behind its surface, beside the outline, how thick."""

    def __init__(self, side: SeenSide):
        from scipy.ndimage import distance_transform_edt

        mask = side.mask
        valid = mask & (side.depth > 0)
        nearest = distance_transform_edt(~valid, return_distances=False, return_indices=True)
        assert nearest is not None
        self.depth = side.depth[tuple(nearest)]
        inward, outward = (numpy.asarray(distance_transform_edt(part)) for part in (mask, ~mask))
        # the outline lies half a pixel from the centres on both sides
        self.outside = outward - inward - 0.5 * numpy.where(mask, -1, 1)
        self.focal = float(side.camera[0, 0]) * mask.shape[1]
        pixels = _thickness(inward)
        # a thing is as wide as its pixels are in its middle, half its thickness behind its front
        self.thickness = pixels * self.depth / (self.focal - pixels / 2).clip(0.2 * self.focal)
        self.side = side

    def at(self, points: numpy.ndarray, least: float) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """Points (M, 3) -> how far they are before the surface, outside the outline and behind the guessed back; below 0 inside.

        `least` is the least thickness.
        """
        from scipy.ndimage import map_coordinates

        height, width = self.side.mask.shape
        camera, z = self.side.camera, numpy.maximum(points[:, 2], 1e-9)
        column = (camera[0, 0] * points[:, 0] / z + camera[0, 2]) * width - 0.5
        row = (camera[1, 1] * points[:, 1] / z + camera[1, 2]) * height - 0.5
        spots = numpy.stack([row, column])
        depth, outside, thick = (
            map_coordinates(values, spots, order=1, mode="nearest")
            for values in (self.depth, self.outside, self.thickness)
        )
        return depth - z, outside * z / self.focal, z - depth - numpy.maximum(thick, least)


def _thickness(inward: numpy.ndarray) -> numpy.ndarray:
    """Distance to the outline (H, W) in pixels -> thickness in pixels, a ball's under a round outline, by the middle line's width."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter, maximum_filter

    ridge = (inward >= maximum_filter(inward, 3)) & (inward > 0)
    nearest = distance_transform_edt(~ridge, return_distances=False, return_indices=True)
    assert nearest is not None
    radius = numpy.maximum(gaussian_filter(inward[tuple(nearest)], 1.5), inward)
    return BODY_THICKNESS * 2 * numpy.sqrt(inward * (2 * radius - inward))


def _side(pointmap: Pointmap, mask: torch.Tensor) -> tuple[SeenSide, torch.Tensor, torch.Tensor]:
    """The seen side, and its points (N, 3) and colours (N, 3) as they came."""
    inside = mask & pointmap.mask[0].cpu()
    inside &= ~_strays(pointmap.depth[:1].cpu(), inside)
    points, normals = surface_inside(pointmap, inside)
    colours = pointmap.image[0].cpu()[inside]
    usable = numpy.linalg.norm(normals, axis=1) > 0.5
    if usable.sum() < FEWEST // 2:
        raise ValueError("The selection is too thin to have a surface; wire the mask of the whole object to selection.")
    everything = pointmap.depth[0].cpu().double().numpy() * pointmap.mask[0].cpu().numpy()
    side = SeenSide(
        points.double().numpy()[usable],
        normals[usable],
        colours.double().mean(-1).numpy()[usable],
        everything,
        mask.numpy(),
        pointmap.intrinsics[0].cpu().double().numpy(),
    )
    return side, points, colours


def _strays(depth: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """Depth (1, H, W) and the object's pixels (H, W) -> those that hang in the air between its outline and what is behind it."""
    down, across = (links[0] for links in surface_links(depth, inside[None]))
    alone = inside.clone()
    alone[1:] &= ~down
    alone[:-1] &= ~down
    alone[:, 1:] &= ~across
    alone[:, :-1] &= ~across
    small = small_islands(across, down, inside.to(torch.uint8), int(STRAY_SHARE * int(inside.sum())))
    return alone if small is None else alone | (small & inside)


def complete_object(
    pointmap: Pointmap, selection: torch.Tensor, resolution: int = 96, passes: int = 8, on_pass: OnPass | None = None
) -> Completion:
    """Pointmap of one photo, selection (1, H, W) of the object -> the whole object, in the photo's camera axes.

    A volume of `resolution` voxels along its longest side is swept from front to back in `passes`; after each, `on_pass` gets the
    sweep so far. ValueError where the selection has too little geometry, or the pointmap more than one frame.
    """
    if len(pointmap) != 1 or len(selection) != 1:
        raise ValueError(
            f"The pointmap has {len(pointmap)} frames and the selection {len(selection)}; one photo and its mask are needed."
        )
    if not (resolution >= 8 and passes >= 1):
        raise ValueError(f"{resolution} voxels in {passes} passes were asked for; at least 8 in 1 are needed.")
    chosen = resize_mask(selection.cpu(), pointmap.size)[0]
    side, points, colours = _side(pointmap, chosen)
    known, planes = _Known(side), mirror_planes(side)
    mirrors = _Mirrors(tuple(plane for plane in planes if plane.holds))
    box = corner, voxel, _ = _box(side, known, mirrors, resolution)
    paint = _Paint(points.double().numpy(), colours, mirrors)
    field, certainty, sweep = _swept(known, mirrors, paint, box, passes, on_pass)
    mesh, origin = _surface_of_field(field, corner, voxel, known, paint)
    values = torch.tensor([1.0, mirrors.trust, GUESSED_CONFIDENCE])
    camera = pointmap.intrinsics[0].cpu()
    whole = Mesh(mesh.vertices, mesh.faces, colours=mesh.colours, intrinsics=camera, metric=pointmap.metric)
    return Completion(
        mesh=whole,
        origin=origin,
        confidence=values[origin],
        occupied=torch.from_numpy(field < 0),
        certainty=torch.from_numpy(certainty),
        corner=torch.from_numpy(corner),
        voxel=voxel,
        planes=planes,
        seen=PointCloud(points, colours, intrinsics=camera, metric=pointmap.metric),
        selection=chosen,
        sweep=sweep,
    )


def _swept(
    known: _Known, mirrors: _Mirrors, paint: _Paint, box: _Box, passes: int, on_pass: OnPass | None
) -> tuple[numpy.ndarray, numpy.ndarray, Sweep]:
    """Signed distance and certainty (X, Y, Z) of the voxels of a box, asked in passes from front to back."""
    corner, voxel, counts = box
    field, certainty = numpy.ones(counts), numpy.ones(counts, dtype=numpy.float32)
    layers = numpy.array_split(numpy.arange(counts[2]), min(passes, int(counts[2])))
    ends = torch.from_numpy(corner), torch.from_numpy(corner + (counts - 1) * voxel)
    sweep = Sweep(torch.zeros(0, 3), torch.zeros(0, 3), (), len(layers), *ends, voxel)
    for layer in layers:
        grid = numpy.stack(numpy.meshgrid(numpy.arange(counts[0]), numpy.arange(counts[1]), layer, indexing="ij"), -1)
        found, sure = _asked(known, mirrors, grid.reshape(-1, 3) * voxel + corner, FILLED_BEHIND * voxel)
        field[:, :, layer], certainty[:, :, layer] = found.reshape(grid.shape[:3]), sure.reshape(grid.shape[:3])
        shell = grid[numpy.abs(field[:, :, layer]) < voxel] * voxel + corner
        sweep = sweep.further(torch.from_numpy(shell).float(), paint.of(shell))
        if on_pass is not None:
            on_pass(sweep)
    return field, certainty, sweep


@dataclass(frozen=True)
class _Mirrors:
    """The ways in which what the photo shows is seen again: in each plane that holds, and in several one after the other."""

    planes: tuple[MirrorPlane, ...]

    @property
    def ways(self) -> list[tuple[MirrorPlane, ...]]:
        """The planes of each way, one after the other."""
        return [way for count in range(1, len(self.planes) + 1) for way in combinations(self.planes, count)]

    @property
    def trust(self) -> float:
        """Confidence in what is mirrored in the plane that is known best."""
        return max(map(_trust, self.planes), default=GUESSED_CONFIDENCE)

    def images(self, points: numpy.ndarray) -> Iterator[tuple[numpy.ndarray, float]]:
        """Points (..., 3) as each way shows them, and the confidence in it."""
        for way in self.ways:
            there = points
            for plane in way:
                there = plane.mirrored(there)
            yield there, min(map(_trust, way))


def _trust(plane: MirrorPlane) -> float:
    return max(MIRRORED_CONFIDENCE * min(1.0, 0.5 + 0.5 * plane.agreement) * (1 - plane.violation), GUESSED_CONFIDENCE)


def _box(side: SeenSide, known: _Known, mirrors: _Mirrors, resolution: int) -> _Box:
    """The volume around what may be inside, its numbers of voxels multiples of a block's."""
    row, column, _ = side.pixels(side.points)
    back = side.points * (1 + known.thickness[row, column] / side.points[:, 2])[:, None]
    every = numpy.concatenate([side.points, back, *(there for there, _ in mirrors.images(side.points))])
    low, high = every.min(0), every.max(0)
    voxel = float((high - low).max()) / resolution
    counts = numpy.ceil((high - low) / voxel + 5).astype(int)
    return low - 2.5 * voxel, voxel, -(-counts // BLOCK_SIDE) * BLOCK_SIDE


def _asked(known: _Known, mirrors: _Mirrors, points: numpy.ndarray, band: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Signed distance (M,) of points (M, 3), below 0 inside, and how sure that is (M,)."""
    before, outside, back = known.at(points, band)
    sure = numpy.where((before > -band) | (outside > 0), 1.0, GUESSED_CONFIDENCE)
    hull = shown = numpy.maximum(before, outside)
    for there, trust in mirrors.images(points):
        # what the photo says of the mirrored place holds here too; the back is where all sides' guesses end
        before_2, outside_2, back_2 = known.at(there, band)
        hull = numpy.maximum(hull, numpy.maximum(before_2, outside_2))
        back = numpy.minimum(back, back_2)
        sure = numpy.where((before_2 > -band) | (outside_2 > 0), numpy.maximum(sure, trust), sure)
    seen = (before > 0) | ((before > -band) & (outside < 0))
    return numpy.where(seen, shown, numpy.maximum(hull, back)), sure


class _Paint:
    """Where points come from, and their colours: those of the nearest seen or mirrored point."""

    def __init__(self, points: numpy.ndarray, colours: torch.Tensor, mirrors: _Mirrors):
        self.seen = KDTree(points)
        images = [there for there, _ in mirrors.images(points)]
        self.mirrored = KDTree(numpy.concatenate(images)) if images else None
        self.colours = colours

    def of(self, places: numpy.ndarray) -> torch.Tensor:
        """Colours (P, 3) of places (P, 3)."""
        return self.known(places, 0.0)[0]

    def known(self, places: numpy.ndarray, near: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Colours (P, 3), and the numbers (P,) in ORIGINS, for points this near to a known one."""
        gap, index = self.seen.query(places)
        origin = numpy.where(gap <= near, 0, 2)
        if self.mirrored is not None:
            other, at = self.mirrored.query(places)
            origin = numpy.where((origin == 2) & (other <= near), 1, origin)
            index = numpy.where((other < gap) & (origin > 0), at % len(self.colours), index)
        return self.colours[torch.from_numpy(index)], torch.from_numpy(origin)


def _surface_of_field(
    field: numpy.ndarray, corner: numpy.ndarray, voxel: float, known: _Known, paint: _Paint
) -> tuple[Mesh, torch.Tensor]:
    """The surface of a field (X, Y, Z) in camera axes, its seen part drawn onto the seen surface; where vertices come from."""
    x, y, z = (count // BLOCK_SIDE for count in field.shape)
    values = torch.from_numpy(field / voxel).float()
    for axis in range(3):  # nothing is inside at the border, so that the surface closes
        for end in (0, -1):
            values.select(axis, end).clamp_(min=0.5)
    split = values.view(x, BLOCK_SIDE, y, BLOCK_SIDE, z, BLOCK_SIDE).permute(0, 2, 4, 1, 3, 5)
    blocks = torch.cartesian_prod(*(torch.arange(count) for count in (x, y, z)))
    cubes = split.reshape(-1, BLOCK_SIDE, BLOCK_SIDE, BLOCK_SIDE)
    net = surface_net(BlockGrid.of(blocks), cubes, torch.ones_like(cubes, dtype=torch.bool))
    if not len(net.faces):
        raise ValueError("Nothing of the selection is thick enough for a surface; raise volume_resolution.")
    places = net.vertices.double().numpy() * voxel + corner
    colours, origin = paint.known(places, KNOWN_WITHIN * voxel)
    before, outside, _ = known.at(places, 0.0)
    on = (numpy.abs(before) < voxel) & (outside < 0) & (origin.numpy() == 0)
    places[on] *= (1 + before[on] / places[on, 2])[:, None]
    return Mesh(torch.from_numpy(places).float(), net.faces.int(), colours=colours), origin
