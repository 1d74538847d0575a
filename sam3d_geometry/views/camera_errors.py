"""Camera errors: cameras that were found held against those that are known, without anything that either world chose freely."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy

from ..geometry.turns import degrees_between, kabsch

# of the cameras' axes beside their places when worlds are brought together: they decide on a line only
AXES_WEIGHT = 0.1
SAME_PLACE = 1e-6  # of the path: cameras nearer together have no direction from one to the other
WRONG_DEGREES, WRONG_SHARE = 10.0, 0.2  # turn, and place as a share of the extent, from which on a camera is wrong


class Camera(Protocol):
    """intrinsics (3, 3) normalised by the photo's size, and world_from_camera (4, 4) rigid, OpenCV axes."""

    @property
    def intrinsics(self) -> numpy.ndarray: ...

    @property
    def world_from_camera(self) -> numpy.ndarray: ...


@dataclass(frozen=True)
class WorldFit:
    """known point = scale * rotation @ found point + shift: rotation (3, 3), shift (3,)."""

    scale: float
    rotation: numpy.ndarray
    shift: numpy.ndarray

    def moved(self, points: numpy.ndarray) -> numpy.ndarray:
        """Found points (N, 3) in the known world."""
        return self.scale * points @ self.rotation.T + self.shift


@dataclass(frozen=True)
class PairError:
    """How far the way from one camera to another is off: turn and direction in degrees, the direction nan where both stand on
    one spot."""

    first: str
    second: str
    turn_degrees: float
    direction_degrees: float


@dataclass(frozen=True)
class CameraError:
    """How far one camera is off.

    turn_degrees  median of its pairs' errors
    place         distance from where it is, in the known world's unit, after `fit`; nan where there is no fit
    focal_share   focal length found / known - 1
    group         the number of its group
    """

    turn_degrees: float
    place: float
    focal_share: float
    group: int


@dataclass(frozen=True)
class CameraErrors:
    """Errors of the cameras of a set.

    cameras  one for each camera that is both found, with another of its group, and known
    pairs    of two cameras of one group
    fits     the similarity of each group, by its number
    path     length of the way through all known places, in the order of the photos
    extent   longest distance between two of them
    """

    cameras: dict[str, CameraError]
    pairs: tuple[PairError, ...]
    fits: dict[int, WorldFit]
    path: float
    extent: float

    @property
    def wrong(self) -> list[str]:
        """Cameras more than WRONG_DEGREES or WRONG_SHARE of the extent off."""
        most = WRONG_SHARE * self.extent
        return [n for n, error in self.cameras.items() if error.turn_degrees > WRONG_DEGREES or error.place > most]


def camera_errors(
    found: Mapping[str, Camera], groups: Mapping[str, int], known: Mapping[str, Camera], order: Sequence[str] = ()
) -> CameraErrors:
    """Cameras found, with the numbers of their groups, against known ones, all by the names of their photos.

    Rotations and directions are compared pair by pair, which needs no common world; places after the similarity that brings
    a group's places (and, weakly, axes) nearest to the known ones. Cameras of different groups are never compared. `order`
    is that of the photos along the path, else that of the names. ValueError where no photo has a camera in `known`.
    """
    names = [name for name in (order or sorted(known)) if name in known]
    if not names:
        raise ValueError("The known cameras are of other photos; give cameras that have the names of these files.")
    centres = numpy.stack([known[name].world_from_camera[:3, 3] for name in names])
    path = float(numpy.linalg.norm(numpy.diff(centres, axis=0), axis=1).sum())
    extent = float(numpy.linalg.norm(centres[:, None] - centres[None], axis=2).max())
    cameras: dict[str, CameraError] = {}
    pairs: list[PairError] = []
    fits: dict[int, WorldFit] = {}
    for number in sorted({groups[name] for name in names if name in found}):
        inside = [name for name in names if name in found and groups[name] == number]
        if len(inside) < 2:
            continue
        own = [_pair_error(a, b, found, known, SAME_PLACE * path) for a, b in combinations(inside, 2)]
        fit = fitted_world([found[n].world_from_camera for n in inside], [known[n].world_from_camera for n in inside])
        if fit is not None:
            fits[number] = fit
        for name in inside:
            turns = [pair.turn_degrees for pair in own if name in (pair.first, pair.second)]
            place = _place_error(fit, found[name], known[name])
            focal = _focal(found[name]) / _focal(known[name]) - 1
            cameras[name] = CameraError(float(numpy.median(turns)), place, focal, number)
        pairs += own
    return CameraErrors(cameras, tuple(pairs), fits, path, extent)


def fitted_world(found: Sequence[numpy.ndarray], known: Sequence[numpy.ndarray]) -> WorldFit | None:
    """The similarity that brings found poses (4, 4) nearest to the known ones; None where all found places are one spot.

    Places weigh as in Umeyama's solution (1991); the axes beside them settle what places on a line leave open.
    """
    one, two = numpy.stack(found), numpy.stack(known)
    a, b = (poses[:, :3, 3] - poses[:, :3, 3].mean(0) for poses in (one, two))
    spread_a, spread_b = (float(numpy.sqrt(numpy.square(x).sum(1).mean())) for x in (a, b))
    farthest = max(float(numpy.abs(one[:, :3, 3]).max()), 1e-300)
    if spread_a <= 1e-9 * farthest or spread_b <= 0:
        return None
    axes = [AXES_WEIGHT * poses[:, :3, :3].transpose(0, 2, 1).reshape(-1, 3) for poses in (one, two)]
    rotation = kabsch(numpy.concatenate([a / spread_a, axes[0]]), numpy.concatenate([b / spread_b, axes[1]]))
    scale = max(float((b * (a @ rotation.T)).sum() / numpy.square(a).sum()), 0.0)
    return WorldFit(scale, rotation, two[:, :3, 3].mean(0) - scale * rotation @ one[:, :3, 3].mean(0))


def _pair_error(
    first: str, second: str, found: Mapping[str, Camera], known: Mapping[str, Camera], same: float
) -> PairError:
    turns, ways = [], []
    for cameras in (found, known):
        a, b = cameras[first].world_from_camera, cameras[second].world_from_camera
        turns.append(a[:3, :3].T @ b[:3, :3])
        ways.append(a[:3, :3].T @ (b[:3, 3] - a[:3, 3]))
    lengths = [float(numpy.linalg.norm(way)) for way in ways]
    direction = float("nan")
    if lengths[0] > 0 and lengths[1] > same:
        cosine, sine = ways[0] @ ways[1], numpy.linalg.norm(numpy.cross(*ways))
        direction = float(numpy.degrees(numpy.arctan2(sine, cosine)))
    return PairError(first, second, degrees_between(*turns), direction)


def _place_error(fit: WorldFit | None, found: Camera, known: Camera) -> float:
    if fit is None:
        return float("nan")
    place = fit.moved(found.world_from_camera[None, :3, 3])[0]
    return float(numpy.linalg.norm(place - known.world_from_camera[:3, 3]))


def _focal(camera: Camera) -> float:
    return float(numpy.sqrt(camera.intrinsics[0, 0] * camera.intrinsics[1, 1]))


def silently_wrong(errors: CameraErrors, flagged: Collection[str]) -> list[str]:
    """Cameras that are wrong and of which nothing was said."""
    return [name for name in errors.wrong if name not in flagged]
