"""The plane that an object is its own mirror image in, found from the side that one photo shows, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from scipy.spatial import KDTree

TRIED_DIRECTIONS = 500  # of planes that are tried, all around
TRIED_UPRIGHT = 60  # of planes that are tried upright on another
MOST_MIRRORS = 3  # upright on one another
TRIED_OFFSETS = 21  # of planes of each direction
MIRRORED_WITHIN = 0.04  # of the object's radius: a mirrored point this near to the seen surface lies on it
MIRRORED_SAMPLES = 1200  # points that are mirrored at last
PITCH = 1.5  # pixels apart are two points that must still find each other
# search, rough and final: tolerance, points that are mirrored, planes that go on, strides in radians and radii of the object.
# Planes between those tried are wrong by up to a tenth of the radius: thin things meet themselves with a wide tolerance only
MIRROR_STAGES = (
    (0.12, 150, 24, ()),
    (0.07, 400, 4, (0.08, 0.04)),
    (MIRRORED_WITHIN, MIRRORED_SAMPLES, 1, (0.04, 0.02, 0.01, 0.005)),
)
PENALTY = 6.0  # of a mirrored point where nothing is, against one that meets the surface
# mirrored points that may lie where the photo shows that nothing is, for each that meets the surface
MOST_VIOLATION = 0.1
CLEAN, FURTHER_CLEAN = 0.05, 0.025  # the same where the look need not agree, and for a further plane
LEAST_AGREEMENT = 0.25  # share that must lie on the seen surface, with its direction
LEAST_COLOUR = 0.15  # correlation of brightness there
SAME_COLOUR, MOST_OF_SAME = 0.75, 0.25  # correlation that is evidence by itself, and the violation that it outweighs
FACING = 0.94  # planes turned more to the camera than this cannot be told from a photo of one side
HIDING_COSINE = 0.3  # of a mirrored normal to the ray: those that face the camera at a flatter angle may be hidden by their own thing
AT_ONCE = 64


@dataclass(frozen=True)
class SeenSide:
    """What one photo shows of an object.

    points, normals  (N, 3) float64 in camera axes, normals toward the camera
    brightness       (N,)
    depth            (H, W) along z, 0 where nothing is known
    mask             (H, W) bool, the object
    camera           (3, 3) normalised intrinsics
    """

    points: numpy.ndarray
    normals: numpy.ndarray
    brightness: numpy.ndarray
    depth: numpy.ndarray
    mask: numpy.ndarray
    camera: numpy.ndarray

    @property
    def middle(self) -> numpy.ndarray:
        return self.points.mean(0)

    @property
    def radius(self) -> float:
        """Root of the mean squared distance from the middle."""
        return float(numpy.sqrt(numpy.square(self.points - self.middle).sum(1).mean()))

    def pixels(self, points: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """Row and column of points (..., 3), at the border those outside, and whether they are in the picture."""
        height, width = self.mask.shape
        z = numpy.maximum(points[..., 2], 1e-9)
        column = numpy.floor((self.camera[0, 0] * points[..., 0] / z + self.camera[0, 2]) * width).astype(int)
        row = numpy.floor((self.camera[1, 1] * points[..., 1] / z + self.camera[1, 2]) * height).astype(int)
        inside = (points[..., 2] > 0) & (row >= 0) & (row < height) & (column >= 0) & (column < width)
        return row.clip(0, height - 1), column.clip(0, width - 1), inside


@dataclass(frozen=True)
class MirrorPlane:
    """Points p with normal . p = offset, in camera axes, and what speaks for them.

    violation  share of the mirrored seen points that lie where the photo shows that nothing is
    agreement  share that lie on the seen surface and face as it does
    hidden     share that face the camera and lie behind the seen surface: something must stand before them
    colour     correlation of brightness between those and the surface there
    """

    normal: numpy.ndarray
    offset: float
    violation: float
    agreement: float
    hidden: float
    colour: float

    def mirrored(self, points: numpy.ndarray) -> numpy.ndarray:
        """Points (..., 3) on the other side."""
        return points - 2 * ((points @ self.normal) - self.offset)[..., None] * self.normal

    @property
    def holds(self) -> bool:
        """Whether the photo speaks for the plane."""
        share = self.violation / max(self.agreement, 1e-9)
        if self.agreement < LEAST_AGREEMENT:
            return False
        if self.colour < LEAST_COLOUR:  # many patterns are not mirrored with the thing that they are on
            return share <= CLEAN
        return share <= (MOST_OF_SAME if self.colour >= SAME_COLOUR else MOST_VIOLATION)

    def describe(self) -> str:
        """The plane in words."""
        found = (
            f"{self.agreement:.0%} of the mirrored surface lies on what is seen, {self.violation:.0%} where nothing is, and brightness "
            f"agrees by {self.colour:.2f}"
        )
        return f"Mirrored in a plane: {found}." if self.holds else f"No mirror plane holds; of the best, {found}."


class _Judge:
    """Scores of many planes for one seen side."""

    def __init__(self, side: SeenSide, samples: int, tolerance: float):
        from scipy.ndimage import distance_transform_edt

        order = numpy.random.default_rng(0).permutation(len(side.points))[:samples]
        self.side, self.points, self.normals = side, side.points[order], side.normals[order]
        self.brightness = side.brightness[order]
        focal = side.camera[0, 0] * side.mask.shape[1]
        self.near = max(tolerance * side.radius, PITCH * side.middle[2] / focal)
        self.tree = KDTree(side.points)
        # two pixels beside the outline are as good as inside, and more where planes are rough
        slack = 2 + (tolerance - MIRRORED_WITHIN) * side.radius * focal / side.middle[2]
        self.object = numpy.asarray(distance_transform_edt(~side.mask)) <= slack

    def planes(self, normals: numpy.ndarray, offsets: numpy.ndarray) -> numpy.ndarray:
        """Violation, agreement, hiding, correlation of brightness and score (K, 5) of planes normals (K, 3), offsets (K,)."""
        rows = []
        for start in range(0, len(normals), AT_ONCE):
            n, d = normals[start : start + AT_ONCE], offsets[start : start + AT_ONCE]
            across = self.points @ n.T - d
            there = self.points[:, None] - 2 * across[..., None] * n
            facing = self.normals[:, None] - 2 * (self.normals @ n.T)[..., None] * n
            rows.append(self._judged(there, facing))
        return numpy.concatenate(rows)

    def _judged(self, there: numpy.ndarray, facing: numpy.ndarray) -> numpy.ndarray:
        side = self.side
        row, column, inside = side.pixels(there)
        surface = side.depth[row, column]
        ahead = (surface > 0) & (there[..., 2] < surface - 2 * self.near)
        beside = ~self.object[row, column] & ((surface == 0) | (there[..., 2] < surface + self.near))
        violation = inside & (beside | (ahead & side.mask[row, column]))
        distance, index = self.tree.query(there, distance_upper_bound=self.near, eps=0.5)
        found = numpy.isfinite(distance)
        index = numpy.where(found, index, 0)
        on = found & ((facing * side.normals[index]).sum(-1) > 0.7)
        towards = (facing * there).sum(-1) < -HIDING_COSINE * numpy.linalg.norm(there, axis=-1)
        hidden = inside & ~found & ~violation & towards
        colour = _correlation(self.brightness[:, None], side.brightness[index], on)
        bad, good, behind = violation.mean(0), on.mean(0), hidden.mean(0)
        return numpy.stack([bad, good, behind, colour, good * (0.6 + 0.4 * colour) - PENALTY * bad], 1)


def _correlation(one: numpy.ndarray, other: numpy.ndarray, where: numpy.ndarray) -> numpy.ndarray:
    """Correlation (K,) of (N, 1) and (N, K) over `where`; 1 where both are as good as constant."""
    count = numpy.maximum(where.sum(0), 1)
    first = numpy.where(where, one - (one * where).sum(0) / count, 0)
    second = numpy.where(where, other - (other * where).sum(0) / count, 0)
    spread = numpy.square(first).sum(0) / count, numpy.square(second).sum(0) / count
    both = (first * second).sum(0) / count / numpy.sqrt(numpy.maximum(spread[0] * spread[1], 1e-12))
    return numpy.where(numpy.maximum(*spread) < 1e-4, 1.0, both)


def mirror_planes(side: SeenSide) -> tuple[MirrorPlane, ...]:
    """The plane that speaks best for itself; ask `holds` whether to believe it. Where it holds, those upright on it that do too.

    A table has two, a block three. Planes of directions all around and several offsets are tried with a few points, the best improved
    with many. Those that face the camera are left out: what they would mirror is behind, where a photo of one side shows
    nothing.
    """
    turns = numpy.arange(2 * TRIED_DIRECTIONS) + 0.5
    up = 1 - turns / TRIED_DIRECTIONS
    around = turns * numpy.pi * (3 - numpy.sqrt(5))
    level = numpy.sqrt(1 - up * up)
    directions = numpy.stack([level * numpy.cos(around), level * numpy.sin(around), up], 1)[:TRIED_DIRECTIONS]
    planes = [_searched(side, _telling_directions(side, directions))]
    while planes[-1].holds and len(planes) < MOST_MIRRORS:
        directions = _telling_directions(side, _across([plane.normal for plane in planes]))
        if not len(directions):
            break
        found = _searched(side, directions, planes)
        if not (found.holds and found.violation <= FURTHER_CLEAN * found.agreement):
            break
        planes.append(found)
    return tuple(planes)


def _telling_directions(side: SeenSide, directions: numpy.ndarray) -> numpy.ndarray:
    """Those of the directions (K, 3) of planes of which a photo of one side tells something."""
    return directions[numpy.abs(directions @ side.middle) < FACING * numpy.linalg.norm(side.middle)]


def _searched(side: SeenSide, directions: numpy.ndarray, upright_on: Sequence[MirrorPlane] = ()) -> MirrorPlane:
    """The best plane of these directions (K, 3), fewer and fewer of which are improved by smaller and smaller strides.

    It stands upright on the planes named.
    """
    normals = numpy.repeat(directions, TRIED_OFFSETS, 0)
    shifts = numpy.linspace(-1.2, 1.2, TRIED_OFFSETS) * side.radius
    offsets = ((directions @ side.middle)[:, None] + shifts).ravel()
    for tolerance, samples, kept, strides in MIRROR_STAGES:
        judge = _Judge(side, samples, tolerance)
        normals, offsets = _upright(normals, offsets, side.middle, upright_on)
        scores = judge.planes(normals, offsets)
        if strides:
            better = [_improved(judge, *one, strides) for one in zip(normals, offsets, scores)]
            normals, offsets, scores = (numpy.array(part) for part in zip(*better))
        best = numpy.argsort(-scores[:, 4])[:kept]
        normals, offsets, scores = normals[best], offsets[best], scores[best]
    normals, offsets = _upright(normals, offsets, side.middle, upright_on)
    scores = _Judge(side, MIRRORED_SAMPLES, MIRRORED_WITHIN).planes(normals, offsets)
    return MirrorPlane(normals[0], float(offsets[0]), *(float(value) for value in scores[0, :4]))


def _upright(
    normals: numpy.ndarray, offsets: numpy.ndarray, middle: numpy.ndarray, on: Sequence[MirrorPlane]
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Planes (K, 3), (K,) turned about the foot of `middle` until they stand upright on others, which do so on one another."""
    turned = normals
    for plane in on:
        turned = turned - (turned @ plane.normal)[:, None] * plane.normal
    turned = turned / numpy.linalg.norm(turned, axis=1, keepdims=True)
    return turned, offsets + (turned - normals) @ middle


def _improved(
    judge: _Judge, normal: numpy.ndarray, offset: float, score: numpy.ndarray, strides: tuple[float, ...]
) -> tuple[numpy.ndarray, float, numpy.ndarray]:
    """The best plane about one, and its score."""
    middle, radius = judge.side.middle, judge.side.radius
    for stride in strides:
        for _ in range(3):
            tried, shifted = _planes_around(normal, float(offset - normal @ middle), stride, radius)
            places = shifted + tried @ middle
            found = judge.planes(tried, places)
            first = int(found[:, 4].argmax())
            if found[first, 4] <= score[4]:
                break
            normal, offset, score = tried[first], places[first], found[first]
    return normal, offset, score


def _planes_around(
    normal: numpy.ndarray, shift: float, stride: float, radius: float
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Planes (26, 3), (26,) one stride away: two turns and the shift from the middle."""
    one, other = _frame(normal)
    steps = numpy.stack(numpy.meshgrid(*[(-1, 0, 1)] * 3), -1).reshape(-1, 3)
    steps = stride * steps[steps.any(1)]
    turned = normal + steps[:, :1] * one + steps[:, 1:2] * other
    return turned / numpy.linalg.norm(turned, axis=1, keepdims=True), shift + steps[:, 2] * radius


def _across(normals: Sequence[numpy.ndarray]) -> numpy.ndarray:
    """Unit vectors (K, 3) across one normal, all around it, or the only one across two."""
    if len(normals) > 1:
        return numpy.cross(normals[0], normals[1])[None]
    turns = numpy.linspace(0, numpy.pi, TRIED_UPRIGHT, endpoint=False)[:, None]
    one, other = _frame(normals[0])
    return numpy.cos(turns) * one + numpy.sin(turns) * other


def _frame(normal: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Two unit vectors (3,) across another and each other."""
    one = numpy.cross(normal, numpy.eye(3)[numpy.abs(normal).argmin()])
    one /= numpy.linalg.norm(one)
    return one, numpy.cross(normal, one)
