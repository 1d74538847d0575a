"""Bundle adjustment: cameras, points, focal lengths and scales of depth that explain the places of tracks best.

Levenberg-Marquardt on the Schur complement of the points (Triggs et al., 2000), float64, with Cauchy's loss. The depth that a
network or a sensor gives is a prior whose relative error is learned from the residuals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy

from ..geometry.turns import rotation_of, skew

POSE, SCALE = 6, 1  # numbers of a view: turn and shift, and the logarithm of its depth's scale
OWN_UNKNOWNS = POSE + SCALE
# of a view whose tracks are all over the photo: errors of a network's depth are smooth, so they say no more than so many
INDEPENDENT_DEPTHS = 20.0
DEPTH_SPREAD = (0.01, 0.5)  # least and most of the relative error that is learned
FIRST_SPREAD = 0.15
NEAREST_POINT = 1e-3  # of a point before a camera, in units of the scene


@dataclass(frozen=True)
class Observations:
    """Where tracks are seen.

    view, point  (N,) indices
    place        (N, 2) pixels, measured from the principal point
    log_depth    (N,) logarithm of the pointmap's depth there, nan where there is none
    """

    view: numpy.ndarray
    point: numpy.ndarray
    place: numpy.ndarray
    log_depth: numpy.ndarray

    def chosen(self, which: numpy.ndarray) -> Observations:
        """Those of a (N,) bool."""
        return Observations(self.view[which], self.point[which], self.place[which], self.log_depth[which])


@dataclass(frozen=True)
class Scene:
    """What is solved for.

    rotations, shifts  (V, 3, 3) and (V, 3) camera_from_world
    log_scales         (V,) of each pointmap's depth
    focals             (V, 2) pixels, as they were given
    lens               (V,) which of the log_focals belongs to the view
    log_focals         (L,) what the focal lengths are multiplied by, as logarithms
    radials            (L,) of the lenses: a place moves outward by this times its squared distance, in focal lengths, from the centre
    points             (P, 3)
    depth_spread       relative error of the pointmaps' depth
    """

    rotations: numpy.ndarray
    shifts: numpy.ndarray
    log_scales: numpy.ndarray
    focals: numpy.ndarray
    lens: numpy.ndarray
    log_focals: numpy.ndarray
    radials: numpy.ndarray
    points: numpy.ndarray
    depth_spread: float = FIRST_SPREAD

    @property
    def centres(self) -> numpy.ndarray:
        """(V, 3) places of the cameras."""
        return -numpy.einsum("vji,vj->vi", self.rotations, self.shifts)


@dataclass(frozen=True)
class Rules:
    """How the parts are weighed: pixels of noise, priors of log focal lengths (L, 2) as value and spread, and spreads of the
    radials (L,) about 0; a spread of 0 fixes the value. `independent` is the number of depths that those of each view (V,) or of
    any are worth together."""

    pixels: float
    focal_priors: numpy.ndarray
    radial_spreads: numpy.ndarray
    rounds: int = 30
    depth: bool = True
    scale_spread: float = 1.0
    independent: numpy.ndarray | float = INDEPENDENT_DEPTHS


@dataclass(frozen=True)
class _Residuals:
    camera: numpy.ndarray  # (N, 3) points in camera axes
    pixel: numpy.ndarray  # (N, 2) in units of the noise
    depth: numpy.ndarray  # (N,) in units of its spread, 0 where there is none
    pixel_weight: numpy.ndarray  # (N,) of Cauchy's loss
    depth_weight: numpy.ndarray  # (N,) of Cauchy's loss and of how much a view's depths are worth together
    cost: float


def reprojections(scene: Scene, seen: Observations) -> tuple[numpy.ndarray, numpy.ndarray]:
    """(N, 2) pixels by which tracks are missed, and (N,) depths of their points."""
    camera = _in_camera(scene, seen)
    depth = numpy.maximum(camera[:, 2], NEAREST_POINT)
    focal = (scene.focals * numpy.exp(scene.log_focals)[scene.lens][:, None])[seen.view]
    plane = camera[:, :2] / depth[:, None]
    bent = 1 + scene.radials[scene.lens][seen.view] * (plane**2).sum(1)
    missed = focal * plane * bent[:, None] - seen.place
    return numpy.where(camera[:, 2:] > NEAREST_POINT, missed, 1e3), camera[:, 2]


def _in_camera(scene: Scene, seen: Observations) -> numpy.ndarray:
    return numpy.einsum("nij,nj->ni", scene.rotations[seen.view], scene.points[seen.point]) + scene.shifts[seen.view]


def _residuals(scene: Scene, seen: Observations, rules: Rules) -> _Residuals:
    missed, depth = reprojections(scene, seen)
    pixel = missed / rules.pixels
    squared = (pixel**2).sum(1)
    told = numpy.isfinite(seen.log_depth) & (depth > NEAREST_POINT) & rules.depth
    off = numpy.zeros(len(seen.view))
    off[told] = (numpy.log(depth[told]) - seen.log_depth[told] - scene.log_scales[seen.view[told]]) / scene.depth_spread
    worth = _worth(seen, told, numpy.broadcast_to(rules.independent, len(scene.focals)))
    lens_prior = _lens_errors(scene, rules)
    cost = numpy.log1p(squared).sum() + (worth * numpy.log1p(off**2)).sum() + (lens_prior**2).sum()
    cost += ((scene.log_scales / rules.scale_spread) ** 2).sum()
    depth_weight = worth / (1 + off**2)
    return _Residuals(_in_camera(scene, seen), pixel, off, 1 / (1 + squared), depth_weight, float(cost))


def _worth(seen: Observations, told: numpy.ndarray, independent: numpy.ndarray) -> numpy.ndarray:
    counts = numpy.bincount(seen.view[told], minlength=len(independent))
    return numpy.where(told, numpy.minimum(1.0, independent / numpy.maximum(counts, 1))[seen.view], 0.0)


def _lens_errors(scene: Scene, rules: Rules) -> numpy.ndarray:
    value, spread = rules.focal_priors.T
    off = numpy.concatenate([scene.log_focals - value, scene.radials])
    spreads = numpy.concatenate([spread, rules.radial_spreads])
    return numpy.where(spreads > 0, off / numpy.maximum(spreads, 1e-9), 0.0)


class _System:
    """The normal equations of one step, with the points taken out."""

    def __init__(self, scene: Scene, seen: Observations, rules: Rules, found: _Residuals):
        from scipy import sparse

        views, points, count = len(scene.focals), len(scene.points), len(seen.view)
        self.views, self.points_count = views, points
        own, lens, points_part, error = _weighted_derivatives(scene, seen, rules, found)
        rows = numpy.arange(3 * count).reshape(count, 3, 1)
        kinds = len(scene.log_focals)
        width = OWN_UNKNOWNS * views + 2 * kinds
        columns = OWN_UNKNOWNS * seen.view[:, None] + numpy.arange(OWN_UNKNOWNS)
        lens_at = OWN_UNKNOWNS * views + scene.lens[seen.view]
        columns = numpy.concatenate([columns, lens_at[:, None], lens_at[:, None] + kinds], 1)
        values = numpy.concatenate([own, lens], 2)
        where = numpy.broadcast_to(columns[:, None, :], values.shape)
        across = numpy.broadcast_to(rows, values.shape)
        cameras: Any = sparse.csr_matrix((values.ravel(), (across.ravel(), where.ravel())), (3 * count, width))
        where = numpy.broadcast_to((3 * seen.point[:, None] + numpy.arange(3))[:, None, :], points_part.shape)
        across = numpy.broadcast_to(rows, points_part.shape)
        place: Any = sparse.csr_matrix((points_part.ravel(), (across.ravel(), where.ravel())), (3 * count, 3 * points))
        self.cameras = (cameras.T @ cameras).toarray()
        self.mixed = (cameras.T @ place).tocsr()
        self.camera_slope = cameras.T @ error.ravel()
        self.point_slope = place.T @ error.ravel()
        products = numpy.einsum("nki,nkj->nij", points_part, points_part).reshape(count, 9)
        self.points = numpy.stack([numpy.bincount(seen.point, products[:, k], points) for k in range(9)], 1).reshape(
            points, 3, 3
        )
        self._priors(scene, rules)

    def _priors(self, scene: Scene, rules: Rules) -> None:
        value, spread = rules.focal_priors.T
        off = numpy.concatenate([scene.log_focals - value, scene.radials])
        weight = 1 / numpy.maximum(numpy.concatenate([spread, rules.radial_spreads]), 1e-6) ** 2
        at = OWN_UNKNOWNS * self.views + numpy.arange(len(off))
        self.cameras[at, at] += weight
        self.camera_slope[at] += weight * off
        at = OWN_UNKNOWNS * numpy.arange(self.views) + POSE
        self.cameras[at, at] += 1 / rules.scale_spread**2
        self.camera_slope[at] += scene.log_scales / rules.scale_spread**2

    def reduced(self, damping: float) -> tuple[numpy.ndarray, numpy.ndarray, Any]:
        """The cameras' matrix and right side after the points are taken out, and the points' inverse as a sparse matrix."""
        from scipy import sparse

        diagonal = numpy.einsum("pii->pi", self.points)
        floor = 1e-9 * max(float(diagonal.max(initial=0.0)), 1e-30)
        damped = self.points + numpy.eye(3) * (damping * diagonal + floor)[:, None, :]
        inverse = numpy.linalg.inv(damped)
        count = self.points_count
        blocks: Any = sparse.bsr_matrix((inverse, numpy.arange(count), numpy.arange(count + 1)), (3 * count, 3 * count))
        carried = self.mixed @ blocks
        matrix = self.cameras + damping * numpy.diag(self.cameras.diagonal()) - (carried @ self.mixed.T).toarray()
        return matrix, self.camera_slope - carried @ self.point_slope, blocks

    def step(self, damping: float) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Changes of the cameras (7 V + 2 L,) and points (P, 3)."""
        matrix, slope, blocks = self.reduced(damping)
        free = numpy.arange(len(slope)) >= POSE  # the first camera stays: the frame of the world is free otherwise
        change = numpy.zeros(len(slope))
        inner = matrix[numpy.ix_(free, free)]
        change[free] = -numpy.linalg.solve(inner + 1e-12 * numpy.diag(inner.diagonal() + 1e-12), slope[free])
        moved = -(blocks @ (self.point_slope + self.mixed.T @ change))
        return change, moved.reshape(-1, 3)


def _weighted_derivatives(
    scene: Scene, seen: Observations, rules: Rules, found: _Residuals
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Weighted derivatives of the three residuals of each observation: by its view (N, 3, 7), its lens (N, 3, 2), its
    point (N, 3, 3), and the weighted residuals (N, 3)."""
    x, y, z = found.camera.T
    z = numpy.maximum(z, NEAREST_POINT)
    focal = (scene.focals * numpy.exp(scene.log_focals)[scene.lens][:, None])[seen.view] / rules.pixels
    plane = numpy.stack([x / z, y / z], 1)
    radial, squared = scene.radials[scene.lens][seen.view], (plane**2).sum(1)
    bent = 1 + radial * squared
    by_plane = bent[:, None, None] * numpy.eye(2) + 2 * radial[:, None, None] * plane[:, :, None] * plane[:, None, :]
    by_plane *= (focal / z[:, None])[:, :, None]
    by_camera = numpy.zeros((len(x), 3, 3))
    by_camera[:, :2, :2] = by_plane
    by_camera[:, :2, 2] = -numpy.einsum("nij,nj->ni", by_plane, plane)
    by_camera[:, 2, 2] = 1 / (z * scene.depth_spread)
    root = numpy.sqrt(numpy.stack([found.pixel_weight, found.pixel_weight, found.depth_weight], 1))
    by_camera *= root[..., None]
    own = numpy.zeros((len(x), 3, OWN_UNKNOWNS))
    own[:, :, :3] = -by_camera @ skew(found.camera)
    own[:, :, 3:POSE] = by_camera
    own[:, 2, POSE] = -root[:, 2] / scene.depth_spread
    lens = numpy.zeros((len(x), 3, 2))
    lens[:, :2, 0] = root[:, :2] * focal * plane * bent[:, None]
    lens[:, :2, 1] = root[:, :2] * focal * plane * squared[:, None]
    error = root * numpy.concatenate([found.pixel, found.depth[:, None]], 1)
    return own, lens, by_camera @ scene.rotations[seen.view], error


def _changed_scene(scene: Scene, change: numpy.ndarray, points: numpy.ndarray) -> Scene:
    views = len(scene.focals)
    own = change[: OWN_UNKNOWNS * views].reshape(views, OWN_UNKNOWNS)
    turn = rotation_of(own[:, :3])
    return replace(
        scene,
        rotations=turn @ scene.rotations,
        shifts=numpy.einsum("vij,vj->vi", turn, scene.shifts) + own[:, 3:POSE],
        log_scales=scene.log_scales + own[:, POSE],
        log_focals=scene.log_focals + change[OWN_UNKNOWNS * views :][: len(scene.log_focals)],
        radials=scene.radials + change[OWN_UNKNOWNS * views :][len(scene.log_focals) :],
        points=scene.points + points,
    )


def adjust(scene: Scene, seen: Observations, rules: Rules, on_round: Callable[[], None] | None = None) -> Scene:
    """The scene with the least cost that is found from the given one in `rules.rounds` steps; the first camera stays."""
    damping = 1e-4
    found = _residuals(scene, seen, rules)
    for _ in range(rules.rounds):
        if on_round is not None:
            on_round()
        system = _System(scene, seen, rules, found)
        before = found.cost
        for _ in range(6):
            trial = _changed_scene(scene, *system.step(damping))
            after = _residuals(trial, seen, rules)
            if after.cost < found.cost:
                scene, found, damping = trial, after, max(damping / 10, 1e-10)
                break
            damping *= 10
        if before - found.cost < 1e-6 * before:
            break
        scene = replace(scene, depth_spread=learned_spread(scene, seen))
        found = _residuals(scene, seen, rules)
    return scene


def learned_spread(scene: Scene, seen: Observations) -> float:
    """The relative error of the pointmaps' depth, by the median of how far tracks are from it."""
    _, depth = reprojections(scene, seen)
    told = numpy.isfinite(seen.log_depth) & (depth > NEAREST_POINT)
    if told.sum() < 20:
        return scene.depth_spread
    off = numpy.log(depth[told]) - seen.log_depth[told] - scene.log_scales[seen.view[told]]
    return float(numpy.clip(1.4826 * numpy.median(numpy.abs(off)), *DEPTH_SPREAD))


def camera_spreads(scene: Scene, seen: Observations, rules: Rules) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Standard deviations by the scatter of the tracks: (V, 2) of turn in degrees and of place in units of the scene, and
    (L,) of the log focal lengths. The first camera's is 0."""
    found = _residuals(scene, seen, rules)
    matrix = _System(scene, seen, rules, found).reduced(0.0)[0]
    inverse = numpy.zeros_like(matrix)
    inner = matrix[POSE:, POSE:]
    inverse[POSE:, POSE:] = numpy.linalg.pinv((inner + inner.T) / 2, hermitian=True)
    views = len(scene.focals)
    noise = max(1.4826 * float(numpy.median(numpy.abs(found.pixel))), 0.05)
    variances = noise**2 * numpy.maximum(inverse.diagonal(), 0)
    own = variances[: OWN_UNKNOWNS * views].reshape(views, OWN_UNKNOWNS)
    turn, shift = numpy.sqrt(own[:, :3].sum(1)), numpy.sqrt(own[:, 3:POSE].sum(1))
    return numpy.stack([numpy.degrees(turn), shift], 1), numpy.sqrt(
        variances[OWN_UNKNOWNS * views :][: len(scene.log_focals)]
    )
