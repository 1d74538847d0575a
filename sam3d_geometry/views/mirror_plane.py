"""The plane that an object is its own mirror image in, found from the side that one photo shows, or refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
from scipy.spatial import KDTree

DIRECTIONS = 500  # of planes that are tried, all around
OFFSETS = 21  # of planes of each direction
SAMPLES, FINE_SAMPLES = 150, 1200  # points that are mirrored while searching, and while the best are improved
KEPT = 24  # planes that are improved
STRIDES = (0.08, 0.04, 0.02, 0.01, 0.005)  # radians, and radii of the object
TOLERANCE = 0.04  # of the object's radius: a mirrored point this near to the seen surface lies on it
MOST_VIOLATION = 0.03  # share of mirrored points that may lie where the photo shows that nothing is
LEAST_AGREEMENT = 0.25  # share that must lie on the seen surface, with its direction
LEAST_COLOUR = 0.15  # correlation of brightness there
FACING = 0.94  # planes turned more to the camera than this cannot be told from a photo of one side
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
    colour     correlation of brightness between those and the surface there
    """

    normal: numpy.ndarray
    offset: float
    violation: float
    agreement: float
    colour: float

    def mirrored(self, points: numpy.ndarray) -> numpy.ndarray:
        """Points (..., 3) on the other side."""
        return points - 2 * ((points @ self.normal) - self.offset)[..., None] * self.normal

    @property
    def holds(self) -> bool:
        """Whether the photo speaks for the plane."""
        return self.violation <= MOST_VIOLATION and self.agreement >= LEAST_AGREEMENT and self.colour >= LEAST_COLOUR

    def describe(self) -> str:
        """The plane in words."""
        found = (
            f"{self.agreement:.0%} of the mirrored surface lies on what is seen, {self.violation:.0%} where nothing is, and brightness "
            f"agrees by {self.colour:.2f}"
        )
        return f"Mirrored in a plane: {found}." if self.holds else f"No mirror plane holds; of the best, {found}."


class _Judge:
    """Scores of many planes for one seen side."""

    def __init__(self, side: SeenSide, samples: int):
        from scipy.ndimage import binary_dilation

        order = numpy.random.default_rng(0).permutation(len(side.points))[:samples]
        self.side, self.points, self.normals = side, side.points[order], side.normals[order]
        self.brightness = side.brightness[order]
        self.near = TOLERANCE * side.radius
        self.tree = KDTree(side.points)
        # two pixels beside the outline are as good as inside
        self.object = numpy.asarray(binary_dilation(side.mask, iterations=2), dtype=bool)

    def planes(self, normals: numpy.ndarray, offsets: numpy.ndarray) -> numpy.ndarray:
        """Violation, agreement, correlation of brightness and score (K, 4) of planes normals (K, 3), offsets (K,)."""
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
        colour = _correlation(self.brightness[:, None], side.brightness[index], on)
        bad, good = violation.mean(0), on.mean(0)
        return numpy.stack([bad, good, colour, good * (0.6 + 0.4 * colour) - 3 * bad], 1)


def _correlation(one: numpy.ndarray, other: numpy.ndarray, where: numpy.ndarray) -> numpy.ndarray:
    """Correlation (K,) of (N, 1) and (N, K) over `where`; 1 where both are as good as constant."""
    count = numpy.maximum(where.sum(0), 1)
    first = numpy.where(where, one - (one * where).sum(0) / count, 0)
    second = numpy.where(where, other - (other * where).sum(0) / count, 0)
    spread = numpy.square(first).sum(0) / count, numpy.square(second).sum(0) / count
    both = (first * second).sum(0) / count / numpy.sqrt(numpy.maximum(spread[0] * spread[1], 1e-12))
    return numpy.where(numpy.maximum(*spread) < 1e-4, 1.0, both)


def mirror_plane(side: SeenSide) -> MirrorPlane:
    """The plane that speaks best for itself; ask `holds` whether to believe it.

    Planes of directions all around and several offsets are tried with a few points, the best improved with many. Those that
    face the camera are left out: what they would mirror is behind, where a photo of one side shows nothing.
    """
    turns = numpy.arange(2 * DIRECTIONS) + 0.5
    up = 1 - turns / DIRECTIONS
    around = turns * numpy.pi * (3 - numpy.sqrt(5))
    level = numpy.sqrt(1 - up * up)
    directions = numpy.stack([level * numpy.cos(around), level * numpy.sin(around), up], 1)[:DIRECTIONS]
    middle, radius = side.middle, side.radius
    ray = middle / numpy.linalg.norm(middle)
    directions = directions[numpy.abs(directions @ ray) < FACING]
    shifts = numpy.linspace(-1.2, 1.2, OFFSETS) * radius
    normals = numpy.repeat(directions, OFFSETS, 0)
    offsets = (directions @ middle)[:, None] + shifts
    judged = _Judge(side, SAMPLES).planes(normals, offsets.ravel())
    best = numpy.argsort(-judged[:, 3])[:KEPT]
    return _improved(side, normals[best], offsets.ravel()[best])


def _improved(side: SeenSide, normals: numpy.ndarray, offsets: numpy.ndarray) -> MirrorPlane:
    """The best of several planes after a search about each, by smaller and smaller strides."""
    judge, middle, radius = _Judge(side, FINE_SAMPLES), side.middle, side.radius
    scores = judge.planes(normals, offsets)
    keep = numpy.argsort(-scores[:, 3])[:6]
    best = []
    for normal, offset, score in zip(normals[keep], offsets[keep], scores[keep]):
        for stride in STRIDES:
            for _ in range(3):
                tried, shifted = _around(normal, offset - normal @ middle, stride, radius)
                places = shifted + tried @ middle
                found = judge.planes(tried, places)
                first = int(found[:, 3].argmax())
                if found[first, 3] <= score[3]:
                    break
                normal, offset, score = tried[first], places[first], found[first]
        best.append((score[3], normal, offset, score))
    _, normal, offset, score = max(best, key=lambda one: one[0])
    return MirrorPlane(normal, float(offset), *(float(value) for value in score[:3]))


def _around(normal: numpy.ndarray, shift: float, stride: float, radius: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Planes (26, 3), (26,) one stride away: two turns and the shift from the middle."""
    one = numpy.cross(normal, numpy.eye(3)[numpy.abs(normal).argmin()])
    one /= numpy.linalg.norm(one)
    other = numpy.cross(normal, one)
    steps = numpy.stack(numpy.meshgrid(*[(-1, 0, 1)] * 3), -1).reshape(-1, 3)
    steps = stride * steps[steps.any(1)]
    turned = normal + steps[:, :1] * one + steps[:, 1:2] * other
    return turned / numpy.linalg.norm(turned, axis=1, keepdims=True), shift + steps[:, 2] * radius
