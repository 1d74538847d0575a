"""The cameras of one connected group: placed by their edges, then adjusted with all of their tracks, what does not fit left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy

from .bundle import Observations, Rules, Scene, adjust, camera_spreads, learned_spread, reprojections
from .edges import Edge, log_depths, pixel_camera
from .features import Features
from .graph import averaged_rotations
from .lenses import FoundLens
from .placing import camera_centres, have_one_scale, pointmap_scales
from .tracks import Tracks, tracks_of, triangulated_points
from .view import View

# pixels of noise, pixels beyond which a track's place is left out, rounds
BUNDLE_STAGES = ((8.0, 24.0, 12), (3.0, 9.0, 12), (1.0, 4.0, 40))
LIFTED_BELOW = 0.4  # degrees of parallax from the mean ray: below it a point begins where the pointmap has it
RADIAL_SPREAD, LEAST_FOR_RADIAL = 0.05, 3  # of a lens's radial, which is found from so many views on
DEPTH_CELLS = (4, 5)  # of a photo, rows and columns: over each the error of a pointmap's depth is one
SENSOR_SPREAD, SENSOR_ROUNDS = 0.003, 20  # of the log scales of pointmaps that one sensor measured
LEAST_TRACKS, LEAST_FIT = 20, 0.35  # of a view: tracks that fit, and their share


@dataclass(frozen=True)
class Solved:
    """The cameras of a group.

    group         indices of its views
    scene, seen   as `bundle` has them; views count as they stand in `group`
    rules         of the last adjustment
    tracks_of     (V,) number of tracks of each view that fit
    fit           (V,) their share of all the view's tracks
    spreads       (V, 2) degrees of turn and place in units of the scene
    focal_spreads (L,) of the log focal lengths
    lenses        that the log focal lengths are of
    """

    group: list[int]
    scene: Scene
    seen: Observations
    rules: Rules
    tracks_of: numpy.ndarray
    fit: numpy.ndarray
    spreads: numpy.ndarray
    focal_spreads: numpy.ndarray
    lenses: list[FoundLens]


def solve_group(
    group: Sequence[int],
    edges: Sequence[Edge],
    views: Sequence[View],
    features: Sequence[Features],
    lenses: Sequence[FoundLens],
    on_round: Callable[[], None] | None = None,
) -> Solved:
    """Cameras of a group from its used edges; the intrinsics of `views` are where the focal lengths begin."""
    group = list(group)
    inside = [edge for edge in edges if not edge.reason and edge.first in group and edge.second in group]
    rotations = averaged_rotations(group, inside)
    scales = pointmap_scales(group, inside)
    centres = camera_centres(group, inside, rotations, scales)
    scene, own, rules = _scene(group, views, features, lenses)
    turns = numpy.stack([rotations[v] for v in group])
    shifts = numpy.stack([-rotations[v] @ centres[v] for v in group])
    scene = replace(scene, rotations=turns, shifts=shifts, log_scales=numpy.array([scales[v] for v in group]))
    tracks = tracks_of(inside, [len(f) for f in features])
    scene, seen, total = _with_tracks(scene, group, views, (features, tracks))
    sizes = numpy.array([features[v].size for v in group])
    middles = numpy.stack([pixel_camera(views[v].intrinsics, features[v].size)[:2, 2] for v in group])
    rules = replace(rules, independent=independent_depths(seen, middles, sizes))
    every = seen
    for pixels, limit, rounds in BUNDLE_STAGES:
        scene = adjust(scene, seen, replace(rules, pixels=pixels, rounds=rounds), on_round)
        seen = _fitting(scene, every, limit)
    if all(views[v].pointmap.metric for v in group) and have_one_scale(scene.log_scales):
        scene, rules = _of_one_scale(scene), replace(rules, scale_spread=SENSOR_SPREAD)
        scene = adjust(scene, seen, replace(rules, rounds=SENSOR_ROUNDS), on_round)
    scene = adjust(scene, seen, replace(rules, rounds=10), on_round)
    kept = numpy.bincount(seen.view, minlength=len(group))
    spreads, focal_spreads = camera_spreads(scene, seen, rules)
    return Solved(
        group=group,
        scene=scene,
        seen=seen,
        rules=rules,
        tracks_of=kept,
        fit=kept / numpy.maximum(total, 1),
        spreads=spreads,
        focal_spreads=focal_spreads,
        lenses=own,
    )


def _of_one_scale(scene: Scene) -> Scene:
    """The scene in the unit of its pointmaps, which a sensor measured, all at the scale of that."""
    by = float(numpy.exp(-numpy.median(scene.log_scales)))
    return replace(
        scene, points=by * scene.points, shifts=by * scene.shifts, log_scales=numpy.zeros(len(scene.log_scales))
    )


def _scene(
    group: Sequence[int], views: Sequence[View], features: Sequence[Features], lenses: Sequence[FoundLens]
) -> tuple[Scene, list[FoundLens], Rules]:
    """The scene without poses and points, the lenses of the group's views, and how the parts are weighed."""
    own = [lens for lens in lenses if set(lens.views) & set(group)]
    lens_of = numpy.array([next(k for k, lens in enumerate(own) if v in lens.views) for v in group])
    cameras = [pixel_camera(views[v].intrinsics, features[v].size) for v in group]
    focals = numpy.array([[camera[0, 0], camera[1, 1]] for camera in cameras])
    priors = []
    for k, lens in enumerate(own):
        at = int(numpy.flatnonzero(lens_of == k)[0])
        begun = numpy.sqrt(focals[at].prod()) / max(features[group[at]].size)
        priors.append((numpy.log(lens.focal / begun), lens.spread))
    count = len(group)
    scene = Scene(
        rotations=numpy.zeros((count, 3, 3)),
        shifts=numpy.zeros((count, 3)),
        log_scales=numpy.zeros(count),
        focals=focals,
        lens=lens_of,
        log_focals=numpy.zeros(len(own)),
        radials=numpy.zeros(len(own)),
        points=numpy.zeros((0, 3)),
    )
    seen_by = numpy.bincount(lens_of, minlength=len(own))
    radials = numpy.where(seen_by >= LEAST_FOR_RADIAL, RADIAL_SPREAD, 0.0)
    return scene, own, Rules(1.0, numpy.array(priors).reshape(-1, 2), radials)


def _with_tracks(
    scene: Scene, group: Sequence[int], views: Sequence[View], found: tuple[Sequence[Features], Tracks]
) -> tuple[Scene, Observations, numpy.ndarray]:
    """The scene with a point for each track, where they are seen, and the number of all tracks of each view."""
    features, tracks = found
    place = {v: at for at, v in enumerate(group)}
    which = numpy.isin(tracks.view, group)
    at = numpy.array([place[v] for v in tracks.view[which]], int)
    names, point = numpy.unique(tracks.track[which], return_inverse=True)
    feature = tracks.feature[which]
    pixels, depths = numpy.zeros((len(at), 2)), numpy.full(len(at), numpy.nan)
    for k, v in enumerate(group):
        mine = at == k
        found_at = features[v].places[feature[mine]]
        camera = pixel_camera(views[v].intrinsics, features[v].size)
        pixels[mine] = found_at - camera[:2, 2]
        depths[mine] = log_depths(views[v], found_at, features[v].size)
    seen = Observations(at, point, pixels, depths)
    points = starting_points(scene, seen, len(names))
    return replace(scene, points=points), seen, numpy.bincount(at, minlength=len(group))


def independent_depths(seen: Observations, middles: numpy.ndarray, sizes: numpy.ndarray) -> numpy.ndarray:
    """(V,) how many depths those of each view are worth together: one for each cell of its photo that has a track with depth.

    Errors of a pointmap's depth are smooth over about a cell, so a small object has few of its own however many its tracks are,
    and depths that count for more bend the focal length. `middles` (V, 2) and `sizes` (V, 2; height, width) are in pixels.
    """
    told = numpy.isfinite(seen.log_depth)
    share = (seen.place + middles[seen.view]) / sizes[seen.view][:, ::-1]
    rows, columns = DEPTH_CELLS
    column, row = numpy.clip(share * [columns, rows], 0, [columns - 1, rows - 1]).astype(int).T
    cells = numpy.unique(numpy.stack([seen.view, row * columns + column], 1)[told], axis=0)
    return numpy.maximum(numpy.bincount(cells[:, 0], minlength=len(sizes)), 1).astype(float)


def starting_points(scene: Scene, seen: Observations, count: int) -> numpy.ndarray:
    """Points (count, 3) of the tracks: triangulated where rays cross clearly, else lifted by the pointmaps that have them."""
    focal = (scene.focals * numpy.exp(scene.log_focals)[scene.lens][:, None])[seen.view]
    rays = numpy.c_[seen.place / focal, numpy.ones(len(focal))]
    back = scene.rotations.transpose(0, 2, 1)[seen.view]
    world, centres = numpy.einsum("nij,nj->ni", back, rays), scene.centres[seen.view]
    points, widest = triangulated_points(world, centres, seen.point, count)
    told = numpy.isfinite(seen.log_depth)
    depth = numpy.exp(numpy.where(told, seen.log_depth, 0.0) + scene.log_scales[seen.view])
    lifted = centres + depth[:, None] * world
    votes = numpy.maximum(numpy.bincount(seen.point[told], minlength=count), 1)[:, None]
    mean = numpy.stack([numpy.bincount(seen.point[told], lifted[told, k], count) for k in range(3)], 1) / votes
    has = numpy.bincount(seen.point[told], minlength=count) > 0
    behind = numpy.bincount(seen.point, _behind(scene, seen, points), count) > 0
    return numpy.where((has & ((widest < LIFTED_BELOW) | behind))[:, None], mean, points)


def _behind(scene: Scene, seen: Observations, points: numpy.ndarray) -> numpy.ndarray:
    return (reprojections(replace(scene, points=points), seen)[1] <= 0).astype(float)


def _fitting(scene: Scene, every: Observations, limit: float) -> Observations:
    """What fits within `limit` pixels, of points that are left in two views."""
    missed, depth = reprojections(scene, every)
    fits = (numpy.linalg.norm(missed, axis=1) < limit) & (depth > 0)
    fits &= numpy.bincount(every.point[fits], minlength=len(scene.points))[every.point] > 1
    return every.chosen(fits)


def still_fitting(solved: Solved) -> list[tuple[int, str]]:
    """Views whose tracks do not fit the group's cameras, with the reason."""
    found = []
    for view, count, share in zip(solved.group, solved.tracks_of, solved.fit):
        if count < LEAST_TRACKS:
            found.append((view, f"only {count} of its points fit the other photos, {LEAST_TRACKS} are needed"))
        elif share < LEAST_FIT:
            found.append((view, f"only {share:.0%} of its points fit the other photos"))
    return found


def relative_depth_error(solved: Solved) -> float:
    """The relative error of the pointmaps' depths by the group's points."""
    return learned_spread(solved.scene, solved.seen)
