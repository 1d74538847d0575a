"""Fuse: the placed views of a set become one textured mesh, with how sure and how well seen each part of it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch

from ..effects.light.rasterize import rasterize
from ..geometry.progress import OnProgress
from ..shapes.decimation import collapsed
from ..shapes.mesh import Mesh, vertex_normals
from ..shapes.mesh_islands import compacted, large_pieces
from ..shapes.surface_nets import surface_net
from .consistency import agreements, trusted
from .outliers import without_clashing
from .posed_depth import PosedDepth, moved, posed_depths
from .texture import LONGEST_TILE, textured
from .view import View
from .volume import at_cells, fused_volume, voxel_size

PROGRESS_STEPS = 100  # of the progress, whatever is done


@dataclass(frozen=True)
class FusionSettings:
    """How views are fused.

    resolution       voxels along the longest side of what is seen (16 to 1024); the pixels may set a coarser one
    triangles        number of triangles to reduce the mesh to; 0 keeps all
    smallest_island  pieces of fewer triangles, before they are reduced, are left out; 0 keeps all
    paint            "texture": the photos as an atlas; "vertex colors"; "none"
    longest_tile     longer side in pixels of each photo in the atlas
    """

    resolution: int = 256
    triangles: int = 200_000
    smallest_island: int = 300
    paint: str = "texture"
    longest_tile: int = LONGEST_TILE

    def __post_init__(self) -> None:
        if not 16 <= self.resolution <= 1024:
            raise ValueError(f"The resolution came as {self.resolution}; 16 to 1024 voxels are possible.")


@dataclass(frozen=True)
class ViewFit:
    """How one view and the fused surface agree.

    spread        standard deviation of ln depth against the other views
    contradicted  share of its pixels that other views see through
    covered       share of its pixels with depth whose ray meets the surface
    residual      median distance of its depth from the surface along the view axis, in the world's unit
    """

    name: str
    spread: float
    contradicted: float
    covered: float
    residual: float


@dataclass(frozen=True)
class FusedSurface:
    """One surface from many views.

    mesh        Mesh in the world's axes (those of the set's first camera, OpenCV) and unit
    confidence  (N,) float32 from 0 to 1 for each vertex: how much the views that saw it are worth together
    seen_by     (N,) int64, how many views saw the surface at each vertex
    voxel       edge of the voxels
    fits        one for each view that was fused
    left_out    names of placed views that are no part of the surface, with the reason
    """

    mesh: Mesh
    confidence: torch.Tensor
    seen_by: torch.Tensor
    voxel: float
    fits: tuple[ViewFit, ...]
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def coverage(self) -> dict[str, float]:
        """Share of the surface's area that at least 1, 2 and 3 views saw."""
        corners = self.mesh.vertices[self.mesh.faces.long()]
        area = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).norm(dim=-1)
        seen = self.seen_by[self.mesh.faces.long()].amin(1)
        total = float(area.sum()) or 1.0
        return {f"seen by {n} or more": float(area[seen >= n].sum()) / total for n in (1, 2, 3)}

    def report(self) -> str:
        """The result in words, one line for each view."""
        lines = [
            f"{len(self.mesh.faces)} triangles from {len(self.fits)} views, voxels of {self.voxel:.4g}.",
            "Area " + ", ".join(f"{name} views: {100 * share:.0f} %" for name, share in self.coverage.items()) + ".",
        ]
        lines += [
            f"{fit.name}: {100 * fit.covered:.0f} % of it on the surface, off it by {fit.residual:.4g} (median), depth "
            f"uncertain by {100 * fit.spread:.2g} %, {100 * fit.contradicted:.1f} % contradicted by other views."
            for fit in self.fits
        ]
        lines += [f"{name} is left out of the surface: {reason}." for name, reason in self.left_out.items()]
        return "\n".join(lines)


def fuse_views(
    views: Sequence[View], settings: FusionSettings | None = None, on_progress: OnProgress | None = None
) -> FusedSurface:
    """The placed views of the largest group -> one surface where they saw something, open where they did not.

    Views that clash with the others are left out and named. Depths are held against the other views' and weighed, fused into a truncated signed distance on sparse voxels, carved by
    the masks where there are any, and painted by the photos. ValueError where no view is placed or has depth.
    """
    settings = settings or FusionSettings()
    tell = on_progress or (lambda done, total: None)
    frames, left_out = without_clashing(posed_depths(views))
    found = agreements(frames)
    frames = trusted(frames, found)
    tell(20, PROGRESS_STEPS)
    spreads = [said.spread for said in found]
    voxel = voxel_size(frames, settings.resolution, spreads)
    volume = fused_volume(frames, spreads, voxel, lambda done, total: tell(20 + 40 * done // total, PROGRESS_STEPS))
    net = surface_net(volume.grid, volume.distance, volume.known)
    if not len(net.faces):
        raise ValueError("The views have no surface in common; look at their poses, or raise the resolution.")
    kept = large_pieces(net.faces, len(net.vertices), settings.smallest_island)
    used, faces = compacted(net.faces, kept)
    vertices = volume.world(net.vertices[used])
    weight = at_cells(volume.weight, volume.grid, net.cells[used])
    seen = at_cells(volume.views, volume.grid, net.cells[used]).long()
    tell(70, PROGRESS_STEPS)
    mesh, weight, seen = _reduced(vertices, faces, weight, seen, settings.triangles)
    fits = tuple(fit_of(frame, said.spread, said.contradicted, mesh) for frame, said in zip(frames, found, strict=True))
    tell(80, PROGRESS_STEPS)
    used_views = [view for view in views if view.name in {frame.name for frame in frames}]
    mesh = replace(mesh, metric=all(view.pointmap.metric for view in used_views))
    painted, origin = textured(mesh, used_views, settings.paint, settings.longest_tile)
    tell(PROGRESS_STEPS, PROGRESS_STEPS)
    return FusedSurface(painted, weight[origin] / (weight[origin] + 0.5), seen[origin], voxel, fits, left_out)


def _reduced(
    vertices: torch.Tensor, faces: torch.Tensor, weight: torch.Tensor, seen: torch.Tensor, triangles: int
) -> tuple[Mesh, torch.Tensor, torch.Tensor]:
    """The mesh with at most `triangles`, and the vertices' weight and number of views taken from the nearest old vertex."""
    if triangles and triangles < len(faces):
        from scipy.spatial import KDTree

        reduced, faces = collapsed(vertices, faces, triangles)
        nearest = torch.from_numpy(KDTree(vertices.numpy()).query(reduced.numpy())[1])
        vertices, weight, seen = reduced, weight[nearest], seen[nearest]
    return Mesh(vertices, faces.int(), normals=vertex_normals(vertices, faces)), weight, seen


def fit_of(frame: PosedDepth, spread: float, contradicted: float, mesh: Mesh) -> ViewFit:
    """How the depth of one view and a mesh in world axes agree."""
    seen = moved(mesh.vertices, frame.camera_from_world)
    depth = rasterize(seen, mesh.faces.long(), frame.intrinsics, *frame.depth.shape).depth
    both = frame.valid & (depth > 0)
    off = (depth - frame.depth)[both].abs()
    covered = float(both.sum()) / max(1, int(frame.valid.sum()))
    return ViewFit(frame.name, spread, contradicted, covered, float(off.median()) if len(off) else float("nan"))
