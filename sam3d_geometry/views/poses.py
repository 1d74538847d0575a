"""Poses of photos: features, pairs, graph, bundle adjustment, and a reason for every photo that has no place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy
import torch

from ..geometry.progress import OnProgress
from .bundle import reprojections
from .edges import SURE_INLIERS, Edge, edges_between, likely_pairs
from .features import Features, find_features, matches_of
from .graph import averaged_rotations, held_by_few
from .lenses import FoundLens, focal_by_matches, intrinsics_with_focal, lenses_of
from .posed import Group, Pair, PosedViews, ViewPlacement
from .repeats import held_by_repeats, repeated_features
from .solution import MatchedPhotos, solution_of
from .solving import Solved, relative_depth_error
from .sources import matches_on_object, mirror_images, same_pictures, why_unreached, without_still_marks
from .view import View

MATCH_AUTO, MATCH_WHOLE, MATCH_MASK = MATCH_ON = ("auto", "whole photo", "mask")
WEAK_TURN, WEAK_PLACE = 2.0, 0.1  # degrees, and share of the depth: spreads beyond which a placed view is called weak
BASELINE_SHARE = 0.005  # of the depth: cameras nearer together stand on one spot
ON_ONE_SPOT = "the photos were taken from one spot, turned only: their depths are not checked by one another"


@dataclass(frozen=True)
class PoseSettings:
    """How poses are looked for.

    long_edge  pixels at which features are found: 1024, or 1600 for more detail
    match_on   one of MATCH_ON; auto takes the masks where what is behind them stands still while they move (a turntable)
    one_lens   whether photos of one size, whose focal lengths are not known, share one
    ordered    whether neighbours in the list are likely neighbours in the scene (a clip)
    """

    long_edge: int = 1024
    match_on: str = MATCH_AUTO
    one_lens: bool = True
    ordered: bool = False

    def __post_init__(self) -> None:
        if self.match_on not in MATCH_ON:
            raise ValueError(f"Input match_on came as {self.match_on!r}; choose one of {', '.join(MATCH_ON)}.")
        if self.long_edge < 64:
            raise ValueError(f"The long edge for features came as {self.long_edge}; at least 64 pixels are needed.")


class _SolverSteps:
    """Counts what is done and tells it."""

    def __init__(self, total: int, on_progress: OnProgress | None):
        self.done, self.total, self._tell = 0, total, on_progress

    def __call__(self) -> None:
        self.done = min(self.done + 1, self.total)
        if self._tell is not None:
            self._tell(self.done, self.total)


def pose_views(
    views: Sequence[View],
    settings: PoseSettings | None = None,
    on_progress: OnProgress | None = None,
) -> PosedViews:
    """Cameras of photos of one scene, from the photos and, for scale, their pointmaps.

    Views that cannot be reached keep the state `not placed` and say why; sets that do not connect are groups of their own,
    each in the axes of its first camera, in the unit that its pointmaps have on their median. `on_progress(done, total)` may
    raise to stop. Raises ValueError, one sentence, for fewer than two photos; ImportError without OpenCV.
    """
    settings = settings or PoseSettings()
    if len(views) < 2:
        raise ValueError(f"{len(views)} photo came in; poses need at least two photos of one thing.")
    views = [replace(v, world_from_camera=None, state="not placed", reason="", group=None) for v in views]
    copies = same_pictures(views)
    count = len(views)
    steps = _SolverSteps(count + 2 * count * min(count - 1, 16) // 2 + 60, on_progress)
    features = []
    for at, view in enumerate(views):
        found = find_features(view.photo, view.mask, settings.long_edge)
        features.append(found.chosen(numpy.zeros(0, int)) if at in copies else found)
        steps()
    matches = _matches(views, features, settings, steps)
    lenses = lenses_of(views, settings.one_lens)
    views = _with_focals(views, lenses, features, matches)
    edges = edges_between(views, features, matches, steps)
    mirrored = mirror_images(views, features, edges)
    photos = MatchedPhotos(features, matches, dict.fromkeys(mirrored, "a mirror image"))
    found = solution_of(views, lenses, photos, photos.barring(edges), steps)
    posed = _placed_views(found.views, features, found.groups, found.edges)
    reasons = why_unreached(posed, features, found.edges, copies, found.dropped, mirrored)
    final = [replace(view, reason=reasons.get(at, view.reason)) for at, view in enumerate(posed.views)]
    steps.done = steps.total - 1
    steps()
    return replace(posed, views=tuple(final))


def _matches(
    views: Sequence[View], features: Sequence[Features], settings: PoseSettings, on_step: Callable[[], None]
) -> dict[tuple[int, int], numpy.ndarray]:
    """Matches of all likely pairs, without those of marks in the pictures and, on a turntable, those beside the object."""
    found = {}
    for i, j in likely_pairs(features, settings.ordered):
        found[i, j] = matches_of(features[i], features[j])
        on_step()
    on_object = settings.match_on == MATCH_AUTO and matches_on_object(features, found)
    found = without_still_marks(views, features, found)
    if not on_object and settings.match_on != MATCH_MASK:
        return found
    return {(i, j): m[features[i].on_object[m[:, 0]] & features[j].on_object[m[:, 1]]] for (i, j), m in found.items()}


def _with_focals(
    views: Sequence[View],
    lenses: Sequence[FoundLens],
    features: Sequence[Features],
    matches: dict[tuple[int, int], numpy.ndarray],
) -> list[View]:
    """The views at the likeliest focal length of their lenses."""
    views = list(views)
    for lens in lenses:
        focal, _ = focal_by_matches(lens, features, matches)
        for at in lens.views:
            views[at] = replace(views[at], intrinsics=torch.from_numpy(intrinsics_with_focal(views[at], focal)))
    return views


def _placed_views(
    views: Sequence[View], features: Sequence[Features], solved: Sequence[Solved | list[int]], edges: Sequence[Edge]
) -> PosedViews:
    views, groups, placements = list(views), [], {}
    repeated = [repeated_features(seen) for seen in features]
    for number, result in enumerate(solved):
        if isinstance(result, Solved):
            group, own = _of_solved(views, features, result, number)
            placements |= own
            _say_held_by_few(views, result.group, edges)
        else:
            group = _of_turned(views, result, edges, number)
        members = result.group if isinstance(result, Solved) else result
        _say_repeats(views, held_by_repeats(members, edges, features, repeated))
        groups.append(group)
    pairs = tuple(_pair_of_edge(views, edge) for edge in edges)
    return PosedViews(tuple(views), tuple(groups), pairs, placements)


def _say_held_by_few(views: list[View], members: Sequence[int], edges: Sequence[Edge]) -> None:
    """Says of views that hang on one pair of few matches that nothing confirms their place."""
    for at, edge in held_by_few(members, edges).items():
        other = views[edge.second if edge.first == at else edge.first].name
        named = other if at in (edge.first, edge.second) else f"{views[edge.first].name} and {views[edge.second].name}"
        said = f"weak: only the {edge.inliers} matches of one pair ({named}) hold it, and no third photo confirms them"
        views[at] = replace(views[at], reason=views[at].reason or said)


def _say_repeats(views: list[View], said: dict[int, str]) -> None:
    """Says of views that they may stand off by a repeat, before what else is said of them."""
    for at, reason in said.items():
        views[at] = replace(views[at], reason="; ".join(filter(None, (reason, views[at].reason))))


def _of_turned(views: list[View], members: Sequence[int], edges: Sequence[Edge], number: int) -> Group:
    """Views on one spot: their turns are known, their places are the same."""
    rotations = averaged_rotations(members, edges)
    for at in members:
        pose = torch.eye(4, dtype=torch.float64)
        pose[:3, :3] = torch.from_numpy(rotations[members[0]] @ rotations[at].T)
        views[at] = replace(views[at], world_from_camera=pose, state="placed", reason=ON_ONE_SPOT, group=number)
    return Group.without_points(tuple(members))


def _of_solved(
    views: list[View], features: Sequence[Features], result: Solved, number: int
) -> tuple[Group, dict[int, ViewPlacement]]:
    """Puts the cameras of a group into its views, in the axes of its first one and the median unit of its pointmaps."""
    scene, seen = result.scene, result.seen
    unit = float(numpy.exp(-numpy.median(scene.log_scales)))
    first_rotation, first_shift = scene.rotations[0], scene.shifts[0]
    points = unit * (scene.points @ first_rotation.T + first_shift)
    missed, depths = reprojections(scene, seen)
    placements, places = {}, numpy.zeros((len(seen.view), 2))
    spot = _baseline_share(result) < BASELINE_SHARE
    for k, at in enumerate(result.group):
        mine = seen.view == k
        lens = scene.lens[k]
        pose = torch.eye(4, dtype=torch.float64)
        pose[:3, :3] = torch.from_numpy(first_rotation @ scene.rotations[k].T)
        centre = -scene.rotations[k].T @ scene.shifts[k]
        pose[:3, 3] = torch.from_numpy(unit * (first_rotation @ centre + first_shift))
        intrinsics = views[at].intrinsics.clone()
        intrinsics[[0, 1], [0, 1]] *= float(numpy.exp(scene.log_focals[lens]))
        size = features[at].size
        places[mine] = seen.place[mine] / [size[1], size[0]] + intrinsics[:2, 2].numpy()
        depth = float(numpy.median(depths[mine])) if mine.any() else 1.0
        spread = result.spreads[k]
        own = ViewPlacement(
            int(mine.sum()), float(result.fit[k]), float(spread[0]), float(spread[1] / max(depth, 1e-9))
        )
        placements[at] = own
        views[at] = replace(
            views[at],
            intrinsics=intrinsics,
            world_from_camera=pose,
            log_scale=float(scene.log_scales[k] + numpy.log(unit)),
            state="placed",
            reason=ON_ONE_SPOT if spot else _weakness(own),
            group=number,
            focal_spread=min(float(result.focal_spreads[lens]), 1.0),
            radial=float(scene.radials[lens]),
        )
    table = numpy.stack([numpy.array(result.group)[seen.view], seen.point], 1)
    pixels = float(numpy.median(numpy.linalg.norm(missed, axis=1))) if len(missed) else float("nan")
    return Group(tuple(result.group), points, table, places, pixels, relative_depth_error(result)), placements


def _baseline_share(result: Solved) -> float:
    """The farthest distance of two cameras as a share of the median depth."""
    _, depths = reprojections(result.scene, result.seen)
    centres = result.scene.centres
    apart = numpy.linalg.norm(centres[:, None] - centres[None], axis=2).max()
    return float(apart / max(float(numpy.median(depths)), 1e-9)) if len(depths) else 0.0


def _weakness(placement: ViewPlacement) -> str:
    """What is weak about a placed view; "" where nothing is."""
    if placement.tracks < SURE_INLIERS:
        return f"weak: only {placement.tracks} points hold it"
    if placement.turn_degrees > WEAK_TURN:
        return f"weak: its direction is known to about {placement.turn_degrees:.0f} degrees"
    if placement.place_share > WEAK_PLACE:
        return f"weak: its place is known to about {placement.place_share:.0%} of the depth"
    return ""


def _pair_of_edge(views: Sequence[View], edge: Edge) -> Pair:
    geometry = edge.geometry
    turn = parallax = float("nan")
    if geometry is not None:
        cosine = numpy.clip((numpy.trace(geometry.rotation) - 1) / 2, -1, 1)
        turn = float(numpy.degrees(numpy.arccos(cosine)))
        parallax = float(numpy.median(geometry.parallax))
    names = views[edge.first].name, views[edge.second].name
    return Pair(*names, edge.asked, edge.inliers, turn, parallax, edge.reason)
