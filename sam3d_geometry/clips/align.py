"""One scale, shift and field of view for a sequence: each frame's depth is fitted to those around it.

Every estimator that sees one image at a time gives each frame a scale of its own. A frame is fitted to the one before it
and to the keyframe that looks most like it, together with the camera's motion (`ego_motion`), so that a step forward is not
mistaken for a change of scale. Keyframes bind a long take to its beginning, and to it again when the camera comes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from ..geometry.camera import unproject
from ..geometry.pointmap import Pointmap
from .cuts import CUT_THRESHOLD, frame_changes, shots_between, thumbnails
from .ego_motion import MINIMUM_SAMPLES, Fit, Match, Motion, View, fit_frame, match
from .flicker import frame_flicker

MAX_KEYFRAMES = 8
KEYFRAME_EVERY = 3  # frames: how often the keyframe is asked, which costs as much as the frame before
KEYFRAME_OVERLAP = 0.6  # share of a frame that its keyframe must see
MAX_CHANGE = 4.0  # a scale beyond this, or its inverse, is a fit that failed
GAUGE_STEP = 5e-4  # how fast a stream's scale may follow the mean of what the estimator says, per frame
LEAST_DEPTH = 0.1  # of the scaled depth: a shift never takes a point closer to the camera


@dataclass(frozen=True)
class Keyframe:
    """An aligned frame that later ones are fitted to, its thumbnail (1, 48, 48, 3) and its place in the shot's world."""

    view: View
    look: torch.Tensor
    world_from_camera: Motion


@dataclass(frozen=True)
class AlignState:
    """What a stream carries from one run to the next: the last frame, the keyframes, and means over the frames seen.

    last        the last frame as a keyframe, aligned
    scale, shift  what its depth was fitted with
    depth       (H, W) its depth before the fit
    log_focal   (2,) mean over the shot so far
    log_scale, mean_shift  means over the shot so far; `gauge` and `gauge_shift` are the factor's logarithm and the shift that
                bring results back to them
    """

    last: Keyframe
    keyframes: tuple[Keyframe, ...]
    scale: float
    shift: float
    depth: torch.Tensor
    log_focal: torch.Tensor
    frames: int
    log_scale: float
    mean_shift: float
    shot_frames: int
    gauge: float
    gauge_shift: float
    size: tuple[int, int]


@dataclass(frozen=True)
class Alignment:
    """What was done to each frame, (B,) each; nan where there is no frame before to compare with.

    scale, shift       aligned depth = scale * depth + shift
    residual           median relative depth left over between a frame and its references
    flicker_before, flicker_after  see `flicker.frame_flicker`
    cut                bool, where a new shot starts
    world_from_camera  (B, 4, 4) camera poses within each shot, its first camera being the origin, in the aligned unit
    """

    scale: torch.Tensor
    shift: torch.Tensor
    residual: torch.Tensor
    flicker_before: torch.Tensor
    flicker_after: torch.Tensor
    cut: torch.Tensor
    world_from_camera: torch.Tensor

    @property
    def flicker(self) -> tuple[float, float]:
        """Mean flicker over all frames before and after; 0 where no two frames could be compared."""
        return tuple(torch.nan_to_num(f.nanmean()).item() for f in (self.flicker_before, self.flicker_after))

    def report(self) -> str:
        """One line a frame, and the mean flicker in the first; "-" where there was nothing to compare."""
        before, after = (_percent(f.nanmean()) for f in (self.flicker_before, self.flicker_after))
        lines = [f"flicker {before} before, {after} after", "frame   scale   shift  left over  flicker"]
        for i in range(len(self.scale)):
            start = f"{i:5d}  {self.scale[i]:6.4f}  {self.shift[i]:6.3f}  "
            flicker = f"{_percent(self.flicker_before[i])} -> {_percent(self.flicker_after[i])}"
            compared = f"{_percent(self.residual[i]):>8}   {flicker}"
            lines.append(start + ("new shot" if self.cut[i] else compared))
        return "\n".join(lines)


def _percent(share: torch.Tensor) -> str:
    return "-" if share.isnan() else f"{share:.2%}"


def _applied(
    depth: torch.Tensor, mask: torch.Tensor, scale: float | torch.Tensor, shift: float | torch.Tensor
) -> torch.Tensor:
    return torch.where(mask, torch.maximum(scale * depth + shift, LEAST_DEPTH * scale * depth), 0)


def _pose(motion: Motion, unit: float) -> torch.Tensor:
    pose = torch.eye(4, dtype=torch.float64)
    pose[:3, :3], pose[:3, 3] = motion.rotation, motion.translation * unit
    return pose


def _towards(value: float, target: float, reach: float) -> float:
    return value + max(-reach, min(reach, target - value))


class _Aligner:
    """Fits the frames of a clip one after the other."""

    def __init__(self, state: AlignState | None, one_focal: bool, measure: bool):
        self.state = state
        self.one_focal = one_focal
        self.measure = measure

    def start(self, frame: Pointmap, look: torch.Tensor, view: View, log_focal: torch.Tensor, frames: int) -> None:
        """A new shot: its first frame is taken as it is."""
        first = Keyframe(view, look, Motion.none())
        self.state = AlignState(
            first, (first,), 1.0, 0.0, frame.depth[0].cpu(), log_focal, frames, 0.0, 0.0, 1, 0.0, 0.0, frame.source_size
        )

    def step(self, frame: Pointmap, look: torch.Tensor, cut: bool) -> tuple[float, float, float, float, float]:
        """Takes in one frame; scale, shift, residual and flicker before and after."""
        own_focal = frame.intrinsics[0, (0, 1), (0, 1)].cpu().double().log()
        state, nan = self.state, float("nan")
        frames = 1 if state is None or cut else state.frames + 1
        log_focal = own_focal if frames == 1 else state.log_focal + (own_focal - state.log_focal) / frames
        view = View.of(with_focal(frame, log_focal[None]) if self.one_focal else frame)
        if state is None or cut or state.depth.shape != frame.size or state.size != frame.source_size:
            self.start(frame, look, view, log_focal, frames)
            return 1.0, 0.0, nan, nan, nan
        fit, world, is_new, to_last = self._fit(view, look)
        if fit is None or not 1 / MAX_CHANGE < fit.scale / state.scale < MAX_CHANGE:
            # too little in common: the last fit is the best guess, and what follows is bound to this frame
            fit = Fit(state.scale, state.shift, (Motion.none(),), nan, 0.0)
        depth = frame.depth[0].cpu()
        world = world or fit.motions[0].then(state.last.world_from_camera)
        now = Keyframe(view.fitted(fit.scale, fit.shift), look, world)
        keyframes = state.keyframes
        if is_new:
            keyframes = (*keyframes, now)
            if len(keyframes) > MAX_KEYFRAMES:  # the first stays: it holds the shot's scale
                keyframes = (keyframes[0], *keyframes[2:])
        shot_frames = state.shot_frames + 1
        log_scale = torch.tensor(fit.scale).log().item()
        log_scale = state.log_scale + (log_scale - state.log_scale) / shot_frames
        before, after = nan, nan
        if self.measure:
            before, after = self._flicker(depth, view.intrinsics, to_last, fit)
        mean_shift = state.mean_shift + (fit.shift - state.mean_shift) / shot_frames
        gauge = _towards(state.gauge, -log_scale, GAUGE_STEP)
        reach = GAUGE_STEP * float(now.view.depth[now.view.usable].median()) if bool(now.view.usable.any()) else 0.0
        gauge_shift = _towards(state.gauge_shift, -mean_shift, reach)
        self.state = AlignState(
            now,
            keyframes,
            fit.scale,
            fit.shift,
            depth,
            log_focal,
            frames,
            log_scale,
            mean_shift,
            shot_frames,
            gauge,
            gauge_shift,
            frame.source_size,
        )
        return fit.scale, fit.shift, fit.residual, before, after

    def _fit(self, view: View, look: torch.Tensor) -> tuple[Fit | None, Motion | None, bool, Match]:
        """The fit to the last frame and, every few frames, to a keyframe; the place in the world that the keyframe gives,
        whether the frame should be a keyframe, and the match with the last frame."""
        state, last = self.state, self.state.last
        to_last = match(view, last.view)
        fit = fit_frame(view, [(last.view, to_last)])
        if fit is not None and state.shot_frames % KEYFRAME_EVERY:
            return fit, None, False, to_last
        keyframe = min(state.keyframes, key=lambda k: (k.look - look).abs().mean().item())
        to_key = match(view, keyframe.view)
        guess = Motion.none() if fit is None else fit.motions[0]
        to_keyframe = guess.then(last.world_from_camera).then(keyframe.world_from_camera.inverse())
        both = fit_frame(view, [(last.view, to_last), (keyframe.view, to_key)], [guess, to_keyframe])
        overlap = to_key.seen.float().mean()
        is_new = bool(overlap < KEYFRAME_OVERLAP) and int(view.usable.sum()) >= MINIMUM_SAMPLES
        if both is None or overlap < KEYFRAME_OVERLAP:
            return both or fit, None, is_new, to_last
        return both, both.motions[1].then(keyframe.world_from_camera), is_new, to_last

    def _flicker(self, depth: torch.Tensor, intrinsics: torch.Tensor, to_last: Match, fit: Fit) -> tuple[float, float]:
        state, motion = self.state, fit.motions[0]
        before = state.last.view.intrinsics
        aligned = _applied(depth, depth > 0, fit.scale, fit.shift)
        aligned_before = _applied(state.depth, state.depth > 0, state.scale, state.shift)
        # the motion is in the aligned unit
        unaligned = Motion(motion.rotation, motion.translation / fit.scale)
        return (
            frame_flicker(depth, state.depth, intrinsics, to_last, unaligned, before),
            frame_flicker(aligned, aligned_before, intrinsics, to_last, motion, before),
        )


def with_focal(pointmap: Pointmap, log_focal: torch.Tensor) -> Pointmap:
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
    on_progress=None,
) -> tuple[Pointmap, AlignState, Alignment]:
    """The frames of a clip with one scale, shift and field of view from cut to cut, and the state to go on from.

    Depth becomes scale * depth + shift, in the unit that the estimator gives on average over a shot, or, when `streaming`,
    in one that follows that average slowly, since what comes later is not known. `one_focal` False keeps each frame's
    field of view, for clips that zoom. `measure` False leaves the flicker figures out. `on_progress(done, total)` is called
    after each frame and may raise to stop.
    """
    looks = thumbnails(pointmap.image).cpu()
    cuts = frame_changes(looks, None if state is None else state.last.look) > cut_threshold
    cuts[0] |= state is None
    focal = pointmap.intrinsics[:, (0, 1), (0, 1)].log()
    if one_focal and not streaming and state is None:
        for shot in shots_between(cuts):
            focal[shot] = focal[shot].median(0).values
        pointmap = with_focal(pointmap, focal)
    aligner = _Aligner(state, one_focal, measure)
    rows, gauges, poses = [], [], []
    for i in range(len(pointmap)):
        rows.append(aligner.step(pointmap[i], looks[i : i + 1], bool(cuts[i])))
        gauges.append((aligner.state.gauge, aligner.state.gauge_shift))
        poses.append(aligner.state.last.world_from_camera)
        if one_focal and streaming:
            focal[i] = aligner.state.log_focal.to(focal)
        if on_progress is not None:
            on_progress(i + 1, len(pointmap))
    scale, shift, residual, before, after = torch.tensor(rows, dtype=torch.float64).unbind(-1)
    log_gauge, gauge_shift = torch.tensor(gauges, dtype=torch.float64).unbind(-1)
    gauge = log_gauge.exp()
    if not streaming:
        gauge, gauge_shift = _gauge_of_shots(scale, shift, cuts)
    scale, shift = scale * gauge, (shift + gauge_shift) * gauge
    if one_focal and streaming:
        pointmap = with_focal(pointmap, focal)
    depth = pointmap.depth
    s, b = (v.to(device=depth.device, dtype=depth.dtype)[:, None, None] for v in (scale, shift))
    result = replace(pointmap, points=unproject(_applied(depth, pointmap.mask, s, b), pointmap.intrinsics))
    world = torch.stack([_pose(p, g) for p, g in zip(poses, gauge.tolist())])
    return result, aligner.state, Alignment(scale, shift, residual, before, after, cuts, world)


def _gauge_of_shots(scale: torch.Tensor, shift: torch.Tensor, cuts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(B,) each: the factor and the shift before it, for each shot, that make the medians of its scales 1 and shifts 0."""
    gauge, gauge_shift = torch.ones_like(scale), torch.zeros_like(shift)
    for shot in shots_between(cuts):
        gauge[shot] = 1 / scale[shot].median()
        gauge_shift[shot] = -shift[shot].median()
    return gauge, gauge_shift
