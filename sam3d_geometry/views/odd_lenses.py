"""Odd lenses: photos of one size that were not taken at the focal length of the others, by the points that all of them see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy

from .bundle import Rules, adjust, camera_spreads
from .lenses import FoundLens
from .solving import Solved

FREE_SPREAD = 0.3  # of the logarithm of a view's own focal length about the shared one
LEAST_ODD, SIGMAS = 0.03, 5.0  # as a logarithm, and in standard deviations, by which an odd one differs
SCATTERS = 4.0  # and in those that the free focal lengths scatter by: what lenses and depths err by is no zoom
LEAST_SHARING = 3  # views that tell which of them is odd
LEAST_PLACED = 30  # points of a view that two other views place: a pair alone explains nearly any focal length
FREE_LENS_ROUNDS = 20
NOISES = (4.0, 1.0)  # pixels: first so much that a wrong focal length does not look like strays


def odd_focals(solved: Solved) -> dict[int, float]:
    """{view: its focal length by what the lens that it is counted to has}, of the views that differ clearly.

    Each view of a solved group is given a focal length of its own, starting from the shared one; those that stay together
    share a lens. Known focal lengths, lenses of fewer than three views, and views that pairs alone hold are not asked.
    """
    scene, seen = solved.scene, solved.seen
    asked = numpy.array([solved.lenses[k].spread > 0 and (scene.lens == k).sum() >= LEAST_SHARING for k in scene.lens])
    placed_by_others = numpy.bincount(seen.point, minlength=len(scene.points))[seen.point] >= 3
    asked &= numpy.bincount(seen.view[placed_by_others], minlength=len(scene.lens)) >= LEAST_PLACED
    if not asked.any():
        return {}
    count = len(scene.lens)
    shared = scene.log_focals[scene.lens]
    free = replace(scene, lens=numpy.arange(count), log_focals=shared.copy(), radials=scene.radials[scene.lens])
    priors = numpy.stack([shared, numpy.where(asked, FREE_SPREAD, 0.0)], 1)
    rules = Rules(1.0, priors, numpy.zeros(count), independent=solved.rules.independent)
    for pixels in NOISES:
        free = adjust(free, solved.seen, replace(rules, pixels=pixels, rounds=FREE_LENS_ROUNDS))
    spreads = camera_spreads(free, solved.seen, rules)[1]
    found = {}
    for at in numpy.flatnonzero(asked):
        same = asked & (scene.lens == scene.lens[at])
        offs = free.log_focals[same] - numpy.median(free.log_focals[same])
        off = float(free.log_focals[at] - numpy.median(free.log_focals[same]))
        scatter = 1.4826 * float(numpy.median(numpy.abs(offs)))
        if abs(off) > max(LEAST_ODD, SIGMAS * float(spreads[at]), SCATTERS * scatter):
            found[solved.group[at]] = float(numpy.exp(off))
    return found


def with_odd_lenses(lenses: Sequence[FoundLens], odd: dict[int, float]) -> list[FoundLens]:
    """The lenses, with one of its own for every odd view, which starts at its part of the shared focal length."""
    split = []
    for lens in lenses:
        rest = tuple(view for view in lens.views if view not in odd)
        if rest:
            split.append(replace(lens, views=rest))
        split += [FoundLens((v,), lens.focal * odd[v], lens.spread) for v in lens.views if v in odd]
    return split
