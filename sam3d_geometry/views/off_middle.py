"""Off-middle photos: those cut out of a larger picture beside its middle, told by the points that other photos place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from ..geometry.turns import rotation_of
from .bundle import Scene
from .solving import Solved

LEAST_POINTS = 30  # that two other views of the group place, of a view that is asked
LEAST_OFF, OFF_SIGMAS = 0.04, 8.0  # of the focal length, and in standard deviations, by which the middle lies elsewhere
LEAST_BETTER = 0.7  # of the cost that may be left once the middle is free
NOISE_PIXELS = 1.0
FOCAL_ROOM = 0.1  # of the logarithm of the view's focal length


@dataclass(frozen=True)
class _Asked:
    """points (N, 3) of the group that a view sees at places (N, 2), measured from its middle, and its camera as it was solved."""

    points: numpy.ndarray
    places: numpy.ndarray
    turn: numpy.ndarray
    shift: numpy.ndarray
    focal: numpy.ndarray
    radial: float

    def missed(self, unknowns: numpy.ndarray) -> numpy.ndarray:
        """(2 N + 1,) residuals in units of the noise at a change of turn, shift, log focal length and middle in focal lengths."""
        turn = rotation_of(unknowns[:3]) @ self.turn
        camera = self.points @ turn.T + self.shift + unknowns[3:6]
        plane = camera[:, :2] / numpy.maximum(camera[:, 2:], 1e-9)
        bent = plane * (1 + self.radial * (plane**2).sum(1, keepdims=True))
        focal = self.focal * numpy.exp(unknowns[6])
        off = focal * (bent + unknowns[7:9]) - self.places
        return numpy.append(off.ravel() / NOISE_PIXELS, unknowns[6] / FOCAL_ROOM)


def off_middles(solved: Solved) -> dict[int, numpy.ndarray]:
    """{view: where its principal point lies beside the one it was solved with (2,), in focal lengths}, of views that are clearly
    off it.

    Each view's camera is found again with its middle free, from the points that at least two others see.
    """
    scene, seen = solved.scene, solved.seen
    counts = numpy.bincount(seen.point, minlength=len(scene.points))
    found = {}
    for k, view in enumerate(solved.group):
        mine = (seen.view == k) & (counts[seen.point] >= 3)
        if mine.sum() < LEAST_POINTS:
            continue
        off = _middle_of(_asked(scene, k, scene.points[seen.point[mine]], seen.place[mine]))
        if off is not None:
            found[view] = off
    return found


def _asked(scene: Scene, k: int, points: numpy.ndarray, places: numpy.ndarray) -> _Asked:
    lens = scene.lens[k]
    focal = scene.focals[k] * numpy.exp(scene.log_focals[lens])
    return _Asked(points, places, scene.rotations[k], scene.shifts[k], focal, float(scene.radials[lens]))


def _middle_of(asked: _Asked) -> numpy.ndarray | None:
    """The middle in focal lengths; None where it is not clearly off."""
    from scipy.optimize import least_squares

    free = least_squares(asked.missed, numpy.zeros(9), loss="cauchy", x_scale="jac", max_nfev=60)
    fixed = least_squares(
        lambda u: asked.missed(numpy.append(u, [0.0, 0.0])), numpy.zeros(7), loss="cauchy", x_scale="jac", max_nfev=60
    )
    off = free.x[7:9]
    variance = numpy.linalg.pinv(free.jac.T @ free.jac).diagonal()[7:9]
    clear = numpy.linalg.norm(off) > max(LEAST_OFF, OFF_SIGMAS * float(numpy.sqrt(variance.sum())))
    return off if clear and free.cost < LEAST_BETTER * fixed.cost else None
