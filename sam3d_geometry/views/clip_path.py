"""The camera's path through an aligned clip, adjusted as a whole, so that it does not drift.

Align Sequence hangs each frame on the one before it and on a keyframe, whose depth it takes as it is: small errors add up, and a
shift that all depths have in common bends the path. Here points of frames spread over a shot are followed into the others
(Lucas and Kanade, 1981, in pictures brought to where path and depth say they are), and cameras and points are adjusted
together (`bundle`), depth being a prior. The frames between are moved as those beside them are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
import torch

from ..clips.alignment import Alignment
from ..clips.cuts import shots_between
from ..clips.ego_motion import SolverFrame
from ..clips.flow import opencv_for_flow, refined, sample_at
from ..geometry.camera import unproject
from ..geometry.pointmap import Pointmap
from ..geometry.turns import rotation_of, vector_of
from .bundle import FIRST_SPREAD, Observations, Rules, Scene, adjust, reprojections

LONGEST_STEP = 6  # frames from one that is adjusted to the next
STEP_PIXELS = 0.08  # of the long edge: by how much points may have moved from an anchor to the next
STEP_SEEN = 0.8  # of an anchor's points that the next must see
FEWEST_ANCHORS = 3  # of a shot that is adjusted
FOLLOWED_TO = 6  # anchors each way that a point is looked for in
POINTS_OF_ANCHOR = 200  # of an anchor
CORNER = 0.003  # of the strongest corner: what is weaker is no point to follow
FOLLOWED_BORDER = 6  # pixels: half the window by which points are followed
LEAST_OF_OTHERS = 30  # points of other anchors that an anchor must see
SEARCHED = 0.02  # of the long edge: how far from where it is expected a point is looked for
HALVINGS = 2  # of the pictures in which it is looked for first
PIXEL_NOISE = 0.3  # of followed points
MOST_MISSED = 1.5  # pixels: what is farther off after the first rounds moves by itself
ROUNDS = (4, 4)
AGAIN_ABOVE = 1.0  # pixels by which points were off before: the path was so wrong that points are followed once more
SCALE_SPREAD = 0.1  # of the log scales of the anchors' depths, which are aligned
FAR = 10.0  # times the largest depth: where the sky is taken to be
NEAREST = 1e-3  # in units of the scene: what is nearer is behind the camera


@dataclass(frozen=True)
class _Anchor:
    """A frame that is adjusted: its number in the shot, luminance (H, W) uint8, camera, and the points that are its own.

    focal, middle   (2,) in pixels, x then y
    turn, shift     (3, 3), (3,) camera_from_world
    places, depth   (P, 2) in pixels, (P,) along z
    surface         (H, W, 3) what it sees, in its own axes; far away where that is not known
    """

    frame: int
    grey: numpy.ndarray
    focal: numpy.ndarray
    middle: numpy.ndarray
    turn: numpy.ndarray
    shift: numpy.ndarray
    places: numpy.ndarray
    depth: numpy.ndarray
    surface: numpy.ndarray

    @staticmethod
    def of(frame: int, pointmap: Pointmap, world_from_camera: numpy.ndarray) -> _Anchor:
        """The anchor of a pointmap of one frame."""
        view = SolverFrame.of(pointmap)
        height, width = view.grey.shape
        k, pixels = view.intrinsics.double().numpy(), numpy.array([width, height], float)
        places = _corners_of_frame(view)
        columns, rows = places.T
        return _Anchor(
            frame=frame,
            grey=view.grey,
            focal=k[(0, 1), (0, 1)] * pixels,
            middle=k[:2, 2] * pixels - 0.5,
            **_camera_from_world(world_from_camera),
            places=places.astype(float),
            depth=view.depth.numpy()[rows, columns].astype(float),
            surface=_seen_surface(view, pointmap),
        )

    @property
    def points(self) -> numpy.ndarray:
        """Its points in the world, (P, 3)."""
        rays = numpy.concatenate([(self.places - self.middle) / self.focal, numpy.ones((len(self.places), 1))], 1)
        return (rays * self.depth[:, None] - self.shift) @ self.turn

    def seen_from(self, other: _Anchor) -> numpy.ndarray:
        """(H, W, 2) float32: where another anchor sees what this one sees at each pixel; outside of the frame where it does not."""
        turn = other.turn @ self.turn.T
        x, y, z = numpy.moveaxis(self.surface @ turn.T.astype(numpy.float32), -1, 0)
        x, y, z = (part + numpy.float32(moved) for part, moved in zip((x, y, z), other.shift - turn @ self.shift))
        hidden = z <= NEAREST
        z = numpy.where(hidden, 1, z)
        places = [f * part / z + m for f, m, part in zip(other.focal, other.middle, (x, y))]
        return numpy.where(hidden[..., None], -1e4, numpy.stack(places, -1)).astype(numpy.float32)

    def holds(self, places: numpy.ndarray) -> numpy.ndarray:
        """Which places (..., 2) in pixels have a whole window in the frame."""
        height, width = self.grey.shape
        return ((places >= FOLLOWED_BORDER) & (places < (width - FOLLOWED_BORDER, height - FOLLOWED_BORDER))).min(-1)


def _seen_surface(view: SolverFrame, pointmap: Pointmap) -> numpy.ndarray:
    """(H, W, 3) float32: a frame's points, smooth where the solver's are, and far away where there are none, as sky is."""
    depth = torch.where(view.usable, view.depth, pointmap.depth[0].cpu())
    known = view.usable | pointmap.mask[0].cpu()
    far = FAR * depth[known].max() if known.any() else 1.0
    return unproject(torch.where(known, depth, far)[None], view.intrinsics[None])[0].float().numpy()


def _corners_of_frame(view: SolverFrame) -> numpy.ndarray:
    """Pixels (P, 2) of a frame, x then y, that can be followed, spread over what is usable of it."""
    height, width = view.grey.shape
    apart = 0.5 * math.sqrt(height * width / POINTS_OF_ANCHOR)
    mask = view.usable.to(torch.uint8).numpy()
    found = opencv_for_flow().goodFeaturesToTrack(view.grey, POINTS_OF_ANCHOR, CORNER, apart, mask=mask)
    return numpy.zeros((0, 2), int) if found is None else found[:, 0].round().astype(int)


def _spread_anchors(pointmap: Pointmap, poses: numpy.ndarray) -> list[_Anchor]:
    """Anchors from the first frame of a shot to its last, the closer the faster the picture moves."""
    anchors = [_Anchor.of(0, pointmap[0], poses[0])]
    while anchors[-1].frame < len(poses) - 1:
        last = anchors[-1]
        frame = next((k for k in range(last.frame + 2, len(poses)) if _is_far(last, k, poses[k])), len(poses))
        frame = min(frame - 1, len(poses) - 1)
        anchors.append(_Anchor.of(frame, pointmap[frame], poses[frame]))
    return anchors


def _is_far(anchor: _Anchor, frame: int, world_from_camera: numpy.ndarray) -> bool:
    """Whether a frame of this pose is too far from an anchor to be the next one."""
    if frame - anchor.frame > LONGEST_STEP:
        return True
    there = replace(anchor, **_camera_from_world(world_from_camera))
    columns, rows = anchor.places.astype(int).T
    places = anchor.seen_from(there)[rows, columns]
    seen = there.holds(places)
    if not len(places) or seen.mean() < STEP_SEEN:
        return True
    moved = numpy.median(numpy.abs(places - anchor.places)[seen].max(1))
    return bool(moved > STEP_PIXELS * max(anchor.grey.shape))


def _camera_from_world(world_from_camera: numpy.ndarray) -> dict[str, numpy.ndarray]:
    turn = world_from_camera[:3, :3].T
    return {"turn": turn, "shift": -turn @ world_from_camera[:3, 3]}


def _followed(anchors: Sequence[_Anchor], at: int) -> list[tuple[int, numpy.ndarray, numpy.ndarray]]:
    """Where the points of one anchor are in others: (anchor, which of the points, their places in pixels).

    The other frame is brought to where path and depth say that the anchor sees it, so that windows look alike however far the
    camera went; what is left to find begins at what it was in the anchor before.
    """
    own, found = anchors[at], []
    for way in (range(at + 1, len(anchors)), range(at - 1, -1, -1)):
        off, alive = numpy.zeros_like(own.places), numpy.ones(len(own.places), bool)
        for other in list(way)[:FOLLOWED_TO]:
            there = own.seen_from(anchors[other])
            columns, rows = own.places.astype(int).T
            looked = numpy.flatnonzero(alive & anchors[other].holds(there[rows, columns]))
            if not len(looked):
                break
            moved, exact = _shifts_between(own, anchors[other].grey, there, looked, off[looked])
            kept = looked[exact]
            off[kept] = moved[exact]
            alive = numpy.isin(numpy.arange(len(alive)), kept)
            places = sample_at(torch.from_numpy(there), torch.from_numpy(own.places[kept] + off[kept]).float())
            right = anchors[other].holds(places.numpy())
            found.append((other, kept[right], places.double().numpy()[right]))
    return found


def _shifts_between(
    own: _Anchor, grey: numpy.ndarray, there: numpy.ndarray, looked: numpy.ndarray, start: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """By how many pixels (N, 2) of an anchor another frame's points are off where they are expected, and where that is found (N,)."""
    cv2 = opencv_for_flow()
    warped = cv2.remap(grey, there, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    places = torch.from_numpy(own.places[looked])
    reach = SEARCHED * max(grey.shape)
    found, exact = refined(own.grey, warped, places, places + torch.from_numpy(start), levels=HALVINGS, farthest=reach)
    return (found - places).numpy(), exact.numpy()


def _observations(anchors: Sequence[_Anchor]) -> Observations:
    """All points where they are seen, in their own anchors too, where their depth is known."""
    starts = numpy.cumsum([0, *(len(anchor.places) for anchor in anchors)])
    parts = []
    for at, anchor in enumerate(anchors):
        every = numpy.arange(len(anchor.places))
        parts.append((at, starts[at] + every, anchor.places - anchor.middle, numpy.log(anchor.depth)))
        for other, which, places in _followed(anchors, at):
            unknown = numpy.full(len(which), numpy.nan)
            parts.append((other, starts[at] + which, places - anchors[other].middle, unknown))
    views = [numpy.full(len(points), view) for view, points, _, _ in parts]
    return Observations(numpy.concatenate(views), *(numpy.concatenate(column) for column in list(zip(*parts))[1:]))


def _adjusted_anchors(anchors: Sequence[_Anchor], seen: Observations) -> tuple[Scene, float]:
    """The cameras and points of the anchors that explain best where the points are seen, the first camera as it was; and by how
    many pixels the points of other anchors were off before."""
    scene = Scene(
        rotations=numpy.stack([anchor.turn for anchor in anchors]),
        shifts=numpy.stack([anchor.shift for anchor in anchors]),
        log_scales=numpy.zeros(len(anchors)),
        focals=numpy.stack([anchor.focal for anchor in anchors]),
        lens=numpy.zeros(len(anchors), int),
        log_focals=numpy.zeros(1),
        radials=numpy.zeros(1),
        points=numpy.concatenate([anchor.points for anchor in anchors]),
        depth_spread=FIRST_SPREAD,
    )
    rules = Rules(PIXEL_NOISE, numpy.zeros((1, 2)), numpy.zeros(1), ROUNDS[0], scale_spread=SCALE_SPREAD)
    before, _ = reprojections(scene, seen)
    scene = adjust(scene, seen, rules)
    missed, _ = reprojections(scene, seen)
    scene = adjust(scene, seen.chosen(numpy.hypot(*missed.T) < MOST_MISSED), replace(rules, rounds=ROUNDS[1]))
    return scene, float(numpy.median(numpy.hypot(*before[numpy.isnan(seen.log_depth)].T)))


def _moved(poses: numpy.ndarray, frames: numpy.ndarray, adjusted: numpy.ndarray) -> numpy.ndarray:
    """Poses (T, 4, 4) moved as those of some frames (K,) are, to `adjusted` (K, 4, 4), and in between by shares of both."""
    moves = adjusted @ numpy.linalg.inv(poses[frames])
    at = numpy.arange(len(poses))
    before = numpy.clip(numpy.searchsorted(frames, at, side="right") - 1, 0, len(frames) - 2)
    share = numpy.clip((at - frames[before]) / (frames[before + 1] - frames[before]), 0, 1)[:, None]
    first, second = ((moves[k] @ poses)[:, :3, 3] for k in (before, before + 1))
    turns = vector_of(moves[:, :3, :3])
    result = poses.copy()
    result[:, :3, :3] = rotation_of((1 - share) * turns[before] + share * turns[before + 1]) @ poses[:, :3, :3]
    result[:, :3, 3] = (1 - share) * first + share * second
    return result


def _adjusted_once(pointmap: Pointmap, poses: numpy.ndarray) -> tuple[numpy.ndarray, float]:
    """Poses (T, 4, 4) of a shot, adjusted, and by how many pixels points were off before; as they are, and 0, where too few of
    its frames see enough of each other."""
    anchors = _spread_anchors(pointmap, poses)
    while len(anchors) >= FEWEST_ANCHORS:
        seen = _observations(anchors)
        counts = numpy.bincount(seen.view[numpy.isnan(seen.log_depth)], minlength=len(anchors))
        if counts.min() >= LEAST_OF_OTHERS:
            scene, off = _adjusted_anchors(anchors, seen)
            adjusted = numpy.tile(numpy.eye(4), (len(anchors), 1, 1))
            adjusted[:, :3, :3], adjusted[:, :3, 3] = scene.rotations.transpose(0, 2, 1), scene.centres
            return _moved(poses, numpy.array([anchor.frame for anchor in anchors]), adjusted), off
        anchors = [anchor for anchor, count in zip(anchors, counts) if count >= LEAST_OF_OTHERS]
    return poses, 0.0


def adjusted_path(pointmap: Pointmap, done: Alignment) -> torch.Tensor:
    """The camera's poses (B, 4, 4) float64 of a clip that `align_sequence` aligned, each shot adjusted as a whole.

    `pointmap` and `done` are what it gave; the first camera of each shot stays the origin, and the unit is the pointmap's.
    """
    poses = done.world_from_camera.clone()
    for shot in shots_between(done.cut):
        frames, path = pointmap[shot], poses[shot].numpy()
        path, off = _adjusted_once(frames, path)
        if off > AGAIN_ABOVE:
            path, _ = _adjusted_once(frames, path)
        poses[shot] = torch.from_numpy(path)
    return poses
