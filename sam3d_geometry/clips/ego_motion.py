"""How the camera moved between frames, and how the depth of one must be scaled and shifted to fit the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy
import torch

from ..geometry.pointmap import Pointmap
from ..geometry.surfaces import depth_edges
from ..geometry.turns import rotation_of
from ..geometry.windows import window_any, window_mean
from .flow import followed, grey_frames, pixel_positions, refined, sample_at
from .noise import spread

MAX_MATCHES = 2000  # pixels that a fit takes from a frame: more of them hardly change it, and cost as much more
ENOUGH_EXACT = 200  # matches found exactly, from which on the others are left out
MINIMUM_SAMPLES = 40  # five for each of the 8 unknowns
ITERATIONS = 12  # Gauss-Newton has settled by then, or never will
SETTLED_MOTION = 1e-6  # radians, shares and units of depth: below what flow and depth can tell
MOST_RESCALED = 0.5  # logarithm of the scale in one step, so that a bad start does not throw it away
LEAST_PIXEL_NOISE = 0.1  # pixels: optical flow is not more exact, even on clean pictures
LEAST_DEPTH_NOISE = 0.002  # of log depth: interpolation between pixels is not more exact
REWEIGHTING = 3.0  # standard deviations at which a sample counts a quarter (Geman-McClure)
STILL_PIXELS = 1.0  # how far the camera's motion may put a still point from where flow finds it
STILL_DEPTH = 0.3  # difference of log depth beyond which a point is another surface, whatever its place
EDGE_LEFT_OUT = 0.2  # relative jump of depth whose both sides are left out: pixels there mix two surfaces
SMOOTHED_PIXELS = 5  # over which inverse depth is averaged: noise would pull the scale towards a flat scene
SHIFT_PRIOR = 0.3  # standard deviation of the shift, relative to the median depth
# places of the unknowns: a turn and a move for each reference, and last, for all of them, a log scale and a shift
RIGID = 6
TURN_PART, MOVE_PART = slice(0, 3), slice(3, RIGID)
LOG_SCALE, SHIFT = -2, -1
Part = int | numpy.ndarray  # of a way along one axis: of all points alike, or (N,)


@dataclass(frozen=True)
class SolverFrame:
    """A frame as the solver sees it, on the CPU.

    grey        (H, W) uint8 luminance
    depth       (H, W) float32 along z, 0 where not usable; noise is averaged out over a few pixels
    usable      (H, W) bool: valid and not beside a depth edge
    intrinsics  (3, 3) normalised
    """

    grey: numpy.ndarray
    depth: torch.Tensor
    usable: torch.Tensor
    intrinsics: torch.Tensor

    @staticmethod
    def of(pointmap: Pointmap) -> SolverFrame:
        """The view of a single frame."""
        depth, mask = pointmap.depth.cpu(), pointmap.mask.cpu()
        near_edge = window_any(depth_edges(depth, mask, EDGE_LEFT_OUT) | ~mask, SMOOTHED_PIXELS)
        smooth = window_mean(torch.where(mask, 1 / depth.clamp_min(1e-12), 0), SMOOTHED_PIXELS)
        usable = mask & ~near_edge
        # windows that reach over the border say nothing of their middle
        border = SMOOTHED_PIXELS // 2
        whole = torch.zeros_like(usable)
        whole[:, border:-border, border:-border] = True
        usable &= whole
        depth = torch.where(usable, 1 / smooth.clamp_min(1e-12), 0)
        return SolverFrame(grey_frames(pointmap.image)[0], depth[0], usable[0], pointmap.intrinsics[0].cpu())

    def fitted(self, scale: float, shift: float) -> SolverFrame:
        """The same view with its depth scaled and shifted."""
        return replace(self, depth=torch.where(self.usable, scale * self.depth + shift, 0).clamp_min(0))


@dataclass(frozen=True)
class Match:
    """Where the pixels of a frame are in a reference frame: flow (H, W, 2) in pixels, and where it can be believed."""

    flow: torch.Tensor
    seen: torch.Tensor


@dataclass(frozen=True)
class Motion:
    """A rigid motion: a point X in the frame's camera axes is rotation @ X + translation in the reference's, float64."""

    rotation: torch.Tensor
    translation: torch.Tensor

    @staticmethod
    def none() -> Motion:
        """The motion of a camera at rest."""
        return Motion(torch.eye(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64))

    def then(self, other: Motion) -> Motion:
        """This motion followed by another one."""
        return Motion(other.rotation @ self.rotation, other.rotation @ self.translation + other.translation)

    def stepped(self, step: numpy.ndarray) -> Motion:
        """The motion with a turn TURN_PART after its own and a further way MOVE_PART, both of `step` (6,) float64."""
        turn, move = rotation_of(step[TURN_PART]), step[MOVE_PART]
        return Motion(torch.from_numpy(turn @ self.rotation.numpy()), self.translation + torch.from_numpy(move))

    def inverse(self) -> Motion:
        """The motion back."""
        return Motion(self.rotation.T, -self.rotation.T @ self.translation)


@dataclass(frozen=True)
class MotionFit:
    """What fits a frame to its references: depth becomes scale * depth + shift.

    motions   one for each reference
    residual  median of |log(depth) - log(depth of the reference)| over what stands still, after the fit
    still     share of the samples that move as the camera's motion says
    """

    scale: float
    shift: float
    motions: tuple[Motion, ...]
    residual: float
    still: float


def match(frame: SolverFrame, reference: SolverFrame) -> Match:
    """The pixels of `frame` found again in `reference`, both ways so that hidden ones are known."""
    return Match(*followed(frame.grey, reference.grey))


def rays_through(positions: torch.Tensor, intrinsics: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Positions (..., 2) in pixels of a (height, width) frame -> points at depth 1 (..., 3)."""
    u = (positions[..., 0] + 0.5) / size[1]
    v = (positions[..., 1] + 0.5) / size[0]
    x = (u - intrinsics[0, 2]) / intrinsics[0, 0]
    y = (v - intrinsics[1, 2]) / intrinsics[1, 1]
    return torch.stack([x, y, torch.ones_like(x)], -1)


def pixels_of(points: torch.Tensor, intrinsics: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Points (..., 3) in camera axes -> positions (..., 2) in pixels of a (height, width) frame."""
    z = points[..., 2].clamp_min(1e-6)
    u = intrinsics[0, 0] * points[..., 0] / z + intrinsics[0, 2]
    v = intrinsics[1, 1] * points[..., 1] / z + intrinsics[1, 2]
    return torch.stack([u * size[1] - 0.5, v * size[0] - 0.5], -1)


@dataclass(frozen=True)
class _Samples:
    """Pixels of a frame that a reference sees too, float64.

    rays, depth   (3, N) at depth 1 and (N,) along z, in the frame
    target, target_log_depth  (2, N) in pixels and (N,): where flow finds them in the reference, and how deep that is
    focal, middle  (2, 1) of the reference along x and y, in pixels
    """

    rays: numpy.ndarray
    depth: numpy.ndarray
    target: numpy.ndarray
    target_log_depth: numpy.ndarray
    focal: numpy.ndarray
    middle: numpy.ndarray

    @classmethod
    def take(cls, frame: SolverFrame, reference: SolverFrame, found: Match) -> _Samples:
        """At most about `MAX_MATCHES` pixels, spread over the frame, whose four neighbours in the reference are usable too."""
        size = (frame.depth.shape[0], frame.depth.shape[1])
        positions = pixel_positions(*size)
        target = positions + found.flow
        whole = sample_at(reference.usable[..., None].float(), target)[..., 0] > 0.999
        candidates = torch.nonzero((frame.usable & found.seen & whole).reshape(-1))[:, 0]
        # every k-th of the rest, with a stride that does not follow the columns
        step = max(1, len(candidates) // MAX_MATCHES)
        candidates = candidates[::step]
        exact, is_exact = refined(
            frame.grey, reference.grey, positions.reshape(-1, 2)[candidates], target.reshape(-1, 2)[candidates]
        )
        if int(is_exact.sum()) >= ENOUGH_EXACT:
            candidates, exact = candidates[is_exact], exact[is_exact]
        target = exact
        inverse = torch.where(reference.usable, 1 / reference.depth.clamp_min(1e-12), 0)
        at_target = sample_at(inverse[..., None], target)[..., 0]
        rays = rays_through(positions.reshape(-1, 2)[candidates].double(), frame.intrinsics.double(), size)
        k, pixels = reference.intrinsics.double().numpy(), numpy.array([[size[1]], [size[0]]], float)
        return cls(
            numpy.ascontiguousarray(rays.numpy().T),
            frame.depth.reshape(-1)[candidates].double().numpy(),
            numpy.ascontiguousarray(target.double().numpy().T),
            -at_target.double().clamp_min(1e-12).log().numpy(),
            k[(0, 1), (0, 1)][:, None] * pixels,
            k[:2, 2:] * pixels - 0.5,
        )

    def seen_by(self, motion: Motion, scale: float, shift: float) -> _SeenSamples:
        """The samples where the reference's camera sees them after a motion, their depth scaled and shifted."""
        rays = motion.rotation.numpy() @ self.rays
        turned = rays * numpy.maximum(scale * self.depth + shift, 1e-9)
        moved = turned + motion.translation.numpy()[:, None]
        z = numpy.maximum(moved[2], 1e-9)
        slant = moved[:2] / numpy.maximum(z, 1e-6)
        in_pixels = self.focal * slant + self.middle - self.target
        return _SeenSamples(rays, turned, z, slant, in_pixels, numpy.log(z) - self.target_log_depth)


class _SeenSamples(NamedTuple):
    """Samples after a motion: rays and points (3, N) before the move, depth z and x and y over it after it.

    in_pixels, in_depth  how far they are off in the reference: (2, N) and, in log depth, (N,)
    """

    rays: numpy.ndarray
    turned: numpy.ndarray
    z: numpy.ndarray
    slant: numpy.ndarray
    in_pixels: numpy.ndarray
    in_depth: numpy.ndarray

    @property
    def off(self) -> numpy.ndarray:
        """How far they are off in pixels, (N,)."""
        x, y = self.in_pixels
        return numpy.sqrt(x * x + y * y)

    def slopes(self, focal: numpy.ndarray, lengths: numpy.ndarray, counts: numpy.ndarray) -> numpy.ndarray:
        """Derivatives (8, 3, N) of x, y and log depth by TURN_PART, MOVE_PART, LOG_SCALE and SHIFT; a turn acts before the move.

        `lengths` (N,) are the scaled depths before the shift, `focal` (2, 1) in pixels; each is multiplied by its part of
        `counts` (3, N).
        """
        # from points to pixels and log depth
        by_depth = counts[2] / self.z
        to_x, to_y = across = focal * counts[:2] / self.z
        along_x, along_y = across * self.slant

        def moved(right: Part, down: Part, ahead: Part) -> tuple[numpy.ndarray, ...]:
            return to_x * right - along_x * ahead, to_y * down - along_y * ahead, by_depth * ahead

        (x, y, z), slopes = self.turned, numpy.empty((RIGID + 2, 3, len(self.z)))
        slopes[TURN_PART] = moved(0, -z, y), moved(z, 0, -x), moved(-y, x, 0)
        slopes[MOVE_PART] = moved(1, 0, 0), moved(0, 1, 0), moved(0, 0, 1)
        slopes[SHIFT] = moved(*self.rays)
        slopes[LOG_SCALE] = slopes[SHIFT] * lengths
        return slopes


def _noise(residuals: numpy.ndarray, least: float) -> float:
    return spread(torch.from_numpy(residuals), least)


def _normal_equations(
    taken: dict[int, _Samples], motions: Sequence[Motion], scale: float, shift: float, with_scale: bool
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The samples of each reference, by its number -> the matrix (U, U) and right side (U,) of a step of Gauss-Newton.

    Each sample counts with the weight of Geman-McClure for what it is off, in standard deviations of its kind.
    """
    shared = 2 if with_scale else 0
    unknowns = RIGID * len(motions) + shared
    normal, right = numpy.zeros((unknowns, unknowns)), numpy.zeros(unknowns)
    for i, samples in taken.items():
        seen = samples.seen_by(motions[i], scale, shift)
        pixel_noise, depth_noise = _noise(seen.off, LEAST_PIXEL_NOISE), _noise(seen.in_depth, LEAST_DEPTH_NOISE)
        noise = numpy.array([[pixel_noise], [pixel_noise], [depth_noise]])
        residual = numpy.concatenate([seen.in_pixels, seen.in_depth[None]]) / noise
        weight = 1 / (1 + numpy.einsum("ij,ij->j", residual, residual) / REWEIGHTING**2)  # its root
        slopes = seen.slopes(samples.focal, scale * samples.depth, weight / noise)[: RIGID + shared]
        flat = slopes.reshape(len(slopes), -1)
        own = RIGID * i
        places = numpy.array([*range(own, own + RIGID), *range(unknowns - shared, unknowns)])
        normal[places[:, None], places] += flat @ flat.T
        right[places] -= flat @ (residual * weight).reshape(-1)
    return normal, right


def fit_frame(
    frame: SolverFrame,
    references: Sequence[tuple[SolverFrame, Match]],
    guesses: Sequence[Motion] | None = None,
    *,
    with_scale: bool = True,
) -> MotionFit | None:
    """Fits a frame to its references: one rigid camera motion for each, and one scale and shift of the frame's depth.

    Gauss-Newton over pixels that flow finds again, on what their positions and log depths are off, iteratively reweighted
    (Geman-McClure), so that what moves by itself drops out. The camera's motion takes part since depth alone cannot tell
    a step forward from a smaller scale. None where too little of the references is seen. `with_scale` False keeps depth.
    """
    all_taken = [_Samples.take(frame, view, found) for view, found in references]
    taken = {i: samples for i, samples in enumerate(all_taken) if len(samples.depth) >= MINIMUM_SAMPLES}
    if not taken:
        return None
    motions = list(guesses) if guesses is not None else [Motion.none()] * len(references)
    ratios = numpy.concatenate([samples.target_log_depth - numpy.log(samples.depth) for samples in taken.values()])
    scale, shift = (_median(ratios).exp().item() if with_scale else 1.0), 0.0
    prior = SHIFT_PRIOR * _median(next(iter(taken.values())).target_log_depth).exp().item()
    for _ in range(ITERATIONS):
        normal, right = _normal_equations(taken, motions, scale, shift, with_scale)
        if with_scale:
            normal[SHIFT, SHIFT] += 1 / prior**2
            right[SHIFT] -= shift / prior**2
        # a trace of damping: what no sample says anything of stays as it is
        diagonal = numpy.einsum("ii->i", normal)
        diagonal += 1e-9 * diagonal.max() + 1e-12
        step = numpy.linalg.solve(normal, right)
        for i in taken:
            motions[i] = motions[i].stepped(step[RIGID * i : RIGID * (i + 1)])
        if with_scale:
            scale *= math.exp(min(max(step[LOG_SCALE], -MOST_RESCALED), MOST_RESCALED))
            shift += float(step[SHIFT])
        if numpy.abs(step).max() < SETTLED_MOTION:
            break
    residual, still = _quality(list(taken.values()), [motions[i] for i in taken], scale, shift)
    return MotionFit(scale, shift, tuple(motions), residual, still)


def _median(values: numpy.ndarray) -> torch.Tensor:
    return torch.from_numpy(values).median()


def _quality(taken: Sequence[_Samples], motions: Sequence[Motion], scale: float, shift: float) -> tuple[float, float]:
    """The residual and the share that stands still of a `MotionFit` with these motions, scale and shift."""
    in_depth, still = [], []
    for samples, motion in zip(taken, motions):
        seen = samples.seen_by(motion, scale, shift)
        off, depth = seen.off, numpy.abs(seen.in_depth)
        bound = max(STILL_PIXELS, REWEIGHTING * _noise(off, LEAST_PIXEL_NOISE))
        still.append((off < bound) & (depth < STILL_DEPTH))
        in_depth.append(depth)
    in_depth, still = numpy.concatenate(in_depth), numpy.concatenate(still)
    kept = in_depth[still] if still.any() else in_depth
    return _median(kept).item(), float(still.mean())
