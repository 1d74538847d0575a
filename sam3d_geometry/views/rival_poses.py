"""Rival poses of a pair: other motions that explain nearly the same matches, and which of them the pointmaps' depth speaks for.

Points on one plane have two motions (Longuet-Higgins, 1986), and few points of little relief have a whole valley of them; an
essential matrix takes one by the pixels alone. What a pointmap knows of the relief tells them apart, though its depth is rough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import torch

from ..geometry.medians import weighted_median
from ..geometry.turns import degrees_between
from .features import opencv_for_features
from .two_views import LEAST_MATCHES, TwoViews, rays, two_views_from

PLANE_PIXELS, LIFTED_PIXELS = 2.0, 6.0  # by which a match may miss a homography, and a lifted point's projection
LIFTED_ROUNDS = 300
RELIEF_ERROR = 0.1  # of a pointmap's log depth about its scale
PLACE_PIXELS = 0.7  # of a match's place along its line, by which triangulated depth errs
INDEPENDENT_RELIEF = 20.0  # depths that a side counts for: errors of a network are smooth
BEHIND = 3.0  # standard deviations that a point behind a camera counts
MISSED_COST = float(numpy.log1p(4.0**2))  # of a match that does not fit
OTHER_TURN, OTHER_WAY = 4.0, 15.0  # degrees from which on two poses are different ones
LEAST_ASKED = 20  # matches: a pair with fewer is not used
MANY_MATCHES = 150  # that agree: no rival is looked for where depth does not object, which does from these on
WHOLE_FRONT, LARGE_RELIEF = 0.97, 40.0  # share of points before both cameras, and cost of the relief of both sides


@dataclass(frozen=True)
class MatchedPair:
    """places: of the matches (M, 2) in pixels of either picture. cameras: (3, 3) in pixels. log_depths: (M,) of either
    pointmap, nan where it has none."""

    places: tuple[numpy.ndarray, numpy.ndarray]
    cameras: tuple[numpy.ndarray, numpy.ndarray]
    log_depths: tuple[numpy.ndarray, numpy.ndarray]


@dataclass(frozen=True)
class Judged:
    """geometry: the likeliest. cost: half of it is minus its log likelihood. margin: how much more the likeliest other pose
    costs, inf where there is none."""

    geometry: TwoViews
    cost: float
    margin: float


def likeliest(found: TwoViews, pair: MatchedPair) -> Judged:
    """Of a pair's geometry by its matches and its rivals the one that matches and depths together speak for most."""
    own = pose_cost(found, pair)
    if not _asks_for_rivals(found, own):
        return Judged(found, own, numpy.inf)
    rivals = [two_views_from(start, *pair.places, pair.cameras) for start in starting_poses(pair)]
    candidates = [(found, own), *((rival, pose_cost(rival, pair)) for rival in rivals if rival is not None)]
    best, cost = min(candidates, key=lambda candidate: candidate[1])
    margins = [price - cost for rival, price in candidates if _differ(rival, best)]
    return Judged(best, cost, min(margins, default=numpy.inf))


def _asks_for_rivals(found: TwoViews, cost: float) -> bool:
    """Whether a pose that is likelier may be found: not for a turn on the spot, for too few matches to be used, or for many that
    leave nothing open."""
    matches = len(found.inliers)
    if found.turned or matches < LEAST_ASKED:
        return False
    agreeing = int(found.inliers.sum())
    relief = cost - (matches - agreeing) * MISSED_COST
    return agreeing < MANY_MATCHES or found.in_front < WHOLE_FRONT or relief > LARGE_RELIEF


def _differ(one: TwoViews, other: TwoViews) -> bool:
    way = numpy.degrees(numpy.arccos(numpy.clip(one.direction @ other.direction, -1, 1)))
    return degrees_between(one.rotation, other.rotation) > OTHER_TURN or float(way) > OTHER_WAY


def pose_cost(geometry: TwoViews, pair: MatchedPair) -> float:
    """What a pose costs: matches that it does not explain, and relief that differs from the pointmaps' (Cauchy's loss)."""
    missed = len(geometry.inliers) - int(geometry.inliers.sum())
    return missed * MISSED_COST + sum(_relief_cost(geometry, pair, side) for side in (0, 1))


def _relief_cost(geometry: TwoViews, pair: MatchedPair, side: int) -> float:
    told = pair.log_depths[side][geometry.inliers]
    depth = geometry.depths[:, side]
    known = numpy.isfinite(told)
    if known.sum() < LEAST_MATCHES:
        return 0.0
    focal = pair.cameras[side][0, 0]
    blur = PLACE_PIXELS / focal / numpy.radians(numpy.maximum(geometry.parallax, 1e-3))
    spread = numpy.sqrt(RELIEF_ERROR**2 + numpy.minimum(blur, 10.0) ** 2)[known]
    front = (depth > 0)[known]
    off = numpy.log(numpy.where(front, depth[known], 1.0)) - told[known]
    scale = weighted_median(torch.from_numpy(off[front]), torch.from_numpy(1 / spread[front])) if front.any() else 0.0
    sigmas = numpy.where(front, (off - scale) / spread, BEHIND)
    worth = min(1.0, INDEPENDENT_RELIEF / known.sum())
    return float(worth * numpy.log1p(sigmas**2).sum())


def starting_poses(pair: MatchedPair) -> list[tuple[numpy.ndarray, numpy.ndarray]]:
    """Poses (3, 3) and (3,) that the matches may have: of a plane that holds many of them, and of lifted points."""
    return [*_of_plane(pair), *(pose for side in (0, 1) for pose in _of_lifted(pair, side))]


def _of_plane(pair: MatchedPair) -> Sequence[tuple[numpy.ndarray, numpy.ndarray]]:
    cv2 = opencv_for_features()
    lines = [numpy.ascontiguousarray(rays(p, k)[:, :2]) for p, k in zip(pair.places, pair.cameras)]
    focal = float(numpy.sqrt(pair.cameras[0][0, 0] * pair.cameras[1][0, 0]))
    cv2.setRNGSeed(0)
    try:
        plane, _ = cv2.findHomography(*lines, cv2.RANSAC, PLANE_PIXELS / focal)
        if plane is None:
            return []
        _, turns, shifts, _ = cv2.decomposeHomographyMat(plane, numpy.eye(3))
    except cv2.error:  # matches that lie on one point or line
        return []
    return [(turn, shift.ravel()) for turn, shift in zip(turns, shifts) if numpy.linalg.norm(shift) > 1e-6]


def _of_lifted(pair: MatchedPair, side: int) -> Sequence[tuple[numpy.ndarray, numpy.ndarray]]:
    """The pose by points of one side, at its pointmap's depth, seen in the other (P3P)."""
    cv2 = opencv_for_features()
    told = pair.log_depths[side]
    known = numpy.isfinite(told)
    if known.sum() < LEAST_MATCHES:
        return []
    points = rays(pair.places[side], pair.cameras[side])[known] * numpy.exp(told[known])[:, None]
    seen = numpy.ascontiguousarray(pair.places[1 - side][known])
    cv2.setRNGSeed(0)
    try:
        done, vector, shift, _ = cv2.solvePnPRansac(
            *(numpy.ascontiguousarray(points), seen, pair.cameras[1 - side], None),
            iterationsCount=LIFTED_ROUNDS,
            reprojectionError=LIFTED_PIXELS,
            flags=cv2.SOLVEPNP_AP3P,
        )
    except cv2.error:
        return []
    if not done or not numpy.isfinite(shift).all() or numpy.linalg.norm(shift) < 1e-9:
        return []
    turn, shift = cv2.Rodrigues(vector)[0], shift.ravel()
    return [(turn, shift)] if side == 0 else [(turn.T, -turn.T @ shift)]
