"""Two photos of one scene: how the second camera stands to the first, from the places of matches, and how sure that is.

Rotation and direction come from the essential matrix (MAGSAC, Barath 2019, as OpenCV has it), refined on Sampson's distance; a
homography tells photos that were taken from one spot. Depth has no part in either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from ..geometry.turns import kabsch, rotation_of, skew
from .features import opencv_for_features

MATCH_NOISE = 1.0  # of noise of a match
MAGSAC_ROUNDS, MAGSAC_CONFIDENCE = 2000, 0.9999
LEAST_MATCHES = 8
REFINING_STEPS = 8
SPOT_SHARE = 0.9  # of the matches that a pure turn explains as well as the essential matrix does: taken from one spot
TURN_PIXELS = 2.0
START_PIXELS = 6.0  # by which a match may miss the pose that a search begins with, in units of the noise
PARALLAX_DEGREES = 1.0  # below it a point's depth is not measured by the pair


@dataclass(frozen=True)
class TwoViews:
    """The second camera against the first one.

    rotation     (3, 3) second_from_first
    direction    (3,) of length 1: where the first camera's centre lies in the second's axes; 0 where both stand on one spot
    inliers      (M,) bool of the matches that were given
    depths       (M, 2) of the inliers in both cameras, in units of the distance between them; nan without parallax
    parallax     (M,) degrees between the two rays of each inlier
    spread       standard deviations in degrees of the rotation and of the direction, by the scatter of the inliers
    turned       True where a turn on the spot explains the matches
    in_front     share of inliers that lie in front of both
    """

    rotation: numpy.ndarray
    direction: numpy.ndarray
    inliers: numpy.ndarray
    depths: numpy.ndarray
    parallax: numpy.ndarray
    spread: tuple[float, float]
    turned: bool
    in_front: float


def rays(places: numpy.ndarray, intrinsics: numpy.ndarray) -> numpy.ndarray:
    """Places (M, 2) in pixels and a camera (3, 3) in pixels -> (M, 3) rays with z = 1."""
    return numpy.c_[places, numpy.ones(len(places))] @ numpy.linalg.inv(intrinsics).T


def solve_two_views(
    first: numpy.ndarray, second: numpy.ndarray, cameras: tuple[numpy.ndarray, numpy.ndarray]
) -> TwoViews | None:
    """Places of matches (M, 2) in pixels of either picture and both cameras (3, 3) in pixels -> their geometry.

    None where fewer than LEAST_MATCHES agree on any.
    """
    if len(first) < LEAST_MATCHES:
        return None
    cv2 = opencv_for_features()
    a, b = rays(first, cameras[0]), rays(second, cameras[1])
    focal = float(numpy.sqrt(cameras[0][0, 0] * cameras[1][0, 0]))
    turn = _turn(a, b, focal)
    cv2.setRNGSeed(0)
    try:
        essential, chosen = cv2.findEssentialMat(
            numpy.ascontiguousarray(a[:, :2]),
            numpy.ascontiguousarray(b[:, :2]),
            numpy.eye(3),
            method=cv2.USAC_MAGSAC,
            prob=MAGSAC_CONFIDENCE,
            threshold=MATCH_NOISE / focal,
            maxIters=MAGSAC_ROUNDS,
        )
    except cv2.error:  # matches that lie on one point or line
        essential, chosen = None, None
    if essential is None or essential.shape != (3, 3):
        return None if turn is None else _turn_alone(turn, len(first))
    inliers = numpy.asarray(chosen).ravel().astype(bool)
    found = None
    if inliers.sum() >= LEAST_MATCHES:
        found = _settled(_pose_of(essential, a[inliers], b[inliers]), inliers, (a, b), focal)
    if found is None or (turn is not None and turn[1].sum() > SPOT_SHARE * found.inliers.sum()):
        return None if turn is None else _turn_alone(turn, len(first))
    return found


def two_views_from(
    start: tuple[numpy.ndarray, numpy.ndarray],
    first: numpy.ndarray,
    second: numpy.ndarray,
    cameras: tuple[numpy.ndarray, numpy.ndarray],
) -> TwoViews | None:
    """The geometry of two views that is nearest to a pose second_from_first (3, 3) and (3,), by the matches that it nearly
    explains; None where fewer than LEAST_MATCHES agree on it."""
    a, b = rays(first, cameras[0]), rays(second, cameras[1])
    focal = float(numpy.sqrt(cameras[0][0, 0] * cameras[1][0, 0]))
    pose = start[0], start[1] / max(float(numpy.linalg.norm(start[1])), 1e-12)
    near = numpy.abs(_sampson(*pose, a, b)) * focal < START_PIXELS * MATCH_NOISE
    return _settled(pose, near, (a, b), focal) if near.sum() >= LEAST_MATCHES else None


def _settled(
    pose: tuple[numpy.ndarray, numpy.ndarray], inliers: numpy.ndarray, lines: tuple[numpy.ndarray, ...], focal: float
) -> TwoViews | None:
    """The geometry that a pose and its inliers (M,) settle on; None where fewer than LEAST_MATCHES are left."""
    a, b = lines
    rotation, shift = pose
    for limit in (2.0, 1.5):
        rotation, shift, _ = _refined_pose(rotation, shift, (a[inliers], b[inliers]), focal)
        inliers = numpy.abs(_sampson(rotation, shift, a, b)) * focal < limit * MATCH_NOISE
        if inliers.sum() < LEAST_MATCHES:
            return None
    rotation, shift, spread = _refined_pose(rotation, shift, (a[inliers], b[inliers]), focal)
    depths, parallax = triangulated(rotation, shift, a[inliers], b[inliers])
    in_front = numpy.all(depths > 0, axis=1)
    clear = parallax > 0.2
    return TwoViews(
        rotation=rotation,
        direction=shift,
        inliers=inliers,
        depths=depths,
        parallax=parallax,
        spread=spread,
        turned=False,
        in_front=float(in_front[clear].mean()) if clear.any() else 1.0,
    )


def _pose_of(essential: numpy.ndarray, a: numpy.ndarray, b: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Of the four poses of an essential matrix the one with most points in front of both cameras."""
    u, _, v = numpy.linalg.svd(essential)
    u, v = u * numpy.sign(numpy.linalg.det(u)), v * numpy.sign(numpy.linalg.det(v))
    quarter = numpy.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    poses = [(u @ turn @ v, sign * u[:, 2]) for turn in (quarter, quarter.T) for sign in (1.0, -1.0)]
    return max(poses, key=lambda pose: (triangulated(*pose, a, b)[0] > 0).all(1).sum())


def _turn(a: numpy.ndarray, b: numpy.ndarray, focal: float) -> tuple[numpy.ndarray, numpy.ndarray] | None:
    """The rotation that alone explains most matches, and which (M,): by samples of two, then all of them (Kabsch)."""
    first, second = (v / numpy.linalg.norm(v, axis=1, keepdims=True) for v in (a, b))
    draw = numpy.random.default_rng(0).integers(0, len(a), (256, 2))
    best: numpy.ndarray | None = None
    most: numpy.ndarray | None = None
    limit = TURN_PIXELS / focal
    for pair in draw[draw[:, 0] != draw[:, 1]]:
        rotation = kabsch(first[pair], second[pair])
        near = _turn_distance(rotation, a, b) < limit
        if most is None or int(near.sum()) > int(most.sum()):
            best, most = rotation, near
    if best is None or most is None or most.sum() < LEAST_MATCHES:
        return None
    for _ in range(3):
        best = kabsch(first[most], second[most])
        most = _turn_distance(best, a, b) < limit
        if most.sum() < LEAST_MATCHES:
            return None
    return best, most


def _turn_distance(rotation: numpy.ndarray, a: numpy.ndarray, b: numpy.ndarray) -> numpy.ndarray:
    turned = a @ rotation.T
    ahead = turned[:, 2] > 0.05
    distance = numpy.full(len(a), numpy.inf)
    distance[ahead] = numpy.linalg.norm(turned[ahead, :2] / turned[ahead, 2:] - b[ahead, :2], axis=1)
    return distance


def _turn_alone(turn: tuple[numpy.ndarray, numpy.ndarray], matches: int) -> TwoViews:
    rotation, inliers = turn
    count = int(inliers.sum())
    nothing = numpy.full((count, 2), numpy.nan)
    return TwoViews(
        rotation=rotation,
        direction=numpy.zeros(3),
        inliers=inliers,
        depths=nothing,
        parallax=numpy.zeros(count),
        spread=(0.1, 180.0),
        turned=True,
        in_front=1.0,
    )


def _sampson(rotation: numpy.ndarray, shift: numpy.ndarray, a: numpy.ndarray, b: numpy.ndarray) -> numpy.ndarray:
    """(M,) signed distances of matches from the epipolar geometry, to first order, in units of the focal length."""
    essential = skew(shift) @ rotation
    line_b, line_a = a @ essential.T, b @ essential
    norm = numpy.sqrt((line_b[:, :2] ** 2).sum(1) + (line_a[:, :2] ** 2).sum(1))
    return (b * line_b).sum(1) / numpy.maximum(norm, 1e-12)


def _pose_after_step(
    rotation: numpy.ndarray, shift: numpy.ndarray, step: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """A pose after a step (5,): three of rotation, two across the direction."""
    across = numpy.linalg.svd(shift[None])[2][1:]
    moved = shift + step[3:] @ across
    return rotation_of(step[:3]) @ rotation, moved / numpy.linalg.norm(moved)


def _robust_cost(distances: numpy.ndarray) -> float:
    """Cauchy's cost of distances (M,) in units of their scale."""
    return float(numpy.log1p(distances**2).sum())


def _refined_pose(
    rotation: numpy.ndarray, shift: numpy.ndarray, matches: tuple[numpy.ndarray, numpy.ndarray], focal: float
) -> tuple[numpy.ndarray, numpy.ndarray, tuple[float, float]]:
    """The pose nearest to the matches by Sampson's distance with Cauchy's weights, and its spread in degrees."""
    a, b = matches
    tiny, damping = 1e-7, 1e-6
    errors: numpy.ndarray = _sampson(rotation, shift, a, b)
    scale = MATCH_NOISE / focal
    cost = _robust_cost(errors / scale)
    information = numpy.eye(5)
    for _ in range(REFINING_STEPS):
        columns = [
            (_sampson(*_pose_after_step(rotation, shift, tiny * unit), a, b) - errors) / tiny for unit in numpy.eye(5)
        ]
        slope = numpy.stack(columns, 1)
        weights = 1 / (1 + (errors / scale) ** 2)
        information = (slope * weights[:, None]).T @ slope
        step = -numpy.linalg.solve(
            information + damping * numpy.diag(information.diagonal()) + 1e-12 * numpy.eye(5),
            slope.T @ (weights * errors),
        )
        trial = _pose_after_step(rotation, shift, step)
        after = _sampson(*trial, a, b)
        trial_cost = _robust_cost(after / scale)
        if trial_cost >= cost:
            damping *= 100
            continue
        (rotation, shift), errors, cost, damping = trial, after, trial_cost, damping / 10
    noise = max(1.4826 * float(numpy.median(abs(errors))), 0.1 / focal)
    covariance = noise**2 * numpy.linalg.inv(information + 1e-12 * numpy.eye(5))
    spread = numpy.degrees(numpy.sqrt([covariance[:3, :3].trace(), covariance[3:, 3:].trace()]))
    return rotation, shift, (float(spread[0]), min(float(spread[1]), 180.0))


def triangulated(
    rotation: numpy.ndarray, shift: numpy.ndarray, a: numpy.ndarray, b: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Depths (M, 2) along z in both cameras of the points nearest to both rays, and the rays' angle (M,) in degrees."""
    turned = a @ rotation.T
    length_a, length_b = numpy.linalg.norm(turned, axis=1), numpy.linalg.norm(b, axis=1)
    u, v = turned / length_a[:, None], b / length_b[:, None]
    cosine = (u * v).sum(1)
    apart = numpy.maximum(1 - cosine**2, 1e-14)
    on_u, on_v = u @ shift, v @ shift
    along_a = (cosine * on_v - on_u) / apart
    along_b = (on_v - cosine * on_u) / apart
    angle = numpy.degrees(numpy.arctan2(numpy.linalg.norm(numpy.cross(u, v), axis=1), cosine))
    return numpy.stack([along_a / length_a, along_b / length_b], 1), angle
