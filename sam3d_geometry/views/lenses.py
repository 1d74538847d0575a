"""Focal lengths of a set of photos: which share a lens, what is known of it beforehand, and what the matches say.

An essential matrix has two equal singular values, which a wrong focal length makes unequal (Mendonca and Cipolla, 1999).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from .features import Features, opencv_for_features
from .two_views import MATCH_NOISE
from .view import View

# of the log focal length that a network gives, where it does not say, and at least
NETWORK_SPREAD, LEAST_FOCAL_SPREAD = 0.35, 0.1
# focal length of photos in general, in long edges, and its spread as a logarithm
USUAL_FOCAL, USUAL_FOCAL_SPREAD = 0.9, 0.4
SAME_LENS = 0.005  # of known focal lengths, as logarithms
LEAST_PAIR, MOST_PER_PAIR = 40, 600  # matches
UNEQUAL = 0.01  # of the singular values, by the noise of matches
FOCAL_CANDIDATES = numpy.exp(numpy.linspace(numpy.log(0.35), numpy.log(5.0), 160))  # in long edges


@dataclass(frozen=True)
class FoundLens:
    """A focal length that some views share: in long edges of the photo, and its spread as a logarithm, 0 where it is known."""

    views: tuple[int, ...]
    focal: float
    spread: float


def long_edge_focal(view: View) -> float:
    """The view's focal length in long edges of its photo."""
    height, width = view.photo.shape[:2]
    pixels = [float(view.intrinsics[0, 0]) * width, float(view.intrinsics[1, 1]) * height]
    return float(numpy.sqrt(pixels[0] * pixels[1])) / max(height, width)


def focal_spread(view: View) -> float:
    """Standard deviation of the log focal length that the view came with; 0 where it is known."""
    if view.focal_spread is not None:
        return view.focal_spread
    told = view.pointmap.fov_spread
    return NETWORK_SPREAD if told is None else float(numpy.clip(float(told[0]), LEAST_FOCAL_SPREAD, NETWORK_SPREAD))


def lenses_of(views: Sequence[View], one_lens: bool = True) -> list[FoundLens]:
    """The lenses of a set. Views share one where their photos have one size, upright or lying, and their known focal lengths
    are the same; `one_lens` False gives each view whose focal length is not known its own.

    What a network says of views with one lens is joined with what photos have in general.
    """
    kinds: dict[tuple, list[int]] = {}
    for at, view in enumerate(views):
        spread = focal_spread(view)
        known = round(float(numpy.log(long_edge_focal(view))) / SAME_LENS) if spread == 0 or spread < 0.08 else None
        alone = at if known is None and not one_lens else None
        kinds.setdefault((*sorted(view.photo.shape[:2]), known, alone), []).append(at)
    return [_lens(views, members) for members in kinds.values()]


def _lens(views: Sequence[View], members: Sequence[int]) -> FoundLens:
    spreads = [focal_spread(views[at]) for at in members]
    value = float(numpy.median([numpy.log(long_edge_focal(views[at])) for at in members]))
    spread = min(spreads)
    if views[members[0]].focal_spread is None:
        trust = numpy.array([1 / spread**2, 1 / USUAL_FOCAL_SPREAD**2])
        value = float((trust * [value, numpy.log(USUAL_FOCAL)]).sum() / trust.sum())
        spread = float(trust.sum() ** -0.5)
    return FoundLens(tuple(members), float(numpy.exp(value)), spread)


def focal_by_matches(
    lens: FoundLens, features: Sequence[Features], matches: dict[tuple[int, int], numpy.ndarray]
) -> tuple[float, int]:
    """The likeliest focal length of a lens in long edges by the matches of its own views and what is known, and how many pairs
    had a part in it."""
    if lens.spread == 0:
        return lens.focal, 0
    inside = set(lens.views)
    costs = [
        _cost(features[i], features[j], pair)
        for (i, j), pair in matches.items()
        if i in inside and j in inside and len(pair) >= LEAST_PAIR
    ]
    told = [cost for cost in costs if cost is not None]
    prior = ((numpy.log(FOCAL_CANDIDATES) - numpy.log(lens.focal)) / lens.spread) ** 2
    total = prior + sum(told, numpy.zeros(len(FOCAL_CANDIDATES)))
    return float(FOCAL_CANDIDATES[total.argmin()]), len(told)


def _cost(first: Features, second: Features, pair: numpy.ndarray) -> numpy.ndarray | None:
    """How unequal the singular values are at each candidate (Cauchy's loss), or None where no fundamental matrix holds."""
    cv2 = opencv_for_features()
    if len(pair) > MOST_PER_PAIR:
        pair = pair[numpy.linspace(0, len(pair) - 1, MOST_PER_PAIR).astype(int)]
    a, b = (numpy.ascontiguousarray(f.places[pair[:, k]]) for k, f in enumerate((first, second)))
    if numpy.median(numpy.linalg.norm(a - b, axis=1)) < 0.02 * max(first.size):
        return None  # too little motion for a fundamental matrix
    cv2.setRNGSeed(0)
    try:
        fundamental, chosen = cv2.findFundamentalMat(a, b, cv2.USAC_MAGSAC, MATCH_NOISE, 0.999, 2000)
    except cv2.error:
        return None
    if fundamental is None or fundamental.shape != (3, 3) or chosen.sum() < LEAST_PAIR:
        return None
    essential = _candidate_cameras(second.size).transpose(0, 2, 1) @ fundamental @ _candidate_cameras(first.size)
    values = numpy.linalg.svd(essential, compute_uv=False)
    unequal = (values[:, 0] - values[:, 1]) / (values[:, 0] + values[:, 1])
    return numpy.log1p((unequal / UNEQUAL) ** 2)


def _candidate_cameras(size: tuple[int, int]) -> numpy.ndarray:
    """(C, 3, 3) cameras in pixels, one for each candidate."""
    height, width = size
    cameras = numpy.zeros((len(FOCAL_CANDIDATES), 3, 3))
    cameras[:, 0, 0] = cameras[:, 1, 1] = FOCAL_CANDIDATES * max(size)
    cameras[:, 0, 2], cameras[:, 1, 2], cameras[:, 2, 2] = width / 2, height / 2, 1
    return cameras


def intrinsics_with_focal(view: View, focal: float) -> numpy.ndarray:
    """(3, 3) the view's normalised intrinsics at another focal length in long edges of its photo."""
    intrinsics = view.intrinsics.double().numpy().copy()
    intrinsics[[0, 1], [0, 1]] *= focal / long_edge_focal(view)
    return intrinsics
