"""Repeats: what a photo shows more than once, so that it may be taken for its copy in another photo, and whose place hangs on it.

A wall of one pattern, a tiled floor, books of one series and two like chairs have features that look alike. What matches and
agrees on one motion there may be off by a repeat, and the points, the depths and all loops agree on that just as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from .edges import Edge
from .features import Features
from .graph import groups_of

LIKE_A_COPY = 0.3  # of descriptors of length 1: less than what two sides of one point differ by, so hardly anything is so by chance
RIVALS = 8  # likest features that each one is held against
NEIGHBORS_ASKED, LEAST_ALONG = 10, 0.3  # neighbors of a feature, and their share that have a copy in the same direction
LEAST_APART = 0.025  # of the long edge, between a feature and its copy
SAME_STEP = 0.2  # of the step from a feature to its copy, that neighbors may differ by
LEAST_STEP_ERROR = 0.01  # of the long edge, likewise at least
MOSTLY_REPEATED = 0.2  # of a photo's features: what it shows is a pattern (of measured photos at most 0.03 are)
REPEATED_PAIR = 0.5  # of a pair's matches: what holds the pair is something that comes more than once


def repeated_features(features: Features) -> numpy.ndarray:
    """(N,) bool: features that look like others of the same photo, together with what is around them.

    One feature alone has likenesses everywhere; where its neighbors have theirs by nearly the same step, the thing itself is
    there twice.
    """
    from scipy.spatial import KDTree

    count = len(features)
    if count <= NEIGHBORS_ASKED:
        return numpy.zeros(count, bool)
    places = features.places / max(features.size)
    best, which = (features.descriptors @ features.descriptors.T).topk(min(RIVALS + 1, count), 1)
    which = which.numpy()
    step = places[which] - places[:, None]
    length = numpy.linalg.norm(step, axis=2)
    copied = ((2 - 2 * best).clamp_min(0).sqrt().numpy() < LIKE_A_COPY) & (length > LEAST_APART)
    near = numpy.asarray(KDTree(places).query(places, NEIGHBORS_ASKED + 1)[1])[:, 1:]
    found = numpy.zeros(count, bool)
    for rival in range(which.shape[1]):
        mine = numpy.flatnonzero(copied[:, rival] & ~found)
        room = numpy.maximum(SAME_STEP * length[mine, rival], LEAST_STEP_ERROR)[:, None, None]
        off = numpy.linalg.norm(step[near[mine]] - step[mine, rival][:, None, None], axis=3)
        along = ((off < room) & copied[near[mine]]).any(2).mean(1)
        found[mine[along >= LEAST_ALONG]] = True
    return found


def held_by_repeats(
    members: Sequence[int], edges: Sequence[Edge], features: Sequence[Features], repeated: Sequence[numpy.ndarray]
) -> dict[int, str]:
    """{view: what is to be said of its place} of a group's views that may be off by a repeat; `repeated` has a bool (N,) for the
    features of each view.

    Those are the views whose photos are mostly a pattern, and those that nothing but pairs on repeated things connect with the
    largest part of the group that other pairs hold together.
    """
    inside = [edge for edge in edges if not edge.reason and edge.first in members and edge.second in members]
    found = {}
    for view in members:
        ends = [edge.matches[:, 0 if edge.first == view else 1] for edge in inside if view in (edge.first, edge.second)]
        share = _share_of_photo(
            features[view], repeated[view], numpy.concatenate(ends) if ends else numpy.zeros(0, int)
        )
        if share >= MOSTLY_REPEATED:
            found[view] = f"weak: {share:.0%} of its features repeat in it, so it may stand off by a repeat"
    firm = [edge for edge in inside if _repeated_share(edge, repeated) < REPEATED_PAIR]
    if len(firm) < len(inside):
        parts = groups_of(firm)
        sizes = [len(part) for part in parts]  # the largest first
        largest = parts[0] if sizes and sizes[0] > max(sizes[1:], default=0) else []
        for view in set(members) - set(largest) - set(found):
            found[view] = (
                "weak: what connects it with the other photos comes more than once, so it may stand at another of them"
            )
    return found


def _share_of_photo(features: Features, repeated: numpy.ndarray, held: numpy.ndarray) -> float:
    """Share of a photo's features that repeat; of those on its object where it is held by those alone (a turntable)."""
    asked = features.on_object if features.on_object[held].all() else numpy.ones(len(repeated), bool)
    return float(repeated[asked].mean()) if asked.any() else 0.0


def _repeated_share(edge: Edge, repeated: Sequence[numpy.ndarray]) -> float:
    """Share of a pair's matches that end at a repeated feature in either photo."""
    if not edge.inliers:
        return 0.0
    either = repeated[edge.first][edge.matches[:, 0]] | repeated[edge.second][edge.matches[:, 1]]
    return float(either.mean())
