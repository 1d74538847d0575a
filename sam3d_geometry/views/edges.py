"""Edges of the graph of views: which pairs of photos show the same things, and whether what they say can be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy
import torch

from .features import Features, matches_of
from .free_space import violated
from .rival_poses import Judged, MatchedPair, likeliest
from .two_views import PARALLAX_DEGREES, TwoViews, solve_two_views
from .view import View

LEAST_INLIERS = 20  # below it the pose of a pair is wrong more often than right
SURE_INLIERS = 30
LEAST_AGREEING_SHARE = 0.25  # of the matches
FEW_INLIERS, LEAST_SHARE_OF_FEW = (
    60,
    0.65,
)  # below so many it is so much: what looks alike gives as many that agree on something
LEAST_IN_FRONT = 0.9
MOST_TURN_SPREAD, MOST_DIRECTION_SPREAD = 3.0, 12.0  # degrees
DEPTH_JUMP = 0.15  # relative, within two pixels: there a feature's depth is not known
LEAST_MARGIN, MARGIN_ASKED_BELOW = 1.0, 100  # of the next motion's cost, and inliers from which on none is asked for
MOST_SCALE_SPREAD = 0.35  # of the pointmaps' log depth about the pair's: beyond it they show another relief
MOST_VIOLATED = 0.35  # of what one photo sees: share that floats where the other sees through
LEAST_SCALED = 8  # points with parallax that give the scale of a pair
EXHAUSTIVE = 16  # so many views are matched each with each
LIKELY_PARTNERS, NEXT_IN_ORDER = 8, 3  # of more: the likeliest ones, and the next ones in order
LIKELY_FEATURES = 500


@dataclass(frozen=True)
class Edge:
    """A pair of views and what their matches say.

    first, second  indices of the views
    matches        (M, 2) indices of the features that agree
    asked          number of matches before
    geometry       of the two views, or None where no geometry holds
    log_scales     logarithms of what each pointmap's depth is multiplied by to be in units of the pair's distance; nan if not known
    scale_spread   standard deviation of the depths about them, as a logarithm
    margin         by which the likeliest other motion costs more, as `rival_poses` has it; inf where there is none
    reason         why the edge is not used; "" where it is
    """

    first: int
    second: int
    matches: numpy.ndarray
    asked: int
    geometry: TwoViews | None
    log_scales: tuple[float, float] = (float("nan"), float("nan"))
    scale_spread: float = float("nan")
    margin: float = float("inf")
    reason: str = ""

    @property
    def inliers(self) -> int:
        """Number of matches that agree."""
        return len(self.matches)

    @property
    def has_direction(self) -> bool:
        """Whether the direction between the two cameras is known, and not their turn alone."""
        return (
            self.geometry is not None and not self.geometry.turned and self.geometry.spread[1] < MOST_DIRECTION_SPREAD
        )


def pixel_camera(intrinsics: torch.Tensor, size: tuple[int, int]) -> numpy.ndarray:
    """Normalised intrinsics (3, 3) -> (3, 3) in pixels of a picture (height, width), the first pixel's centre at 0.5."""
    return numpy.diag([size[1], size[0], 1.0]) @ intrinsics.double().numpy()


def log_depths(view: View, places: numpy.ndarray, size: tuple[int, int]) -> numpy.ndarray:
    """(N,) logarithm of the view's depth at places (N, 2) in pixels of a picture of `size`; nan at edges and where there is none.

    The view's own scale and bend have no part in it.
    """
    depth = view.pointmap.depth[0].double().numpy()
    height, width = depth.shape
    at = places * [width / size[1], height / size[0]]
    column, row = numpy.clip(at.astype(int), 0, [width - 1, height - 1]).T
    around = [
        depth[numpy.clip(row + down, 0, height - 1), numpy.clip(column + right, 0, width - 1)]
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    ]
    least, most = numpy.min(around, 0), numpy.max(around, 0)
    smooth = (least > 0) & (most < least * (1 + DEPTH_JUMP))
    return numpy.where(smooth, numpy.log(numpy.maximum(numpy.mean(around, 0), 1e-12)), numpy.nan)


def likely_pairs(features: Sequence[Features], ordered: bool) -> list[tuple[int, int]]:
    """Pairs worth matching: all of a few views; of many each one's likeliest partners, and of a clip the next ones in order."""
    count = len(features)
    if count <= EXHAUSTIVE:
        return [(i, j) for i in range(count) for j in range(i + 1, count)]
    thin = [f.chosen(numpy.linspace(0, len(f) - 1, min(LIKELY_FEATURES, len(f))).astype(int)) for f in features]
    likeness = numpy.zeros((count, count))
    for i in range(count):
        for j in range(i + 1, count):
            likeness[i, j] = likeness[j, i] = len(matches_of(thin[i], thin[j]))
    pairs = {(i, j) for i in range(count) for j in numpy.argsort(-likeness[i])[:LIKELY_PARTNERS] if likeness[i, j] > 0}
    if ordered:
        pairs |= {(i, j) for i in range(count) for j in range(i + 1, min(i + 1 + NEXT_IN_ORDER, count))}
    return sorted({(int(min(pair)), int(max(pair))) for pair in pairs})


def edges_between(
    views: Sequence[View],
    features: Sequence[Features],
    matches: dict[tuple[int, int], numpy.ndarray],
    on_step: Callable[[], None] | None = None,
) -> list[Edge]:
    """An edge for every pair that was matched, with the reason where it is not to be used."""
    edges = []
    for (first, second), given in matches.items():
        edges.append(_edge(views, features, (first, second), given))
        if on_step is not None:
            on_step()
    return edges


def _edge(views: Sequence[View], features: Sequence[Features], pair: tuple[int, int], given: numpy.ndarray) -> Edge:
    first, second = pair
    a, b = features[first], features[second]
    cameras = (pixel_camera(views[first].intrinsics, a.size), pixel_camera(views[second].intrinsics, b.size))
    geometry = solve_two_views(a.places[given[:, 0]], b.places[given[:, 1]], cameras)
    if geometry is None:
        return Edge(first, second, given[:0], len(given), None, reason=f"only {len(given)} features match")
    judged = _judged(views, features, pair, (given, cameras, geometry))
    geometry = judged.geometry
    kept = given[geometry.inliers]
    scales, spread = _scales_of_pair(views, features, pair, (kept, geometry))
    reason = (
        _objection(geometry, len(kept), len(given))
        or _objection_of_depth(geometry, spread, (views[first], views[second]), scales)
        or _open_between(len(kept), judged.margin)
    )
    return Edge(
        first,
        second,
        kept,
        len(given),
        geometry,
        log_scales=scales,
        scale_spread=spread,
        margin=judged.margin,
        reason=reason,
    )


def _judged(
    views: Sequence[View],
    features: Sequence[Features],
    pair: tuple[int, int],
    solved: tuple[numpy.ndarray, tuple[numpy.ndarray, numpy.ndarray], TwoViews],
) -> Judged:
    given, cameras, geometry = solved
    seen = [features[at].places[given[:, side]] for side, at in enumerate(pair)]
    told = [log_depths(views[at], places, features[at].size) for at, places in zip(pair, seen)]
    return likeliest(geometry, MatchedPair((seen[0], seen[1]), cameras, (told[0], told[1])))


def _objection(geometry: TwoViews, inliers: int, asked: int) -> str:
    """Why a pair's geometry is not to be believed; "" where it is."""
    if inliers < LEAST_INLIERS:
        return f"only {inliers} matches agree, {LEAST_INLIERS} are needed"
    if inliers < (LEAST_AGREEING_SHARE if inliers >= FEW_INLIERS else LEAST_SHARE_OF_FEW) * asked:
        return f"only {inliers} of {asked} matches agree on one motion"
    if geometry.in_front < LEAST_IN_FRONT:
        return f"{1 - geometry.in_front:.0%} of the points would lie behind a camera"
    if geometry.spread[0] > MOST_TURN_SPREAD:
        return f"the matches leave the turn open by {geometry.spread[0]:.0f} degrees"
    return ""


def _objection_of_depth(
    geometry: TwoViews, spread: float, views: tuple[View, View], scales: tuple[float, float]
) -> str:
    """What the pointmaps have against a pair's geometry; "" where they have nothing or say nothing."""
    if spread > MOST_SCALE_SPREAD:
        return f"its points' depths differ by {spread:.0%} from the pointmaps'"
    if geometry.turned or not numpy.isfinite(scales).all():
        return ""
    move = numpy.eye(4)
    move[:3, :3], move[:3, 3] = geometry.rotation, geometry.direction
    share = violated(views, move, scales)
    return f"{share:.0%} of what one shows would float where the other sees through" if share > MOST_VIOLATED else ""


def _open_between(inliers: int, margin: float) -> str:
    """Whether another motion fits a pair as well, in words; "" where none does."""
    if inliers >= MARGIN_ASKED_BELOW or margin >= LEAST_MARGIN:
        return ""
    return "two motions fit its matches and depths equally"


def _scales_of_pair(
    views: Sequence[View],
    features: Sequence[Features],
    pair: tuple[int, int],
    solved: tuple[numpy.ndarray, TwoViews],
) -> tuple[tuple[float, float], float]:
    """Medians over points with parallax of log(triangulated depth) - log(pointmap's depth) in either view, and the spread."""
    kept, geometry = solved
    clear = (geometry.parallax > PARALLAX_DEGREES) & (geometry.depths > 0).all(1)
    medians, spreads = [], []
    for side, index in enumerate(pair):
        seen = features[index]
        told = log_depths(views[index], seen.places[kept[:, side]], seen.size)
        off = numpy.log(numpy.where(clear, geometry.depths[:, side], 1.0)) - told
        off = off[clear & numpy.isfinite(told)]
        if len(off) < LEAST_SCALED:
            medians.append(float("nan"))
            continue
        medians.append(float(numpy.median(off)))
        spreads.append(1.4826 * float(numpy.median(numpy.abs(off - medians[-1]))))
    return (medians[0], medians[1]), max(spreads, default=float("nan"))
