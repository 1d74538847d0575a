"""Tracks: the features of several photos that are one point of the scene, and where that point lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from .edges import Edge


@dataclass(frozen=True)
class Tracks:
    """Features that belong together.

    view, feature, track  (N,) indices, one row for each feature; no track has two features of one view
    count                 of tracks
    """

    view: numpy.ndarray
    feature: numpy.ndarray
    track: numpy.ndarray
    count: int


def tracks_of(edges: Sequence[Edge], counts: Sequence[int]) -> Tracks:
    """Joins the matches of used edges; `counts` is the number of features of each view. A track that has two features of
    one view is wrong somewhere, and left out."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    starts = numpy.concatenate([[0], numpy.cumsum(counts)])
    used = [edge for edge in edges if not edge.reason]
    ends = [starts[[edge.first, edge.second]] + edge.matches for edge in used]
    joined = numpy.concatenate(ends) if ends else numpy.zeros((0, 2), int)
    total = int(starts[-1])
    links = sparse.coo_matrix((numpy.ones(len(joined)), (joined[:, 0], joined[:, 1])), (total, total))
    label = connected_components(links, directed=False)[1]
    member = numpy.unique(joined)
    view = numpy.searchsorted(starts, member, side="right") - 1
    track = label[member]
    pair, at = numpy.unique(numpy.stack([track, view], 1), axis=0, return_counts=True)
    wrong = numpy.unique(pair[at > 1, 0])
    keep = ~numpy.isin(track, wrong)
    names, track = numpy.unique(track[keep], return_inverse=True)
    return Tracks(view[keep], member[keep] - starts[view[keep]], track, len(names))


def triangulated_points(
    rays: numpy.ndarray, centres: numpy.ndarray, track: numpy.ndarray, count: int
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Rays (N, 3) in the world from centres (N, 3), of tracks (N,) -> the points (count, 3) nearest to them, and the widest
    angle in degrees between each point's mean ray and one of its rays (count,)."""
    rays = rays / numpy.linalg.norm(rays, axis=1, keepdims=True)
    across = numpy.eye(3) - rays[:, :, None] * rays[:, None, :]
    pulled = numpy.einsum("nij,nj->ni", across, centres)
    matrix = numpy.stack([numpy.bincount(track, across.reshape(-1, 9)[:, k], count) for k in range(9)], 1).reshape(
        count, 3, 3
    )
    side = numpy.stack([numpy.bincount(track, pulled[:, k], count) for k in range(3)], 1)
    points = numpy.linalg.solve(matrix + 1e-9 * numpy.eye(3), side[..., None])[..., 0]
    mean = numpy.stack([numpy.bincount(track, rays[:, k], count) for k in range(3)], 1)
    mean /= numpy.maximum(numpy.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
    off = numpy.degrees(numpy.arccos(numpy.clip((rays * mean[track]).sum(1), -1, 1)))
    widest = numpy.zeros(count)
    numpy.maximum.at(widest, track, off)
    return points, widest
