"""Smoothing along motion: what the last frame knew is carried to where it is now seen, and averaged with the new frame.

Each pixel's history follows the camera's motion where the world stands still, and optical flow where things move by
themselves. Where a pixel was hidden, or its depth does not fit what was carried, the new frame wins. So averages grow long on
still surfaces, without the lag and the ghosts of an average at a fixed place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from ..geometry.camera import unproject
from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from .cuts import CUT_THRESHOLD, find_cuts, thumbnails
from .ego_motion import STILL_PIXELS, Match, Motion, SolverFrame, fit_frame, match, rays_through
from .flow import inside, pixel_positions, sample_at, squared_length
from .frame_step import FrameStep, Steps, step_from
from .moved_pixels import seen_from_before
from .noise import agreement, spread, windowed_mean
from .time_average import CAUSAL, ZERO_LAG, TimeAverage, check_direction, memory_of, run_average
from .validity import Validity, decided

SAME_SURFACE = 0.06  # difference of log depth between neighbours beyond which they are two surfaces
LEAST_LOG_NOISE = 0.01  # of log depth, 1 % of depth: the best estimators are not steadier from frame to frame
LONGEST_MEMORY = 20.0  # frames, that of the greatest strength
MOVING_MEMORY = 6.0  # frames that a moving thing's depth is averaged over at most: it also turns and bends
MOST_APPROACH = 0.3  # change of log depth from frame to frame that a moving thing is believed to make
LEAST_GREY_NOISE = 2.0  # of 255: what compression leaves of a surface that stays as it is
SKY = 20.0  # log depth of what has none: so far that it only turns with the camera
LONE_CORNER_WEIGHT = 1e-4  # weight beside the bilinear ones, so that a lone valid corner counts however far it is


@dataclass(frozen=True)
class GeometryHistory:
    """What is known of the last frame: log depth (H, W), steadied mask (H, W), weight in frames (H, W), normals (H, W, 3) or None."""

    log_depth: torch.Tensor
    mask: torch.Tensor
    weight: torch.Tensor
    normals: torch.Tensor | None
    validity: Validity

    def to(self, device: torch.device) -> GeometryHistory:
        """The same on a device."""
        normals = None if self.normals is None else self.normals.to(device)
        there = self.log_depth.to(device), self.mask.to(device), self.weight.to(device)
        return GeometryHistory(*there, normals, self.validity.to(device))


@dataclass(frozen=True)
class MotionState:
    """What a stream carries from one run to the next: the history, the frame as motion is found in it, and its look."""

    history: GeometryHistory
    view: SolverFrame
    look: torch.Tensor
    size: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class _Carried:
    """The history brought to where a frame sees it: log depth and weight (H, W), normals (H, W, 3) or None in the frame's axes.

    there   (H, W) bool: there is a depth, also where the frame has none
    moving  (H, W) in [0, 1]: how surely a pixel's thing moves by itself
    """

    log_depth: torch.Tensor
    there: torch.Tensor
    weight: torch.Tensor
    moving: torch.Tensor
    normals: torch.Tensor | None
    validity: Validity


def _logarithm(depth: torch.Tensor) -> torch.Tensor:
    return depth.clamp_min(torch.finfo(torch.float32).tiny).log()


def _everywhere(log_depth: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Log depth (H, W) that goes on a little beyond what has geometry, and is that of the sky elsewhere."""
    if bool(mask.all()):
        return log_depth
    return torch.where(mask, log_depth, SKY + windowed_mean(log_depth - SKY, mask))


def _corner_indices(corner: torch.Tensor, size: tuple[int, int]) -> list[torch.Tensor]:
    """The pixels at a corner (H, W, 2) in pixels and right of it, below and below right, held at the border: places (N,) in a flat frame."""
    height, width = size
    x, y = corner.reshape(-1, 2).int().unbind(-1)
    columns = [v.clamp(0, width - 1) for v in (x, x + 1)]
    rows = [v.clamp(0, height - 1) * width for v in (y, y + 1)]
    return [row + column for row in rows for column in columns]


def _carried_depth(
    history: GeometryHistory, places: torch.Tensor, expected: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The history's depth and weight at places (H, W, 2) in pixels, bilinear within one surface; depth 0 where nothing is valid.

    Between two surfaces those pixels count that belong to the one nearer to `expected`, a log depth (H, W).
    """
    size, expected = (history.log_depth.shape[0], history.log_depth.shape[1]), expected.reshape(-1)
    corner = places.floor()
    fx, fy = (places - corner).reshape(-1, 2).unbind(-1)
    corners = _corner_indices(corner, size)
    shares = [row * column for row in (1 - fy, fy) for column in (1 - fx, fx)]
    known = torch.where(history.mask, history.log_depth, torch.inf).reshape(-1)
    values = [known.index_select(0, index) for index in corners]  # several times as fast as known[index]
    nearest, least = values[0], (values[0] - expected).abs()
    for value in values[1:]:
        off = (value - expected).abs()
        nearest, least = torch.where(off < least, value, nearest), torch.minimum(off, least)
    inverse, counted = (-known).exp(), history.weight.reshape(-1)
    total, inverse_depth, count = (torch.zeros_like(expected) for _ in range(3))
    for index, value, share in zip(corners, values, shares):
        # without a valid pixel nearest is infinite, and so nothing is near to it
        share = (share + LONE_CORNER_WEIGHT) * ((value - nearest).abs() < SAME_SURFACE)
        total += share
        # along a surface 1 / depth is linear
        inverse_depth.addcmul_(share, inverse.index_select(0, index))
        count.addcmul_(share, counted.index_select(0, index))
    found, total = least.isfinite(), total.clamp_min(1e-12)
    depth = 1 / (inverse_depth / total).clamp_min(1e-12)
    return torch.where(found, depth, 0).reshape(size), torch.where(found, count / total, 0).reshape(size)


@dataclass(frozen=True, kw_only=True)
class _Path:
    """Where a frame's pixels were in the frame before it.

    places    (H, W, 2) in pixels of that frame
    expected  (H, W) depth there, if nothing but the camera moved
    still     (H, W) in [0, 1]: how surely a pixel's thing stands still in the world
    seen      (H, W) bool: flow finds it there and back
    motion    of the camera, float32 on the frame's device
    """

    places: torch.Tensor
    expected: torch.Tensor
    still: torch.Tensor
    seen: torch.Tensor
    motion: Motion


def _camera_motion(
    view: SolverFrame, before: SolverFrame, found: Match, guess: Motion | None, device: torch.device
) -> Motion:
    """From a frame's camera to that of the frame before it, float32 on a device; at rest where too little is seen."""
    fit = fit_frame(view, [(before, found)], None if guess is None else [guess], with_scale=False)
    motion = Motion.none() if fit is None else fit.motions[0]
    return Motion(motion.rotation.float().to(device), motion.translation.float().to(device))


def _path_back(
    frame: Pointmap, log_depth: torch.Tensor, view: SolverFrame, before: SolverFrame, known: FrameStep | None
) -> _Path:
    """Where the pixels of a single frame were: by the camera's motion where that agrees with optical flow, else by flow."""
    size, device = frame.size, frame.device
    found, guess = (match(view, before), None) if known is None else (known.match, known.motion)
    motion = _camera_motion(view, before, found, guess, device)
    by_flow = pixel_positions(*size, device).add_(found.flow.to(device))
    by_camera, expected = seen_from_before(log_depth.exp(), frame.intrinsics[0], motion, before.intrinsics)
    # a share, not a choice: where the two part slowly, a switch would leave a crease in the surface
    apart = squared_length(by_camera - by_flow).sqrt_()
    still = (2 - apart.div_(STILL_PIXELS)).clamp_(0, 1).mul_(expected > 0)
    return _Path(
        places=torch.lerp(by_flow, by_camera, still[..., None]),
        expected=expected,
        still=still,
        seen=found.seen.to(device),
        motion=motion,
    )


def _along(direction: torch.Tensor, places: torch.Tensor, intrinsics: torch.Tensor) -> torch.Tensor:
    """The part along a direction (3,) of the points at depth 1 that are seen at places (H, W, 2) in pixels -> (H, W)."""
    size = (places.shape[0], places.shape[1])
    corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], device=places.device)
    origin, right, below = rays_through(corners, intrinsics, size) @ direction  # it changes evenly over the picture
    x, y = places.unbind(-1)
    return (x * (right - origin)).add_(y * (below - origin)).add_(origin)


def _carry(
    history: GeometryHistory,
    frame: Pointmap,
    log_depth: torch.Tensor,
    path: _Path,
    view: SolverFrame,
    before: SolverFrame,
) -> _Carried:
    """The history brought to a single frame of this log depth (H, W), along a path."""
    size, device, mask = frame.size, frame.device, frame.mask[0]
    depth, weight = _carried_depth(history, path.places, path.expected.clamp_min(1e-12).log())
    # what was seen there, from where the camera is now
    ahead = path.motion.rotation[:, 2]
    now = depth * _along(ahead, path.places, before.intrinsics.to(device)) - path.motion.translation @ ahead
    seen = path.seen & inside(path.places, size)
    there = seen & (depth > 0) & (now > 0)
    known = there & mask
    carried = now.clamp_min(1e-12).log()
    moving = known * (1 - path.still)
    if bool(moving.any()):
        # a thing that comes closer takes its history with it: its mean change of depth is not noise
        change = windowed_mean((log_depth - carried).clamp(-MOST_APPROACH, MOST_APPROACH), moving)
        carried = carried + (1 - path.still) * change
        weight = torch.minimum(weight, MOVING_MEMORY - 1 + path.still * LONGEST_MEMORY)
    normals = None
    if history.normals is not None:
        normals = sample_at(history.normals, path.places) @ path.motion.rotation
    # beside what was not seen before, history fades in: an edge of it would be a crease of the surface, frame after frame
    nearby = windowed_mean(known.to(weight), mask)
    weight = known * weight * (2 * nearby - 1).clamp(0, 1)
    if history.validity.is_everywhere and bool(mask.all()):
        validity = Validity(history.validity.share, history.validity.frames * seen)
    else:
        validity = _carried_validity(history.validity, path, view, before, seen)
    return _Carried(log_depth=carried, there=there, weight=weight, moving=moving, normals=normals, validity=validity)


def _carried_validity(
    validity: Validity, path: _Path, view: SolverFrame, before: SolverFrame, seen: torch.Tensor
) -> Validity:
    """The history's validity brought to a frame, where `seen` (H, W), as surely as things stand still and look as they did before."""
    now, then = (torch.from_numpy(frame.grey).to(path.places) for frame in (view, before))
    share, frames, grey = sample_at(torch.stack([validity.share, validity.frames, then], -1), path.places).unbind(-1)
    off = grey - now
    noise = spread(off[seen], LEAST_GREY_NOISE) if bool(seen.any()) else LEAST_GREY_NOISE
    return Validity(share, frames * seen * path.still * agreement(off, noise))


def _averaged_depth(frame: Pointmap, carried: _Carried, log_depth: torch.Tensor, memory: float) -> GeometryHistory:
    """A single frame of this log depth (H, W) averaged with its history, over at most `memory` frames.

    The weight of a pixel of the history falls to 0 where it is off by more than noise is (Tukey's biweight). Where most frames
    have geometry and this one does not, it is the history's.
    """
    mask = frame.mask[0]
    validity = carried.validity.with_frame(mask, memory)
    steady = decided(validity.share, mask) & (mask | carried.there)
    filled = steady & ~mask
    off = carried.log_depth - log_depth
    counted = (carried.weight > 0) & (carried.moving < 0.5)
    noise = LEAST_LOG_NOISE
    if bool(counted.any()):
        noise = spread(off[counted], LEAST_LOG_NOISE)
    weight = (carried.weight * agreement(off, noise)).clamp_max(memory - 1)
    share = weight / (weight + 1)
    blended = torch.where(weight > 0, torch.lerp(log_depth, carried.log_depth, share), log_depth)
    blended = torch.where(filled, carried.log_depth, blended)
    normals = None if frame.normals is None else frame.normals[0]
    if normals is not None and carried.normals is not None:
        mixed = F.normalize(torch.lerp(normals, carried.normals, share[..., None]), dim=-1)
        normals = torch.where(((weight > 0) & mask)[..., None], mixed, normals)
        normals = torch.where(filled[..., None], F.normalize(carried.normals, dim=-1), normals)
    return GeometryHistory(blended, steady, weight + 1, normals, validity)


def _both_ways(forward: GeometryHistory, backward: GeometryHistory, frame: Pointmap) -> GeometryHistory:
    """Two averages that end at the same frame, as one that counts it once."""
    own = frame.mask[0]
    # a side that only filled a hole has nothing of the frame's own in it
    ahead, back = (torch.where(own | side.mask, side.weight, 0) for side in (forward, backward))
    weight = ahead + back - own.float()
    summed = forward.log_depth * ahead + backward.log_depth * back - own * _logarithm(frame.depth[0])
    validity = forward.validity.joined(backward.validity, own)
    mask = decided(validity.share, own) & (weight > 0)
    normals, later, single = forward.normals, backward.normals, frame.normals
    if normals is not None and later is not None and single is not None:
        mixed = normals * ahead[..., None] + later * back[..., None] - single[0] * own[..., None]
        normals = F.normalize(mixed, dim=-1)
    return GeometryHistory(summed / weight.clamp_min(1e-6), mask, weight, normals, validity)


class _GeometryAverage(TimeAverage[SolverFrame, GeometryHistory]):
    """The frames of a pointmap, averaged along the camera's motion and, where things move by themselves, along flow."""

    def __init__(self, pointmap: Pointmap, memory: float, direction: str, steps: Steps | None):
        self._steps = steps
        self._frames = [pointmap[i] for i in range(len(pointmap))]
        super().__init__([SolverFrame.of(frame) for frame in self._frames])
        self._memory, self._joins = memory, direction == ZERO_LAG
        self.results: list[GeometryHistory] = []

    def step(self, index: int, before: SolverFrame | None, history: GeometryHistory | None) -> GeometryHistory:
        frame = self._frames[index]
        log_depth = _logarithm(frame.depth[0])
        if history is None or before is None:
            normals = None if frame.normals is None else frame.normals[0]
            mask = frame.mask[0]
            return GeometryHistory(log_depth, mask, torch.ones_like(log_depth), normals, Validity.of(mask))
        view, known = self.seen[index], step_from(self._steps, index, before.grey)
        path = _path_back(frame, _everywhere(log_depth, frame.mask[0]), view, before, known)
        carried = _carry(history, frame, log_depth, path, view, before)
        return _averaged_depth(frame, carried, log_depth, self._memory)

    def keep(self, index: int, forward: GeometryHistory) -> None:
        # looking back only, nothing but the result is needed of all frames but the last one
        self.results.append(forward if self._joins else replace(forward, weight=None, validity=None))

    def join(self, index: int, backward: GeometryHistory) -> None:
        self.results[index] = _both_ways(self.results[index], backward, self._frames[index])


def _motion_state_for(state: MotionState | None, pointmap: Pointmap) -> MotionState | None:
    """The state, or None where its frame is not like the new ones."""
    if state is None or state.size != pointmap.source_size:
        return None
    if tuple(state.history.log_depth.shape) != pointmap.size:
        return None
    return state if (state.history.normals is None) == (pointmap.normals is None) else None


def smooth_along_motion(
    pointmap: Pointmap,
    strength: float = 0.8,
    state: MotionState | None = None,
    *,
    direction: str = CAUSAL,
    cut_threshold: float = CUT_THRESHOLD,
    steps: Steps | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Pointmap, MotionState]:
    """Pointmap -> the same with depth and normals averaged along motion, and the state to go on from.

    `strength` in [0, 0.95]: averages reach over 1 / (1 - strength) frames. "causal" looks at earlier frames only, as a live
    stream must; "zero lag" looks both ways over the batch, and is twice as steady. Scale must not jump from frame to frame:
    align the sequence first. The mask is steadied too: it is what most of the frames say that a pixel is seen in. `steps`
    are what is known of the frames' already, such as `Alignment.steps`. `on_progress(done, total)` may raise to stop.
    """
    memory = memory_of(strength)
    check_direction(direction)
    looks = thumbnails(pointmap.image).cpu()
    state = _motion_state_for(state, pointmap)
    found = find_cuts(looks, None if state is None else state.look, cut_threshold)
    average = _GeometryAverage(pointmap, memory, direction, steps)
    start = (None, None) if state is None else (state.view, state.history.to(pointmap.device))
    last = run_average(average, found.cuts.tolist(), direction, start, on_progress)
    mask = torch.stack([r.mask for r in average.results])
    depth = torch.stack([r.log_depth for r in average.results]).exp_().mul_(mask)
    averaged = [r.normals for r in average.results if r.normals is not None]
    normals = None if pointmap.normals is None else torch.stack(averaged) * mask[..., None]
    smoothed = replace(pointmap, points=unproject(depth, pointmap.intrinsics), mask=mask, normals=normals)
    return smoothed, MotionState(last, average.seen[-1], found.look, pointmap.source_size)
