"""Where cameras stand once their rotations are known: scales of the pointmaps, then centres, by robust linear least squares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from .edges import Edge

PLACING_ROUNDS = 20
SCALE_ERROR = 0.1  # of the scale of an edge, as a logarithm: errors of depth are smooth, so pairs see different ones
LENGTH_ERROR, ACROSS_ERROR = 0.25, 0.03  # of the distance between two cameras, along and across the direction
SPOT_ERROR = 0.05  # of two cameras that stand on one spot, in units of the scene
ONE_SCALE, LEAST_OF_ONE, SHARE_OF_ONE = 0.015, 3, 0.6  # of a sensor's log scales: differences, views, and their share
ANCHOR = 1e-4  # weight that keeps every unknown where nothing else does


def pointmap_scales(group: Sequence[int], edges: Sequence[Edge]) -> dict[int, float]:
    """Log scales of the views' pointmaps, 0 on their median, from the ratios that edges give."""
    place = {view: at for at, view in enumerate(group)}
    told = [e for e in _inside(group, edges) if numpy.isfinite(e.log_scales).all()]
    ends = numpy.array([(place[e.first], place[e.second]) for e in told], int).reshape(-1, 2)
    ratio = numpy.array([e.log_scales[0] - e.log_scales[1] for e in told])
    strength = numpy.array([min(e.inliers, 200) ** 0.5 for e in told])
    scales = numpy.zeros(len(group))
    for _ in range(PLACING_ROUNDS):
        off = scales[ends[:, 0]] - scales[ends[:, 1]] - ratio
        weight = strength / (1 + (off / SCALE_ERROR) ** 2) / SCALE_ERROR**2
        matrix, side = ANCHOR * numpy.eye(len(group)), numpy.zeros(len(group))
        for (i, j), w, r in zip(ends, weight, ratio):
            matrix[[i, j], [i, j]] += w
            matrix[[i, j], [j, i]] -= w
            side[i] += w * r
            side[j] -= w * r
        scales = numpy.linalg.solve(matrix, side)
    scales -= numpy.median(scales)
    return dict(zip(group, scales.tolist()))


def have_one_scale(log_scales: numpy.ndarray) -> bool:
    """Whether pointmaps in metres were measured by one sensor: most of their log scales (V,) hardly differ, which the guesses of a
    network do."""
    near = numpy.abs(log_scales - numpy.median(log_scales)) < ONE_SCALE
    return bool(near.sum() >= LEAST_OF_ONE and near.mean() >= SHARE_OF_ONE)


def camera_centres(
    group: Sequence[int], edges: Sequence[Edge], rotations: dict[int, numpy.ndarray], scales: dict[int, float]
) -> dict[int, numpy.ndarray]:
    """Centres (3,) in the world: each edge gives a direction, and a distance by the scale of its pointmaps."""
    place = {view: at for at, view in enumerate(group)}
    lines = _lines(_inside(group, edges), rotations, scales)
    if not lines:
        return {view: numpy.zeros(3) for view in group}
    centres = numpy.zeros((len(group), 3))
    apart = [length for *_, length, _ in lines if length > 0]
    usual = float(numpy.median(apart)) if apart else 1.0  # where all stand on one spot any unit will do
    for step in range(PLACING_ROUNDS):
        matrix, side = numpy.zeros((3 * len(group),) * 2), numpy.zeros(3 * len(group))
        for first, second, direction, length, strength in lines:
            i, j = place[first], place[second]
            offset = centres[i] - centres[j] - length * direction
            block = _weights(direction, max(length, SPOT_ERROR * usual), offset if step else numpy.zeros(3)) * strength
            for one, two, sign in ((i, i, 1), (j, j, 1), (i, j, -1), (j, i, -1)):
                matrix[3 * one : 3 * one + 3, 3 * two : 3 * two + 3] += sign * block
            pull = block @ direction * length
            side[3 * i : 3 * i + 3] += pull
            side[3 * j : 3 * j + 3] -= pull
        usual_pull = numpy.trace(matrix) / len(matrix)
        matrix += numpy.eye(len(matrix)) * 1e-9 * usual_pull
        matrix[:3, :3] += numpy.eye(3) * 1e6 * usual_pull  # the first camera stays at the origin
        centres = numpy.linalg.solve(matrix, side).reshape(-1, 3)
    return dict(zip(group, centres))


def _inside(group: Sequence[int], edges: Sequence[Edge]) -> list[Edge]:
    return [e for e in edges if not e.reason and e.first in group and e.second in group]


def _lines(
    edges: Sequence[Edge], rotations: dict[int, numpy.ndarray], scales: dict[int, float]
) -> list[tuple[int, int, numpy.ndarray, float, float]]:
    """(first, second, direction, distance, strength): the first camera's centre less the second's, in the world."""
    found = []
    lengths = []
    for edge in edges:
        sides = [scales[v] - a for v, a in zip((edge.first, edge.second), edge.log_scales) if numpy.isfinite(a)]
        lengths.append(float(numpy.exp(numpy.mean(sides))) if sides else float("nan"))
    usual = float(numpy.nanmedian(lengths)) if numpy.isfinite(lengths).any() else 1.0
    for edge, length in zip(edges, lengths):
        assert edge.geometry is not None
        if edge.geometry.turned:
            found.append((edge.first, edge.second, numpy.zeros(3), 0.0, 1.0))
        elif edge.has_direction:
            direction = rotations[edge.second].T @ edge.geometry.direction
            known = length if numpy.isfinite(length) else usual
            found.append((edge.first, edge.second, direction, known, min(edge.inliers, 200) ** 0.5))
    return found


def _weights(direction: numpy.ndarray, length: float, offset: numpy.ndarray) -> numpy.ndarray:
    """(3, 3): the inverse of the errors along and across a direction, almost none where the offset is far beyond them
    (Geman and McClure)."""
    along = numpy.outer(direction, direction)
    across = numpy.eye(3) - along
    pull = along / (LENGTH_ERROR * length) ** 2 + across / (ACROSS_ERROR * length) ** 2
    return pull / (1 + offset @ pull @ offset / 9) ** 2
