"""One scale, shift and field of view for a sequence: each frame's depth is fitted to those around it.

Every estimator that sees one image at a time gives each frame a scale of its own. A frame is fitted to the one before it
and to the keyframe that looks most like it, together with the camera's motion (`ego_motion`), so that a step forward is not
mistaken for a change of scale. Keyframes bind a long take to its beginning, and to it again when the camera comes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from ..geometry.camera import unproject
from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from .alignment import Alignment
from .cuts import CUT_THRESHOLD, find_cuts, shots_between, thumbnails
from .ego_motion import MINIMUM_SAMPLES, Match, Motion, MotionFit, SolverFrame, fit_frame, match
from .flicker import frame_flicker
from .frame_step import FrameStep, Steps, if_from

MAX_KEYFRAMES = 8  # places that a shot remembers: each is looked at for every frame, and saved with a stream's state
KEYFRAME_EVERY = 3  # frames: how often the keyframe is asked, which costs as much as the frame before
KEYFRAME_OVERLAP = 0.6  # share of a frame that its keyframe must see
MAX_CHANGE = 4.0  # a scale beyond this, or its inverse, is a fit that failed
GAUGE_STEP = 5e-4  # how fast a stream's scale may follow the mean of what the estimator says, per frame: unseen
LEAST_DEPTH = 0.1  # of the scaled depth: a shift never takes a point closer to the camera
NAN = float("nan")


@dataclass(frozen=True)
class Keyframe:
    """An aligned frame that later ones are fitted to, its thumbnail (1, 48, 48, 3) and its place in the shot's world."""

    view: SolverFrame
    look: torch.Tensor
    world_from_camera: Motion


@dataclass(frozen=True)
class Placed:
    """The frames that a stream took in last, in the aligner's own unit, that of each shot's first frame.

    world_from_camera  (B, 4, 4) float64 poses, each shot's first being the origin
    scale              (B,) what their depth was fitted with
    start              (B,) bool, where a shot starts
    """

    world_from_camera: torch.Tensor
    scale: torch.Tensor
    start: torch.Tensor


@dataclass(frozen=True, kw_only=True)
class AlignState:
    """What a stream carries from one run to the next: the last frame, the keyframes, and means over the frames seen.

    last        the last frame as a keyframe, aligned
    scale, shift  what its depth was fitted with
    depth       (H, W) its depth before the fit
    log_focal   (2,) mean over the shot so far, of `frames` frames
    log_scale, mean_shift  means over the shot so far, of `shot_frames` frames; `gauge` and `gauge_shift` are the factor's
                logarithm and the shift that bring results back to them
    size        (height, width) of the frame's photo
    looks       (N, 48, 48, 3) thumbnails of the shot's last frames, in which cuts and dissolves are found
    placed      the frames taken in last
    """

    last: Keyframe
    keyframes: tuple[Keyframe, ...]
    depth: torch.Tensor
    log_focal: torch.Tensor
    frames: int
    size: tuple[int, int]
    scale: float = 1.0
    shift: float = 0.0
    log_scale: float = 0.0
    mean_shift: float = 0.0
    shot_frames: int = 1
    gauge: float = 0.0
    gauge_shift: float = 0.0
    looks: torch.Tensor | None = None
    placed: Placed | None = None


class FrameFit(NamedTuple):
    """What was done to one frame, as `Alignment` has it for all of them; in a new shot, nothing."""

    scale: float = 1.0
    shift: float = 0.0
    residual: float = NAN
    flicker_before: float = NAN
    flicker_after: float = NAN


class _Placed(NamedTuple):
    """A frame fitted to the frames before it.

    fit         None where too little of them is seen
    world_from_camera  the place that a keyframe gives, None where none was asked or saw enough
    is_new      whether no keyframe sees enough of the frame, so that it should be one
    """

    fit: MotionFit | None
    world_from_camera: Motion | None
    is_new: bool


def _scaled_and_shifted(
    depth: torch.Tensor, mask: torch.Tensor, scale: float | torch.Tensor, shift: float | torch.Tensor
) -> torch.Tensor:
    """Depth with a scale and a shift, 0 where the mask is off; shapes that broadcast."""
    return torch.where(mask, torch.maximum(scale * depth + shift, LEAST_DEPTH * scale * depth), 0)


def _pose(motion: Motion, unit: float) -> torch.Tensor:
    """A motion in an aligner's unit -> the pose (4, 4) in one that is `unit` times as small."""
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3], pose[:3, 3] = motion.rotation, motion.translation * unit
    return pose


def _towards(value: float, target: float, reach: float) -> float:
    """The value moved to the target, by `reach` at most."""
    return value + max(-reach, min(reach, target - value))


class _Aligner:
    """Fits the frames of a clip one after the other."""

    def __init__(self, state: AlignState | None, one_focal: bool, measure: bool):
        self.state = state
        self.one_focal = one_focal
        self.measure = measure
        self.taken: FrameStep | None = None  # of the last frame that was taken in, in the unit of the shot's first

    @property
    def reached(self) -> AlignState:
        """The state after the last frame that was taken in."""
        if self.state is None:
            raise ValueError("No frame was taken in yet; step comes before what is asked of its state.")
        return self.state

    def step(self, frame: Pointmap, look: torch.Tensor, cut: bool, known: FrameStep | None = None) -> FrameFit:
        """Takes in one frame with its thumbnail (1, 48, 48, 3); `cut` says that a shot starts with it.

        `known` is what is known of its step from the frame before it.
        """
        self.taken = None
        own_focal = frame.intrinsics[0, (0, 1), (0, 1)].cpu().double().log()
        state = self.state
        if state is None or cut:
            frames, log_focal = 1, own_focal
        else:
            frames = state.frames + 1
            log_focal = state.log_focal + (own_focal - state.log_focal) / frames
        view = SolverFrame.of(seen_through(frame, log_focal[None]) if self.one_focal else frame)
        seen = {"depth": frame.depth[0].cpu(), "log_focal": log_focal, "frames": frames, "size": frame.source_size}
        if state is None or cut or state.depth.shape != frame.size or state.size != frame.source_size:
            first = Keyframe(view, look, Motion.none())
            self.state = AlignState(last=first, keyframes=(first,), **seen)
            return FrameFit()
        before = state.last.view
        known = if_from(known, before.grey)
        to_last = match(view, before) if known is None else known.match
        placed = self._placed(view, look, to_last)
        fit, world = placed.fit, placed.world_from_camera
        if fit is None or not 1 / MAX_CHANGE < fit.scale / state.scale < MAX_CHANGE:
            # too little in common: the last fit is the best guess, and what follows is bound to this frame
            fit = MotionFit(state.scale, state.shift, (Motion.none(),), NAN, 0.0)
        now = Keyframe(
            view.fitted(fit.scale, fit.shift), look, world or fit.motions[0].then(state.last.world_from_camera)
        )
        self.taken = FrameStep(before.grey, to_last, None if fit.still == 0 else fit.motions[0])
        flicker = (NAN, NAN)
        if self.measure:
            flicker = self._flicker(seen["depth"], view.intrinsics, to_last, fit)
        keyframes = _with_keyframe(state.keyframes, now) if placed.is_new else state.keyframes
        self.state = replace(_with_fit(state, fit, now.view), last=now, keyframes=keyframes, **seen)
        return FrameFit(fit.scale, fit.shift, fit.residual, *flicker)

    def passed_over(self) -> FrameFit:
        """The fit of a black or white frame, whose geometry says nothing: the last one, which the next frame is fitted to."""
        self.taken = None
        return FrameFit(self.reached.scale, self.reached.shift)

    def _placed(self, view: SolverFrame, look: torch.Tensor, to_last: Match) -> _Placed:
        """The fit to the last frame and, every few frames, to the keyframe that looks most like the frame."""
        state, last = self.reached, self.reached.last
        fit = fit_frame(view, [(last.view, to_last)])
        if fit is not None and state.shot_frames % KEYFRAME_EVERY:
            return _Placed(fit, None, False)
        keyframe = min(state.keyframes, key=lambda k: (k.look - look).abs().mean().item())
        to_key = match(view, keyframe.view)
        guess = Motion.none() if fit is None else fit.motions[0]
        to_keyframe = guess.then(last.world_from_camera).then(keyframe.world_from_camera.inverse())
        both = fit_frame(view, [(last.view, to_last), (keyframe.view, to_key)], [guess, to_keyframe])
        overlap = to_key.seen.float().mean()
        is_new = bool(overlap < KEYFRAME_OVERLAP) and int(view.usable.sum()) >= MINIMUM_SAMPLES
        if both is None or overlap < KEYFRAME_OVERLAP:
            return _Placed(both or fit, None, is_new)
        return _Placed(both, both.motions[1].then(keyframe.world_from_camera), is_new)

    def _flicker(
        self, depth: torch.Tensor, intrinsics: torch.Tensor, to_last: Match, fit: MotionFit
    ) -> tuple[float, float]:
        """Flicker of a frame's depth (H, W) against the last frame, before and after the fit."""
        state, motion = self.reached, fit.motions[0]
        before = state.last.view.intrinsics
        aligned = _scaled_and_shifted(depth, depth > 0, fit.scale, fit.shift)
        aligned_before = _scaled_and_shifted(state.depth, state.depth > 0, state.scale, state.shift)
        # the motion is in the aligned unit
        unaligned = Motion(motion.rotation, motion.translation / fit.scale)
        return (
            frame_flicker(depth, state.depth, intrinsics, to_last, unaligned, before),
            frame_flicker(aligned, aligned_before, intrinsics, to_last, motion, before),
        )


def _with_keyframe(keyframes: tuple[Keyframe, ...], new: Keyframe) -> tuple[Keyframe, ...]:
    """The keyframes and a new one; of too many the second goes, since the first holds the shot's scale."""
    keyframes = (*keyframes, new)
    return keyframes if len(keyframes) <= MAX_KEYFRAMES else (keyframes[0], *keyframes[2:])


def _with_fit(state: AlignState, fit: MotionFit, aligned: SolverFrame) -> AlignState:
    """The state with a frame's fit taken into its means, from which the gauge brings results back a step at a time."""
    shot_frames = state.shot_frames + 1
    log_scale = torch.tensor(fit.scale).log().item()
    log_scale = state.log_scale + (log_scale - state.log_scale) / shot_frames
    mean_shift = state.mean_shift + (fit.shift - state.mean_shift) / shot_frames
    usable = aligned.depth[aligned.usable]
    reach = GAUGE_STEP * float(usable.median()) if len(usable) else 0.0
    return replace(
        state,
        scale=fit.scale,
        shift=fit.shift,
        log_scale=log_scale,
        mean_shift=mean_shift,
        shot_frames=shot_frames,
        gauge=_towards(state.gauge, -log_scale, GAUGE_STEP),
        gauge_shift=_towards(state.gauge_shift, -mean_shift, reach),
    )


def seen_through(pointmap: Pointmap, log_focal: torch.Tensor) -> Pointmap:
    """The pointmap seen through a lens of log focal lengths (1 or B, 2), its depth as it was."""
    intrinsics = pointmap.intrinsics.clone()
    intrinsics[:, (0, 1), (0, 1)] = log_focal.exp().to(intrinsics).expand(len(pointmap), 2)
    return replace(pointmap, points=unproject(pointmap.depth, intrinsics), intrinsics=intrinsics)


def align_sequence(
    pointmap: Pointmap,
    state: AlignState | None = None,
    *,
    one_focal: bool = True,
    cut_threshold: float = CUT_THRESHOLD,
    streaming: bool = False,
    measure: bool = True,
    steps: Steps | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Pointmap, AlignState, Alignment]:
    """The frames of a clip with one scale, shift and field of view from cut to cut, and the state to go on from.

    Depth becomes scale * depth + shift, in the unit that the estimator gives on average over a shot, or, when `streaming`,
    in one that follows that average slowly, since what comes later is not known. `one_focal` False keeps each frame's
    field of view, for clips that zoom. `measure` False leaves the flicker figures out. `steps` are what is known of the frames' already.
    `on_progress(done, total)` is called after each frame and may raise to stop.
    """
    looks = thumbnails(pointmap.image).cpu()
    found = find_cuts(looks, None if state is None else state.looks, cut_threshold)
    cuts, passed = found.cuts, found.passed.tolist()
    cuts[0] |= state is None
    focal = pointmap.intrinsics[:, (0, 1), (0, 1)].log()
    if one_focal and not streaming and state is None:
        for shot in shots_between(cuts):
            focal[shot] = focal[shot].median(0).values
        pointmap = seen_through(pointmap, focal)
    aligner = _Aligner(state, one_focal, measure)
    fits, gauges, poses, taken = [], [], [], []
    for i in range(len(pointmap)):
        known = None if steps is None else steps[i]
        look = looks[i : i + 1]
        fits.append(aligner.passed_over() if passed[i] else aligner.step(pointmap[i], look, bool(cuts[i]), known))
        taken.append(aligner.taken)
        gauges.append((aligner.reached.gauge, aligner.reached.gauge_shift))
        poses.append(aligner.reached.last.world_from_camera)
        if one_focal and streaming:
            focal[i] = aligner.reached.log_focal.to(focal)
        if on_progress is not None:
            on_progress(i + 1, len(pointmap))
    scale, shift, residual, before, after = torch.tensor(fits, dtype=torch.float64).unbind(-1)
    log_gauge, gauge_shift = torch.tensor(gauges, dtype=torch.float64).unbind(-1)
    placed = Placed(torch.stack([_pose(p, 1.0) for p in poses]), scale, cuts)
    gauge = log_gauge.exp()
    if not streaming:
        gauge, gauge_shift = units_of_shots(scale, cuts), _shifts_of_shots(shift, cuts)
    scale, shift = scale * gauge, (shift + gauge_shift) * gauge
    if one_focal and streaming:
        pointmap = seen_through(pointmap, focal)
    depth = pointmap.depth
    s, b = (v.to(device=depth.device, dtype=depth.dtype)[:, None, None] for v in (scale, shift))
    result = replace(pointmap, points=unproject(_scaled_and_shifted(depth, pointmap.mask, s, b), pointmap.intrinsics))
    world = torch.stack([_pose(p, g) for p, g in zip(poses, gauge.tolist())])
    done = Alignment(
        scale=scale,
        shift=shift,
        residual=residual,
        flicker_before=before,
        flicker_after=after,
        cut=cuts,
        gradual=found.gradual,
        world_from_camera=world,
        steps=tuple(step and step.scaled(g) for step, g in zip(taken, gauge.tolist())),
    )
    return result, replace(aligner.reached, looks=found.look, placed=placed), done


def units_of_shots(scale: torch.Tensor, cuts: torch.Tensor) -> torch.Tensor:
    """(B,) the factor for each shot that makes the median of its scales 1: its unit is what the estimator mostly gives."""
    factor = torch.ones_like(scale)
    for shot in shots_between(cuts):
        factor[shot] = 1 / scale[shot].median()
    return factor


def _shifts_of_shots(shift: torch.Tensor, cuts: torch.Tensor) -> torch.Tensor:
    """(B,) what for each shot, added before its factor, makes the median of its shifts 0."""
    added = torch.zeros_like(shift)
    for shot in shots_between(cuts):
        added[shot] = -shift[shot].median()
    return added
