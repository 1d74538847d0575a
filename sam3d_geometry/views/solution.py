"""Solution: the groups of a set solved from its pairs, again at the focal length that comes out of them until both agree.

A pair's rotation hangs on the focal length that it was solved with, and all pairs of a set err alike, so that their loops close
at a wrong one; the points that three photos share do tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy
import torch

from ..geometry.medians import weighted_median
from .edges import Edge, edges_between
from .features import Features
from .graph import (
    HELD_BY_FEW,
    averaged_rotations,
    groups_of,
    rotation_residuals,
    without_broken_loops,
    without_weak_bridges,
)
from .lenses import FoundLens, intrinsics_with_focal, long_edge_focal
from .odd_lenses import odd_focals, with_odd_lenses
from .off_middle import off_middles
from .solving import Solved, solve_group, still_fitting
from .view import View

MOST_EDGE_MISS = 8.0  # by which an edge may miss the averaged rotations
ATTEMPTS = 6  # of solving a group anew without the views that did not fit
REFOCUSINGS = 4  # of solving pairs anew at the focal length that was found
SETTLED_FOCAL = 0.02  # as a logarithm: a change that no pair needs to be solved anew for
RECENTRINGS = 3  # of solving anew with the middles that were found
ODD_LOSS = 0.05  # of the places that fit, which lenses of their own may not cost
UNLIKE_FOCALS = 0.1  # as a logarithm, between groups of one lens
AGREED_SPREAD = 0.02  # likewise, about what they are brought to


@dataclass(frozen=True)
class MatchedPhotos:
    """features: of each view. matches: (M, 2) of each pair. barred: why a view has no part in it, by its index."""

    features: Sequence[Features]
    matches: dict[tuple[int, int], numpy.ndarray]
    barred: dict[int, str]

    def edges(self, views: Sequence[View], on_step: Callable[[], None] | None = None) -> list[Edge]:
        """The edges of all pairs at the intrinsics of `views`."""
        return self.barring(edges_between(views, self.features, self.matches, on_step))

    def barring(self, edges: Sequence[Edge]) -> list[Edge]:
        """The edges, with the reason for those of barred views."""
        return [replace(e, reason=self.barred[v]) if (v := self._barred(e)) is not None else e for e in edges]

    def _barred(self, edge: Edge) -> int | None:
        return next((v for v in (edge.first, edge.second) if v in self.barred), None)


@dataclass(frozen=True)
class Solution:
    """What a set came to.

    views    at the focal lengths that their pairs were solved with
    lenses   that they share
    groups   solved, or a list of views that were all taken from one spot
    edges    with the reasons of those that were not used
    dropped  views that did not fit, with the reason
    """

    views: list[View]
    lenses: list[FoundLens]
    groups: list[Solved | list[int]]
    edges: list[Edge]
    dropped: dict[int, str]

    @property
    def fitting(self) -> int:
        """Number of places of features that fit."""
        return sum(len(group.seen.view) for group in self.groups if isinstance(group, Solved))

    @property
    def placed(self) -> int:
        """Number of views that have a place in a solved group."""
        return sum(len(group.group) for group in self.groups if isinstance(group, Solved))


def solution_of(
    views: Sequence[View],
    lenses: Sequence[FoundLens],
    photos: MatchedPhotos,
    edges: Sequence[Edge],
    on_round: Callable[[], None],
) -> Solution:
    """The set solved from the edges that its views had at first, then until pairs and groups have one focal length; photos cut out
    beside their middle get the middle that they had, groups that do not connect the focal length of the lens that they share, and
    views that are zoomed in between the others lenses of their own, where that explains as much."""
    best = _refocused(_solved(views, lenses, photos, edges, on_round), photos, on_round)
    best = _recentred(best, photos, on_round)
    best = with_one_focal(best, photos, on_round)
    odd = {v: part for group in best.groups if isinstance(group, Solved) for v, part in odd_focals(group).items()}
    if not odd:
        return best
    zoomed = [_zoomed(view, odd.get(at, 1.0)) for at, view in enumerate(best.views)]
    apart = _solved(zoomed, with_odd_lenses(best.lenses, odd), photos, photos.edges(zoomed), on_round)
    better = apart.placed >= best.placed and apart.fitting >= (1 - ODD_LOSS) * best.fitting
    return apart if better else best


def _refocused(solution: Solution, photos: MatchedPhotos, on_round: Callable[[], None]) -> Solution:
    """The solution at the focal lengths that come out of it, as long as they move, or the best one on the way."""
    best = solution
    for _ in range(REFOCUSINGS):
        moved = _moved_focals(solution)
        if max((abs(off) for off in moved.values()), default=0.0) < SETTLED_FOCAL:
            break
        views = [_zoomed(view, float(numpy.exp(moved.get(at, 0.0)))) for at, view in enumerate(solution.views)]
        solution = _solved(views, solution.lenses, photos, photos.edges(views), on_round)
        if (solution.placed, solution.fitting) >= (best.placed, (1 - ODD_LOSS) * best.fitting):
            best = solution
    return best


def _recentred(solution: Solution, photos: MatchedPhotos, on_round: Callable[[], None]) -> Solution:
    """The solution with the principal points that photos cut out beside their middle have."""
    for _ in range(RECENTRINGS):
        off = {v: by for group in solution.groups if isinstance(group, Solved) for v, by in off_middles(group).items()}
        if not off:
            break
        moved = [_shifted(view, off[at]) if at in off else view for at, view in enumerate(solution.views)]
        moved = [_zoomed(v, float(numpy.exp(by))) for v, by in zip(moved, _log_parts(solution))]
        apart = _solved(moved, solution.lenses, photos, photos.edges(moved), on_round)
        if apart.placed < solution.placed or apart.fitting < (1 - ODD_LOSS) * solution.fitting:
            break
        solution = apart
    return solution


def with_one_focal(solution: Solution, photos: MatchedPhotos, on_round: Callable[[], None]) -> Solution:
    """The solution with its groups at one focal length for each lens that several of them share.

    A chain of weak pairs leaves its focal length open, or has it from matches that are wrong, and takes one far off; what groups
    with more points say of the lens is better than that. A weak group need not outlast it; one that strong pairs hold and that
    explains less with it, as photos of a zoom do, keeps its own.
    """
    lenses, agreed, due = [], {}, solution.fitting
    for lens in solution.lenses:
        told = list(_told_focals(solution, lens))
        focals = torch.tensor([focal for focal, _ in told], dtype=torch.float64)
        worth = torch.tensor([len(group.seen.view) for _, group in told], dtype=torch.float64)
        if lens.spread > 0 and len(told) > 1 and float(focals.max() - focals.min()) > UNLIKE_FOCALS:
            middle = weighted_median(focals, worth)
            agreed |= dict.fromkeys(lens.views, float(numpy.exp(middle)))
            lens = replace(lens, focal=float(numpy.exp(middle)), spread=min(AGREED_SPREAD, lens.spread))
            unlike = [group for focal, group in told if abs(focal - middle) > UNLIKE_FOCALS]
            due -= sum(len(group.seen.view) for group in unlike if not _held_by_many(group, solution.edges))
        lenses.append(lens)
    if not agreed:
        return solution
    views = [_zoomed(v, agreed[at] / long_edge_focal(v)) if at in agreed else v for at, v in enumerate(solution.views)]
    apart = _solved(views, lenses, photos, photos.edges(views), on_round)
    return apart if apart.fitting >= (1 - ODD_LOSS) * due else solution


def _told_focals(solution: Solution, lens: FoundLens) -> Iterator[tuple[float, Solved]]:
    """Logarithm of the focal length in long edges that each solved group gives a lens, and the group."""
    for group in solution.groups:
        if isinstance(group, Solved) and lens in group.lenses:
            view = next(v for v in group.group if v in lens.views)
            off = float(group.scene.log_focals[group.lenses.index(lens)])
            yield float(numpy.log(long_edge_focal(solution.views[view]))) + off, group


def _held_by_many(group: Solved, edges: Sequence[Edge]) -> bool:
    """Whether a pair of many matches is among those that hold a group."""
    inside = (edge for edge in edges if not edge.reason and edge.first in group.group and edge.second in group.group)
    return any(edge.inliers >= HELD_BY_FEW for edge in inside)


def _log_parts(solution: Solution) -> list[float]:
    moved = _moved_focals(solution)
    return [moved.get(at, 0.0) for at in range(len(solution.views))]


def _shifted(view: View, off: numpy.ndarray) -> View:
    """The view with its principal point moved (2,), in focal lengths."""
    intrinsics = view.intrinsics.clone()
    intrinsics[:2, 2] += intrinsics[[0, 1], [0, 1]] * torch.from_numpy(off)
    return replace(view, intrinsics=intrinsics)


def _moved_focals(solution: Solution) -> dict[int, float]:
    """{view: logarithm of what its focal length came out as by what it went in with}, for all views of a lens that a group
    solved, by the group with most places."""
    moved: dict[int, float] = {}
    solved = [group for group in solution.groups if isinstance(group, Solved)]
    for group in sorted(solved, key=lambda g: len(g.seen.view)):
        for lens, off in zip(group.lenses, group.scene.log_focals):
            moved |= dict.fromkeys(lens.views, float(off))
    return moved


def _zoomed(view: View, part: float) -> View:
    """The view at `part` times its focal length."""
    return replace(view, intrinsics=torch.from_numpy(intrinsics_with_focal(view, part * long_edge_focal(view))))


def _solved(
    views: Sequence[View],
    lenses: Sequence[FoundLens],
    photos: MatchedPhotos,
    edges: Sequence[Edge],
    on_round: Callable[[], None],
) -> Solution:
    """The groups of edges that agree, each solved again without the views that do not fit it."""
    edges, dropped = without_weak_bridges(without_broken_loops(edges)), {}
    solved: dict[tuple[int, ...], Solved | list[int]] = {}
    for _ in range(ATTEMPTS):
        edges = _without_outvoted(edges)
        groups = groups_of(edges)
        lost: list[tuple[int, str]] = []
        for group in groups:
            if tuple(group) in solved:
                continue
            inside = [e for e in edges if not e.reason and e.first in group and e.second in group]
            if not any(edge.has_direction for edge in inside):
                solved[tuple(group)] = group
                continue
            result = solve_group(group, edges, views, photos.features, lenses, on_round)
            lost += still_fitting(result)
            solved[tuple(group)] = result
        if not lost:
            break
        worst = [view for view, _ in lost]
        dropped |= dict(lost)
        edges = [replace(e, reason=dropped[v]) if (v := _in(worst, e)) is not None else e for e in edges]
    found = [solved[tuple(g)] for g in groups_of(edges) if tuple(g) in solved]
    found.sort(key=_size_of_group, reverse=True)
    return Solution(list(views), list(lenses), found, edges, dropped)


def _size_of_group(group: Solved | list[int]) -> tuple[int, int]:
    """Views, then the places that hold them: of groups as large the one that more speaks for comes first."""
    return (len(group.group), len(group.seen.view)) if isinstance(group, Solved) else (len(group), 0)


def _in(lost: Sequence[int], edge: Edge) -> int | None:
    """Which of the lost views a used edge ends at."""
    return next((v for v in (edge.first, edge.second) if v in lost and not edge.reason), None)


def _without_outvoted(edges: Sequence[Edge]) -> list[Edge]:
    """The edges, with a reason for those that miss the rotations that all of them agree on."""
    edges = list(edges)
    for _ in range(len(edges)):
        worst: tuple[float, int] | None = None
        for group in groups_of(edges):
            off = rotation_residuals(averaged_rotations(group, edges), edges)
            far = max(((d, at) for at, d in off.items()), default=(0.0, -1))
            worst = max(worst or far, far)
        if worst is None or worst[0] < MOST_EDGE_MISS:
            break
        reason = f"its rotation is {worst[0]:.0f} degrees off what the other pairs agree on"
        edges[worst[1]] = replace(edges[worst[1]], reason=reason)
    return without_weak_bridges(edges)
