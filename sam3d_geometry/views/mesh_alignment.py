"""A mesh made by any generator, laid onto the photo's pointmap: turned, scaled and moved until its seen surface fits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy
import torch

from ..effects.light.rasterize import rasterize
from ..geometry.camera import intrinsics_of_part
from ..geometry.crop import bounding_window
from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from ..geometry.resize import resize_mask
from ..geometry.turns import degrees_between
from ..shapes.decimation import clustered
from ..shapes.mesh import Mesh
from .object_surface import surface_inside
from .similarity import MeshSamples, Similarities, open_directions, refined, sampled, stepped

TURNS = 600  # rotations that the search starts from, about 22 degrees apart
LOOKED_AT = 240  # of these, how many are drawn and compared with the picture
IMPROVED = 24  # of these, how many are improved with many points
POLISHED = 12  # of these, for how many depth and outline decide what the surface leaves open
COARSE_SAMPLES, FINE_SAMPLES = 2500, 20000  # points of the mesh, for all starts and for those that are improved
SEARCHES = 2  # times that the search starts from other rotations while nothing fits
GOOD = 0.9  # share of the seen surface and overlap of outlines from which a mesh fits
HIDDEN_SCALES = (1.0, 1.3, 1.6)  # where a part is hidden, the object is larger than what is seen of it
PICTURE = 96  # pixels of the longer side of the window in which they are compared
DRAWN_FACES = 6000  # of the mesh that is drawn while searching; a larger one is drawn by fewer
MATCHED_WITHIN = 0.03  # of the object's size: a surface this near is the same one
TIE = 0.03  # scores this near to the best are another answer as good
APART_DEGREES = 12.0
SAME_DEGREES, SAME_SCALE = 6.0, 0.06  # starts that have come this near to each other are one
AT_A_STRIDE = 3  # rounds of steps before the next smaller ones, if they help
SEARCH_STRIDES = (0.16, 0.08, 0.04, 0.02, 0.01, 0.005, 0.0025)  # in radians, log scale and radii of the mesh


@dataclass(frozen=True)
class MeshAlignment:
    """Where the mesh lies: camera point = scale * rotation @ mesh point + shift, in the pointmap's unit and OpenCV axes.

    mesh             the mesh there
    rotation, shift  (3, 3) and (3,) float64
    scale            factor on the mesh's own lengths
    residual         median distance along z between mesh and pointmap where both are, in the pointmap's unit
    inlier_share     share of the mask's pixels with geometry on which the mesh lies, within 3 % of the object's size
    silhouette_iou   overlap of the mask and of the mesh's outline where nothing in front hides it
    others           rotations (K, 3, 3) that fit as well, as for a symmetric object; none when there is one answer
    """

    mesh: Mesh
    rotation: numpy.ndarray
    shift: numpy.ndarray
    scale: float
    residual: float
    inlier_share: float
    silhouette_iou: float
    others: numpy.ndarray

    @property
    def fits(self) -> bool:
        """Whether the mesh explains the seen surface and the outline; a wrong turn of a true mesh does not."""
        return _fits(self.inlier_share, self.silhouette_iou)

    def describe(self) -> str:
        """The alignment in words."""
        lines = [
            (
                f"Scale {self.scale:.4g}; median distance to the pointmap {self.residual:.3g}; "
                f"{self.inlier_share:.0%} of the seen surface lies on the mesh; silhouettes overlap by {self.silhouette_iou:.0%}."
            )
        ]
        if not self.fits:
            lines.append(
                "This is a poor fit, so the turn may be wrong: the mesh may be of another shape than the object, or the mask of "
                "another place."
            )
        if len(self.others):
            turns = ", ".join(f"{degrees_between(self.rotation, other):.0f}" for other in self.others)
            lines.append(
                f"Ambiguous: turned by {turns} degrees from this it fits as well, as a symmetric object does; what the camera "
                "does not see may lie another way round."
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class _Window:
    """The surroundings of the mask at a small size: camera, depth, mask and where something may hide the object."""

    intrinsics: torch.Tensor
    depth: torch.Tensor
    mask: torch.Tensor
    size: float  # of the object


def _window(pointmap: Pointmap, mask: torch.Tensor, size: float) -> _Window:
    """What is compared for an object of a size under a mask (H, W): its surroundings, every so many pixels."""
    box, (height, width) = bounding_window(mask), mask.shape
    assert box is not None
    room = int(0.6 * (max(box.height, box.width) - 1)) + 2
    top, left = max(box.top - room, 0), max(box.left - room, 0)
    bottom, right = min(box.rows.stop + room, height), min(box.columns.stop + room, width)
    step = max(1, max(bottom - top, right - left) // PICTURE)
    tall, wide = (bottom - top) // step, (right - left) // step
    crop = (slice(top + step // 2, top + tall * step, step), slice(left + step // 2, left + wide * step, step))
    whole = pointmap.intrinsics[0].cpu().double()
    k = intrinsics_of_part(whole, (height, width), (tall, wide), corner=(top, left), stride=step)
    return _Window(k, pointmap.depth[0].cpu().double()[crop], mask[crop], size)


@dataclass(frozen=True)
class _Rating:
    score: float
    residual: float
    inlier_share: float
    silhouette_iou: float

    @property
    def fits(self) -> bool:
        return _fits(self.inlier_share, self.silhouette_iou)


def _fits(inlier_share: float, silhouette_iou: float) -> bool:
    """Whether a mesh explains the seen surface and the outline; a wrong turn of a true mesh does not."""
    return min(inlier_share, silhouette_iou) >= GOOD


def _rating(mesh: Mesh, at: Similarities, window: _Window) -> _Rating:
    """How a mesh looks at one place (H = 1), against the picture."""
    turned = mesh.vertices.double() @ torch.from_numpy(at.rotation[0]).T * at.scale[0] + torch.from_numpy(at.shift[0])
    height, width = window.mask.shape
    drawn = rasterize(turned, mesh.faces.long(), window.intrinsics, height, width).depth
    near = MATCHED_WITHIN * window.size
    # what is in front of the mesh and not the object hides it
    hidden = ~window.mask & (window.depth > 0) & (window.depth < drawn - near)
    outline = (drawn > 0) & ~hidden
    both, either = outline & window.mask, outline | window.mask
    known = window.mask & (window.depth > 0)
    apart = (drawn - window.depth).abs()
    lies = known & outline & (apart < near)
    seen = apart[known & outline]
    union = max(int(either.sum()), 1)
    closeness = (1 - apart[lies] / near).clamp_min(0).sum() / union
    return _Rating(
        score=float(0.5 * int(lies.sum()) / union + 0.5 * closeness),
        residual=float(seen.median()) if len(seen) else float("inf"),
        inlier_share=int(lies.sum()) / max(int(known.sum()), 1),
        silhouette_iou=int(both.sum()) / union,
    )


def _starts(samples: MeshSamples, points: numpy.ndarray, seed: int) -> Similarities:
    """Random rotations over all, other ones for each seed, with the size and place that the side toward the camera has."""
    from scipy.spatial.transform import Rotation

    turns = Rotation.from_quat(numpy.random.default_rng(seed).normal(size=(TURNS, 4))).as_matrix()
    middle = points.mean(0)
    extent = numpy.sqrt(numpy.square(points - middle).sum(1).mean())
    ray = middle / numpy.linalg.norm(middle)
    scales, shifts = numpy.empty(TURNS), numpy.empty((TURNS, 3))
    for i, turn in enumerate(turns):
        facing = samples.normals @ (turn.T @ ray)
        weight = numpy.maximum(-facing, 0) + 1e-6
        weight /= weight.sum()
        centre = weight @ samples.points
        scales[i] = extent / numpy.sqrt(weight @ numpy.square(samples.points - centre).sum(1))
        shifts[i] = middle - scales[i] * (turn @ centre)
    larger = HIDDEN_SCALES if seed else HIDDEN_SCALES[:2]
    return Similarities(
        numpy.concatenate([turns for _ in larger]),
        numpy.concatenate([factor * scales for factor in larger]),
        numpy.concatenate([middle - factor * (middle - shifts) for factor in larger]),
    )


def _search(
    mesh: Mesh,
    samples: tuple[MeshSamples, MeshSamples],
    surface: tuple[numpy.ndarray, numpy.ndarray],
    window: _Window,
    seed: int,
) -> tuple[Similarities, list[_Rating]]:
    """The IMPROVED best places that one set of starts leads to, and how they look: of coarse and fine samples of the mesh on points
    and normals of a surface."""
    (coarse, fine), (points, normals) = samples, surface
    found, gaps = refined(_starts(coarse, points, seed), _thinned(points, 100), _thinned(normals, 100), coarse, 12)
    found = found[_distinct(found, numpy.argsort(gaps), LOOKED_AT)]
    scores = [_rating(mesh, found[numpy.array([i])], window).score for i in range(len(found.scale))]
    found = found[_distinct(found, numpy.argsort(scores)[::-1], IMPROVED)]
    found, _ = refined(found, _thinned(points, 800), _thinned(normals, 800), fine, 20)
    return found, [_rating(mesh, found[numpy.array([i])], window) for i in range(len(found.scale))]


def _thinned(values: numpy.ndarray, count: int) -> numpy.ndarray:
    return values[numpy.linspace(0, len(values) - 1, min(count, len(values))).astype(int)]


def _seen(pointmap: Pointmap, mask: torch.Tensor) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Points (P, 3) inside the mask in random order, and their unit normals toward the camera."""
    inside = mask & pointmap.mask[0].cpu()
    found, normals = surface_inside(pointmap, inside)
    points = found.double().numpy()
    order = numpy.random.default_rng(0).permutation(len(points))
    usable = order[numpy.linalg.norm(normals[order], axis=1) > 0.5]
    return points[usable], normals[usable]


def _distinct(found: Similarities, order: numpy.ndarray, count: int) -> numpy.ndarray:
    """The first `count` of `order` that differ in rotation or scale."""
    kept: list[int] = []
    least = 1 + 2 * numpy.cos(numpy.radians(SAME_DEGREES))
    for i in order:
        alike = numpy.einsum("hij,ij->h", found.rotation[kept], found.rotation[i]) > least
        alike &= numpy.abs(numpy.log(found.scale[kept] / found.scale[i])) < SAME_SCALE
        if not alike.any():
            kept.append(int(i))
        if len(kept) == count:
            break
    return numpy.array(kept)


def _polished(
    mesh: Mesh, at: Similarities, samples: MeshSamples, directions: numpy.ndarray, window: _Window
) -> Similarities:
    """One placed mesh after a search along directions that its surface leaves open, as flat faces do: there the outline decides."""
    best = _rating(mesh, at, window).score
    for stride in SEARCH_STRIDES:
        steps = [sign * stride * direction for direction in directions for sign in (1, -1)]
        for _ in range(AT_A_STRIDE):
            start = best
            for step in steps:
                tried = stepped(at, samples, step[None])
                score = _rating(mesh, tried, window).score
                if score > best:
                    at, best = tried, score
            if best == start:
                break
    return at


def _different(places: list[Similarities], scores: list[float]) -> numpy.ndarray:
    """The rotations other than the best that look as good as it, of places (H = 1 each), the best first."""
    kept: list[numpy.ndarray] = [places[0].rotation[0]]
    for at, score in zip(places[1:], scores[1:], strict=True):
        near = any(degrees_between(at.rotation[0], other) < APART_DEGREES for other in kept)
        if score >= scores[0] - TIE and not near:
            kept.append(at.rotation[0])
    return numpy.array(kept[1:]).reshape(-1, 3, 3)


def align_mesh(
    mesh: Mesh, pointmap: Pointmap, selection: torch.Tensor, on_progress: OnProgress | None = None
) -> MeshAlignment:
    """Mesh in any frame and size, pointmap of one photo, selection (1, H, W) of the object -> where the mesh lies.

    Starts from rotations all over the sphere, each laid on the seen points by point-to-plane steps with a free scale; the best are
    drawn by the rasteriser and compared with depth and outline, those in front of the object left out; while nothing fits, it starts
    again from other rotations. ValueError where the selection has too little geometry, or the pointmap more than one frame.
    """
    if len(pointmap) != 1 or len(selection) != 1:
        raise ValueError(
            f"The pointmap has {len(pointmap)} frames and the selection {len(selection)}; one photo and its mask are needed."
        )
    tell = on_progress or (lambda done, total: None)
    mask = resize_mask(selection.cpu(), pointmap.size)[0]
    points, normals = _seen(pointmap, mask)
    size = 2 * float(numpy.sqrt(numpy.square(points - points.mean(0)).sum(1).mean()))
    window = _window(pointmap, mask, size)
    samples = coarse, _ = sampled(mesh, COARSE_SAMPLES), sampled(mesh, FINE_SAMPLES)
    light = clustered(mesh, DRAWN_FACES)
    found, looks = _search(light, samples, (points, normals), window, 0)
    for seed in range(1, SEARCHES):
        tell(seed, SEARCHES)
        if any(look.fits for look in looks):
            break
        more, more_looks = _search(light, samples, (points, normals), window, seed)
        found, looks = found.with_more(more), looks + more_looks
    order = sorted(range(len(looks)), key=lambda i: -looks[i].score)
    places = [
        _polished(light, at, coarse, open_directions(at, points, normals, coarse, 3), window)
        for at in (found[numpy.array([i])] for i in order[:POLISHED])
    ]
    finals = [_rating(mesh, at, window) for at in places]
    ranked = sorted(range(len(finals)), key=lambda i: -finals[i].score)
    best, look = places[ranked[0]], finals[ranked[0]]
    rotation, shift, scale = best.rotation[0], best.shift[0], float(best.scale[0])
    tell(SEARCHES, SEARCHES)
    return MeshAlignment(
        mesh=_placed_mesh(mesh, rotation, scale, shift, pointmap),
        rotation=rotation,
        shift=shift,
        scale=scale,
        residual=look.residual,
        inlier_share=look.inlier_share,
        silhouette_iou=look.silhouette_iou,
        others=_different([places[i] for i in ranked], [finals[i].score for i in ranked]),
    )


def _placed_mesh(mesh: Mesh, rotation: numpy.ndarray, scale: float, shift: numpy.ndarray, pointmap: Pointmap) -> Mesh:
    turn = torch.from_numpy(rotation)
    return replace(
        mesh,
        vertices=(mesh.vertices.double() @ turn.T * scale + torch.from_numpy(shift)).float(),
        normals=None if mesh.normals is None else (mesh.normals.double() @ turn.T).float(),
        intrinsics=pointmap.intrinsics[0].cpu(),
        metric=pointmap.metric,
    )
