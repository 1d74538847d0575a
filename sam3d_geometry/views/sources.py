"""What a set of photos is like before and after poses are looked for: copies, turntables, mirrors, and why a photo has no place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import torch
from torch.nn import functional as F

from .edges import LEAST_INLIERS, SURE_INLIERS, Edge
from .features import Features, find_features, matches_of, opencv_for_features
from .posed import PosedViews
from .view import View

THUMBNAIL = 64
SAME_PICTURE = 2e-3  # mean difference of thumbnails in [0, 1]: what saving a JPEG again leaves
STILL, MOVED = 0.002, 0.01  # of the long edge, by which what is behind a turntable and what is on it move
STILL_SHARE = 0.7
# of the long edge: what a mark in the picture moves by at most, and what nearly nothing but a still scene lies between
MARK_STILL, MARK_GAP = 0.0006, 0.0025
LEAST_MARK, MOST_BETWEEN = 6, 0.5  # matches that stand still, and their multiple that may lie between the two
CELLS, OTHER_COLOUR, MOST_CHANGED = (
    48,
    0.06,
    0.01,
)  # of rough pictures: size, difference of a cell, and share that may differ
STRONG = 100  # matches that agree: a photo with so many is no mirror image
LEAST_BACKGROUND = 15  # matches beside the masks that tell whether it stands still


def same_pictures(views: Sequence[View]) -> dict[int, int]:
    """Views that are the same picture as an earlier one, with that one."""
    thumbnails = [F.interpolate(v.photo.movedim(-1, 0)[None].float(), (THUMBNAIL,) * 2, mode="area")[0] for v in views]
    copies: dict[int, int] = {}
    for later in range(len(views)):
        for earlier in range(later):
            same_shape = views[later].photo.shape == views[earlier].photo.shape
            if same_shape and float((thumbnails[later] - thumbnails[earlier]).abs().mean()) < SAME_PICTURE:
                copies.setdefault(later, copies.get(earlier, earlier))
    return copies


def matches_on_object(features: Sequence[Features], matches: dict[tuple[int, int], numpy.ndarray]) -> bool:
    """Whether the photos show a turntable: what is beside the masks stands still from photo to photo, and what is in them moves."""
    still, moved = [], []
    for (i, j), pairs in matches.items():
        if not len(pairs):
            continue
        a, b = features[i], features[j]
        step = numpy.linalg.norm(a.places[pairs[:, 0]] / max(a.size) - b.places[pairs[:, 1]] / max(b.size), axis=1)
        on_a, on_b = a.on_object[pairs[:, 0]], b.on_object[pairs[:, 1]]
        beside, inside = step[~on_a & ~on_b], step[on_a & on_b]
        if len(beside) >= LEAST_BACKGROUND:
            still.append(float((beside < STILL).mean()))
        if len(inside) >= LEAST_BACKGROUND:
            moved.append(float(numpy.median(inside)))
    return bool(still and moved) and numpy.median(still) > STILL_SHARE and numpy.median(moved) > MOVED


def without_still_marks(
    views: Sequence[View], features: Sequence[Features], matches: dict[tuple[int, int], numpy.ndarray]
) -> dict[tuple[int, int], numpy.ndarray]:
    """The matches without those of marks, frames and dashboards, which lie at one place of every picture.

    In a scene that stands still things move by all amounts, and in photos from one spot none does and the pictures are the same;
    a mark stands still while other things move far, or while the pictures differ beside it.
    """
    kept, looks = {}, [_look(view) for view in views]
    for (i, j), pairs in matches.items():
        a, b = features[i], features[j]
        step = numpy.linalg.norm(a.places[pairs[:, 0]] / max(a.size) - b.places[pairs[:, 1]] / max(b.size), axis=1)
        still = step < MARK_STILL
        between = (step >= MARK_STILL) & (step < MARK_GAP)
        moves = step >= MARK_GAP
        mark = a.size == b.size and still.sum() >= LEAST_MARK and between.sum() < MOST_BETWEEN * still.sum()
        mark = mark and (moves.sum() >= LEAST_INLIERS or _changed(looks[i], looks[j]) > MOST_CHANGED)
        kept[i, j] = pairs[~still] if mark else pairs
    return kept


def _look(view: View) -> torch.Tensor:
    """(3, CELLS, CELLS) the photo's colours, rough."""
    return F.interpolate(view.photo.movedim(-1, 0)[None].float(), (CELLS, CELLS), mode="area")[0]


def _changed(first: torch.Tensor, second: torch.Tensor) -> float:
    """Share of two rough pictures that differs once their brightness is the same."""
    off = first - second
    off = off - off.flatten(1).median(1).values[:, None, None]
    return float((off.abs().amax(0) > OTHER_COLOUR).float().mean())


def why_unreached(
    posed: PosedViews,
    features: Sequence[Features],
    edges: Sequence[Edge],
    copies: dict[int, int],
    dropped: dict[int, str],
    mirrored: dict[int, str],
) -> dict[int, str]:
    """One sentence for every view that has no place."""
    reasons = {}
    for at, view in enumerate(posed.views):
        if view.state != "not placed":
            continue
        if at in copies:
            reasons[at] = f"it is the same picture as {posed.views[copies[at]].name}"
            continue
        own = [edge for edge in edges if at in (edge.first, edge.second)]
        best = max(own, key=lambda edge: (edge.inliers, edge.asked), default=None)
        if at in mirrored:
            reasons[at] = f"it matches {mirrored[at]} only as a mirror image; flip it"
        elif at in dropped:
            reasons[at] = dropped[at]
        elif best is None or not len(features[at]):
            reasons[at] = "it has no features that could be found in another photo"
        else:
            other = posed.views[best.second if best.first == at else best.first].name
            reasons[at] = f"{best.reason} with its best partner, {other}"
    return reasons


def mirror_images(views: Sequence[View], features: Sequence[Features], edges: Sequence[Edge]) -> dict[int, str]:
    """Views that match others well only when they are flipped, with the name of one of those; views with strong edges are not
    asked, and of two views that mirror each other it is the one with fewer matches to the rest."""
    strength = [max((e.inliers for e in edges if at in (e.first, e.second)), default=0) for at in range(len(views))]
    found: dict[int, str] = {}
    for at in sorted(range(len(views)), key=lambda k: strength[k]):
        if strength[at] < STRONG and len(features[at]) and len(found) < len(views) // 2:
            other = _mirror_of(views, features, at)
            if other is not None:
                found[at] = other
    return found


def _mirror_of(views: Sequence[View], features: Sequence[Features], at: int) -> str | None:
    """The name of a photo that this one matches when it is flipped, and not as it is."""
    cv2 = opencv_for_features()
    flipped = find_features(views[at].photo, views[at].mask, max(features[at].size), mirrored=True)
    for other, seen in enumerate(features):
        if other == at or not len(seen):
            continue
        pairs = matches_of(flipped, seen)
        if len(pairs) < SURE_INLIERS or len(pairs) < 2 * len(matches_of(features[at], seen)):
            continue
        cv2.setRNGSeed(0)
        places = [numpy.ascontiguousarray(f.places[pairs[:, k]]) for k, f in enumerate((flipped, seen))]
        try:
            _, agree = cv2.findFundamentalMat(*places, cv2.USAC_MAGSAC, 1.0, 0.999, 2000)
        except cv2.error:  # matches that lie on one point or line
            continue
        if agree is not None and agree.sum() >= max(LEAST_INLIERS, len(pairs) // 2):
            return views[other].name
    return None
