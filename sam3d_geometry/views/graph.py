"""The graph of views: loops that do not close lose an edge, what is connected is a group, and rotations agree over all edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy

from ..geometry.turns import degrees_between, rotation_of, vector_of
from .edges import SURE_INLIERS, Edge

LOOP_DEGREES = 5.0
HELD_BY_FEW = 60  # matches of a pair that alone holds a part of a group
AVERAGING_ROUNDS = 30
LEAST_RESIDUAL = 1e-3  # radians: below it edges weigh alike


def without_broken_loops(edges: Sequence[Edge]) -> list[Edge]:
    """The edges, with a reason for those whose rotations do not close with those of two others.

    The edge that most of its loops speak against goes first, the one with fewer matches where several do.
    """
    edges = list(edges)
    while True:
        used = {(edge.first, edge.second): at for at, edge in enumerate(edges) if not edge.reason}
        loops = _loops(used)
        broken = dict.fromkeys(used.values(), 0)
        whole = dict(broken)
        for loop in loops:
            for at in loop:
                (broken if _loop_degrees([edges[k] for k in loop]) > LOOP_DEGREES else whole)[at] += 1
        worst = max(
            broken, key=lambda at: (broken[at] / (broken[at] + whole[at] + 1), -edges[at].inliers), default=None
        )
        if worst is None or not broken[worst]:
            return edges
        count = broken[worst]
        edges[worst] = replace(
            edges[worst],
            reason=f"its rotation disagrees with {count} of {count + whole[worst]} ways over a third photo",
        )


def _loops(used: dict[tuple[int, int], int]) -> list[tuple[int, int, int]]:
    """Triples of edges (i, j), (j, k), (i, k)."""
    after: dict[int, list[int]] = {}
    for first, second in used:
        after.setdefault(first, []).append(second)
    return [
        (at, used[second, third], used[first, third])
        for (first, second), at in used.items()
        for third in after.get(second, [])
        if (first, third) in used
    ]


def _loop_degrees(loop: Sequence[Edge]) -> float:
    one, two, both = (edge.geometry for edge in loop)
    assert one is not None and two is not None and both is not None
    return degrees_between(two.rotation @ one.rotation, both.rotation)


def without_weak_bridges(edges: Sequence[Edge]) -> list[Edge]:
    """The edges, with a reason for those of few matches that alone hold two parts together: nothing could contradict them."""
    edges = list(edges)
    for at, edge in enumerate(edges):
        if edge.reason or edge.inliers >= SURE_INLIERS:
            continue
        rest = [other for k, other in enumerate(edges) if k != at and not other.reason]
        if not any({edge.first, edge.second} <= set(group) for group in groups_of(rest)):
            edges[at] = replace(
                edge,
                reason=f"{edge.inliers} matches agree, and {SURE_INLIERS} are needed where no third photo confirms them",
            )
    return edges


def held_by_few(group: Sequence[int], edges: Sequence[Edge]) -> dict[int, Edge]:
    """Views of a group that hang on one pair of few matches, with that pair: those on the smaller side of it, on both where
    they are as many, and those all of whose pairs are such."""
    inside = [edge for edge in edges if not edge.reason and edge.first in group and edge.second in group]
    found: dict[int, Edge] = {}
    weak = []
    for edge in inside:
        if edge.inliers >= HELD_BY_FEW:
            continue
        parts = groups_of([other for other in inside if other is not edge])
        side = next((set(part) for part in parts if edge.first in part), {edge.first})
        if edge.second in side:
            continue
        weak.append(edge)
        rest = set(group) - side
        for part, other in ((side, rest), (rest, side)):
            if len(part) <= len(other):
                found |= {view: edge for view in part if view not in found}
    for view in group:
        own = [edge for edge in inside if view in (edge.first, edge.second)]
        if own and view not in found and all(any(edge is other for other in weak) for edge in own):
            found[view] = own[0]
    return found


def groups_of(edges: Sequence[Edge]) -> list[list[int]]:
    """Views that used edges connect, the largest group first, each in order; views without an edge are in none."""
    parent: dict[int, int] = {}

    def root(view: int) -> int:
        while parent.setdefault(view, view) != view:
            view = parent[view]
        return view

    for edge in edges:
        if not edge.reason:
            parent[root(edge.second)] = root(edge.first)
    groups: dict[int, list[int]] = {}
    for view in sorted(parent):
        groups.setdefault(root(view), []).append(view)
    return sorted(groups.values(), key=lambda group: (-len(group), group))


def averaged_rotations(group: Sequence[int], edges: Sequence[Edge]) -> dict[int, numpy.ndarray]:
    """Rotations camera_from_world of a group's views that its edges agree on best, by least absolute angles.

    They begin on the tree of the edges with most matches, and are averaged as by Chatterjee and Govindu (2013).
    """
    inside = [edge for edge in edges if not edge.reason and edge.first in group and edge.second in group]
    rotations = _along_tree(group, inside)
    place = {view: at for at, view in enumerate(group)}
    weights = numpy.array([min(edge.inliers, 500) ** 0.5 for edge in inside])
    for _ in range(AVERAGING_ROUNDS):
        off = numpy.array([_disagreement(rotations, edge) for edge in inside])
        weight = weights / numpy.maximum(numpy.linalg.norm(off, axis=1), LEAST_RESIDUAL)
        laplacian, side = numpy.zeros((len(group), len(group))), numpy.zeros((len(group), 3))
        for edge, error, w in zip(inside, off, weight):
            i, j = place[edge.first], place[edge.second]
            laplacian[[i, j], [i, j]] += w
            laplacian[[i, j], [j, i]] -= w
            side[j] += w * error
            side[i] -= w * error
        step = numpy.zeros((len(group), 3))
        step[1:] = numpy.linalg.solve(laplacian[1:, 1:], side[1:])
        for view, turn in zip(group, rotation_of(step)):
            rotations[view] = rotations[view] @ turn
        if numpy.abs(step).max() < 1e-7:
            break
    return rotations


def _disagreement(rotations: dict[int, numpy.ndarray], edge: Edge) -> numpy.ndarray:
    assert edge.geometry is not None
    return vector_of(rotations[edge.second].T @ edge.geometry.rotation @ rotations[edge.first])


def _along_tree(group: Sequence[int], edges: Sequence[Edge]) -> dict[int, numpy.ndarray]:
    """Rotations by the maximum spanning tree (Prim), from the first view."""
    rotations = {group[0]: numpy.eye(3)}
    while len(rotations) < len(group):
        reaching = [edge for edge in edges if (edge.first in rotations) != (edge.second in rotations)]
        best = max(reaching, key=lambda edge: edge.inliers)
        assert best.geometry is not None
        if best.first in rotations:
            rotations[best.second] = best.geometry.rotation @ rotations[best.first]
        else:
            rotations[best.first] = best.geometry.rotation.T @ rotations[best.second]
    return rotations


def rotation_residuals(rotations: dict[int, numpy.ndarray], edges: Sequence[Edge]) -> dict[int, float]:
    """Degrees by which each used edge, by its index, differs from the averaged rotations."""
    return {
        at: float(numpy.degrees(numpy.linalg.norm(_disagreement(rotations, edge))))
        for at, edge in enumerate(edges)
        if not edge.reason and edge.first in rotations and edge.second in rotations
    }
