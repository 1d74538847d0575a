"""Known cameras: views whose cameras came from elsewhere, checked against the photos, which also give each pointmap its scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
import torch

from ..geometry.progress import OnProgress
from .edges import LEAST_INLIERS, LEAST_SCALED, likely_pairs, log_depths, pixel_camera
from .features import Features, find_features, matches_of
from .posed import Group, Pair, PosedViews
from .two_views import rays, triangulated
from .view import View

FEATURE_LONG_EDGE = 1024  # pixels at which features are found
LEAST_PARALLAX = 1.0  # degrees between the rays of a match that measures depth
# radians by which a match may miss the other's ray: what rough cameras, and lenses that bend lines, leave
OFF_RAY = 0.005
LEAST_AGREEING = 0.2  # share of a view's matches that must agree with cameras that are right
ENOUGH_MATCHES = 40  # of a view, from which on that share tells
UNCHECKED = "its depth has the pointmap's own scale, which no other photo checks"


@dataclass(frozen=True)
class KnownCamera:
    """intrinsics (3, 3) float64 normalised by the photo's size, and world_from_camera (4, 4) float64 rigid, OpenCV axes."""

    intrinsics: torch.Tensor
    world_from_camera: torch.Tensor


@dataclass(frozen=True)
class _Told:
    """What the matches of one pair say: (M, 2) depths in both cameras and which of them measure, matches and those that agree."""

    ends: tuple[int, int]
    log_scales: tuple[numpy.ndarray, numpy.ndarray]
    pair: Pair


def views_with_cameras(
    views: Sequence[View],
    cameras: Sequence[KnownCamera | None],
    source: str = "a file",
    on_progress: OnProgress | None = None,
) -> PosedViews:
    """Views placed by cameras that are known, in the world and unit of those; None where a view has none.

    Matches of the photos are triangulated by the cameras: that gives each pointmap its scale, and tells cameras that are of
    other photos, which the view's reason then says. A view that nothing measures has the median scale of the others, or its
    own. ValueError where no view has a camera; ImportError, one sentence, without OpenCV.
    """
    missing = f"{source} has no camera for it"
    placed = [
        replace(v, world_from_camera=None, state="not placed", reason=missing, group=None)
        if camera is None
        else replace(
            v,
            intrinsics=camera.intrinsics.double(),
            world_from_camera=camera.world_from_camera.double(),
            state="placed",
            reason="",
            group=0,
            focal_spread=0.0,
        )
        for v, camera in zip(views, cameras, strict=True)
    ]
    members = tuple(at for at, view in enumerate(placed) if view.world_from_camera is not None)
    if not members:
        raise ValueError(
            f"None of the {len(placed)} photos has a camera in {source}; give the cameras of these photos."
        )
    told = _told_by_matches(placed, members, on_progress)
    scales, reasons = _scales(members, told)
    for at in members:
        placed[at] = replace(placed[at], log_scale=scales[at], reason=reasons[at])
    group = Group.without_points(members)
    return PosedViews(tuple(placed), (group,), tuple(found.pair for found in told), source=source)


def _told_by_matches(views: Sequence[View], members: Sequence[int], on_progress: OnProgress | None) -> list[_Told]:
    tell = on_progress or (lambda done, total: None)
    features: list[Features] = []
    for at in members:
        features.append(find_features(views[at].photo, views[at].mask, FEATURE_LONG_EDGE))
        tell(len(features), 2 * len(members))
    pairs = likely_pairs(features, ordered=True)
    told = []
    for number, (i, j) in enumerate(pairs):
        told.append(_of_pair((members[i], members[j]), views, (features[i], features[j])))
        tell(len(members) + len(members) * (number + 1) // len(pairs), 2 * len(members))
    return told


def _of_pair(ends: tuple[int, int], views: Sequence[View], features: tuple[Features, Features]) -> _Told:
    """Triangulates the matches of two placed views."""
    pairs = matches_of(*features)
    places = [f.places[pairs[:, k]] for k, f in enumerate(features)]
    lines = [rays(place, pixel_camera(views[at].intrinsics, f.size)) for at, place, f in zip(ends, places, features)]
    poses = [views[at].world_from_camera for at in ends]
    assert poses[0] is not None and poses[1] is not None
    move = (torch.linalg.inv(poses[1]) @ poses[0]).numpy()
    turn = float(numpy.degrees(numpy.arccos(numpy.clip((numpy.trace(move[:3, :3]) - 1) / 2, -1, 1))))
    if not len(pairs) or not numpy.linalg.norm(move[:3, 3]) > 0:
        pair = _pair(views, ends, (len(pairs), 0), (turn, 0.0))
        return _Told(ends, (numpy.zeros(0), numpy.zeros(0)), pair)
    depths, parallax = triangulated(move[:3, :3], move[:3, 3], *lines)
    agrees = (depths > 0).all(1) & (_missed(move, lines, depths) < OFF_RAY)
    measures = agrees & (parallax > LEAST_PARALLAX)
    found = []
    for k, at in enumerate(ends):
        own = log_depths(views[at], places[k][measures], features[k].size)
        ratio = numpy.log(depths[measures, k]) - own
        found.append(ratio[numpy.isfinite(ratio)])
    seen = float(numpy.median(parallax[agrees])) if agrees.any() else float("nan")
    pair = _pair(views, ends, (len(pairs), int(agrees.sum())), (turn, seen))
    return _Told(ends, (found[0], found[1]), pair)


def _pair(views: Sequence[View], ends: tuple[int, int], matches: tuple[int, int], degrees: tuple[float, float]) -> Pair:
    """A row of the table: matches and those that agree, degrees of turn and of parallax."""
    first, second = (views[at].name for at in ends)
    return Pair(
        first=first,
        second=second,
        matches=matches[0],
        inliers=matches[1],
        turn_degrees=degrees[0],
        parallax_degrees=degrees[1],
        reason="",
    )


def _missed(move: numpy.ndarray, lines: Sequence[numpy.ndarray], depths: numpy.ndarray) -> numpy.ndarray:
    """(M,) greater of the angles, in radians, by which the two rays' nearest points are seen apart from the cameras."""
    first = (lines[0] * depths[:, :1]) @ move[:3, :3].T + move[:3, 3]
    second = lines[1] * depths[:, 1:]
    apart = numpy.linalg.norm(first - second, axis=1)
    return apart / numpy.maximum(depths.min(1), 1e-12)


def _scales(members: Sequence[int], told: Sequence[_Told]) -> tuple[dict[int, float], dict[int, str]]:
    """Log scale of each view, and what is to be said of it."""
    scales, reasons = {}, dict.fromkeys(members, "")
    for at in members:
        own = [found.log_scales[found.ends.index(at)] for found in told if at in found.ends]
        ratios = numpy.concatenate(own) if own else numpy.zeros(0)
        if len(ratios) >= LEAST_SCALED:
            scales[at] = float(numpy.median(ratios))
        matches = sum(found.pair.matches for found in told if at in found.ends)
        agreeing = sum(found.pair.inliers for found in told if at in found.ends)
        best = max((found.pair.inliers for found in told if at in found.ends), default=0)
        if matches >= ENOUGH_MATCHES and agreeing < LEAST_AGREEING * matches and best < LEAST_INLIERS:
            reasons[at] = f"weak: only {agreeing} of its {matches} matches agree with these cameras"
    usual = float(numpy.median(list(scales.values()))) if scales else 0.0
    for at in members:
        if at not in scales:
            reasons[at] = reasons[at] or f"weak: {UNCHECKED}"
    return {at: scales.get(at, usual) for at in members}, reasons
