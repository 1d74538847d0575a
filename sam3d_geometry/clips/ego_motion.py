"""How the camera moved between frames, and how the depth of one must be scaled and shifted to fit the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
import torch
from torch.nn import functional as F

from ..geometry.pointmap import Pointmap
from ..geometry.surfaces import depth_edges
from .flow import followed, grey_frames, pixel_positions, sample_at
from .noise import spread

MAX_MATCHES = 2000  # pixels that a fit takes from a frame: more of them hardly change it, and cost as much more
MINIMUM_SAMPLES = 40  # five for each of the 8 unknowns
ITERATIONS = 12  # Gauss-Newton has settled by then, or never will
SETTLED_MOTION = 1e-7  # radians, shares and units of depth: below what flow and depth can tell
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
        near_edge = (depth_edges(depth, mask, EDGE_LEFT_OUT) | ~mask).float()
        usable = mask & (F.max_pool2d(near_edge[:, None], SMOOTHED_PIXELS, 1, SMOOTHED_PIXELS // 2)[:, 0] == 0)
        inverse = torch.where(mask, 1 / depth.clamp_min(1e-12), 0)
        smooth = F.avg_pool2d(inverse[:, None], SMOOTHED_PIXELS, 1, SMOOTHED_PIXELS // 2)[:, 0]
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

    rays, depth   (N, 3) at depth 1 and (N,) along z, in the frame
    target, target_depth  (N, 2) in pixels and (N,): where flow finds them in the reference, and how deep that is
    focal_pixels  (2,) of the reference, along x and y
    """

    rays: torch.Tensor
    depth: torch.Tensor
    target: torch.Tensor
    target_depth: torch.Tensor
    focal_pixels: torch.Tensor
    reference: SolverFrame

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
        target = target.reshape(-1, 2)[candidates]
        inverse = torch.where(reference.usable, 1 / reference.depth.clamp_min(1e-12), 0)
        at_target = sample_at(inverse[..., None], target)[..., 0]
        k = frame.intrinsics.double()
        focal = reference.intrinsics.double()[(0, 1), (0, 1)] * torch.tensor([size[1], size[0]], dtype=torch.float64)
        return cls(
            rays_through(positions.reshape(-1, 2)[candidates].double(), k, size),
            frame.depth.reshape(-1)[candidates].double(),
            target.double(),
            1 / at_target.double().clamp_min(1e-12),
            focal,
            reference,
        )

    def residuals(self, motion: Motion, scale: float, shift: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """How far the samples are off in the reference: in pixels (N, 2) and in log depth (N,), x, y and depth.

        With their derivatives (N, 3, 8) by the unknowns TURN_PART, MOVE_PART, LOG_SCALE and SHIFT; a turn acts on the points before the move.
        """
        lengthened = (scale * self.depth + shift).clamp_min(1e-9)
        rays = self.rays @ motion.rotation.T
        turned = rays * lengthened[:, None]
        moved = turned + motion.translation
        z = moved[:, 2].clamp_min(1e-9)
        size = (self.reference.depth.shape[0], self.reference.depth.shape[1])
        in_pixels = pixels_of(moved, self.reference.intrinsics.double(), size) - self.target
        in_depth = z.log() - self.target_depth.log()

        points_by = torch.zeros(len(z), 3, RIGID + 2, dtype=torch.float64)
        points_by[..., TURN_PART] = _cross_matrix(-turned)
        points_by[..., MOVE_PART] = torch.eye(3, dtype=torch.float64)
        points_by[..., LOG_SCALE] = rays * (scale * self.depth)[:, None]
        points_by[..., SHIFT] = rays
        by_points = torch.zeros(len(z), 3, 3, dtype=torch.float64)
        by_points[:, 0, 0] = self.focal_pixels[0] / z
        by_points[:, 1, 1] = self.focal_pixels[1] / z
        by_points[:, :2, 2] = -self.focal_pixels * moved[:, :2] / z[:, None].square()
        by_points[:, 2, 2] = 1 / z
        return in_pixels, in_depth, by_points @ points_by


def _cross_matrix(vectors: torch.Tensor) -> torch.Tensor:
    """Vectors v (..., 3) -> the matrices (..., 3, 3) that take w to the cross product v x w."""
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))


def _rotation(turn: torch.Tensor) -> torch.Tensor:
    """Axis times angle (3,) -> rotation (3, 3)."""
    return torch.linalg.matrix_exp(_cross_matrix(turn))


def _normal_equations(
    taken: dict[int, _Samples], motions: Sequence[Motion], scale: float, shift: float, with_scale: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """The samples of each reference, by its number -> the matrix (U, U) and right side (U,) of a step of Gauss-Newton.

    Each sample counts with the weight of Geman-McClure for what it is off, in standard deviations of its kind.
    """
    shared = 2 if with_scale else 0
    unknowns = RIGID * len(motions) + shared
    normal = torch.zeros(unknowns, unknowns, dtype=torch.float64)
    right = torch.zeros(unknowns, dtype=torch.float64)
    for i, samples in taken.items():
        in_pixels, in_depth, slopes = samples.residuals(motions[i], scale, shift)
        pixel_noise = spread(in_pixels.norm(dim=-1), LEAST_PIXEL_NOISE)
        depth_noise = spread(in_depth, LEAST_DEPTH_NOISE)
        residual = torch.cat([in_pixels / pixel_noise, in_depth[:, None] / depth_noise], -1)
        slopes = slopes / torch.tensor([pixel_noise, pixel_noise, depth_noise], dtype=torch.float64)[:, None]
        weight = (1 + residual.square().sum(-1) / REWEIGHTING**2).square().reciprocal()
        own = RIGID * i
        places = torch.tensor([*range(own, own + RIGID), *range(unknowns - shared, unknowns)])
        slopes = slopes[..., : len(places)]
        weighted = slopes * weight[:, None, None]
        normal[places[:, None], places] += torch.einsum("nij,nik->jk", weighted, slopes)
        right[places] -= torch.einsum("nij,ni->j", weighted, residual)
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
    ratios = torch.cat([(samples.target_depth / samples.depth).log() for samples in taken.values()])
    scale, shift = (ratios.median().exp().item() if with_scale else 1.0), 0.0
    prior = SHIFT_PRIOR * next(iter(taken.values())).target_depth.median().item()
    for _ in range(ITERATIONS):
        normal, right = _normal_equations(taken, motions, scale, shift, with_scale)
        if with_scale:
            normal[SHIFT, SHIFT] += 1 / prior**2
            right[SHIFT] -= shift / prior**2
        # a trace of damping: what no sample says anything of stays as it is
        normal.diagonal().add_(1e-9 * normal.diagonal().max() + 1e-12)
        step = torch.linalg.solve(normal, right)
        for i in taken:
            own = step[RIGID * i : RIGID * (i + 1)]
            motions[i] = Motion(
                _rotation(own[TURN_PART]) @ motions[i].rotation, motions[i].translation + own[MOVE_PART]
            )
        if with_scale:
            scale *= float(step[LOG_SCALE].clamp(-MOST_RESCALED, MOST_RESCALED).exp())
            shift += float(step[SHIFT])
        if step.abs().max() < SETTLED_MOTION:
            break
    residual, still = _quality(list(taken.values()), [motions[i] for i in taken], scale, shift)
    return MotionFit(scale, shift, tuple(motions), residual, still)


def _quality(taken: Sequence[_Samples], motions: Sequence[Motion], scale: float, shift: float) -> tuple[float, float]:
    """The residual and the share that stands still of a `MotionFit` with these motions, scale and shift."""
    in_depth, still = [], []
    for samples, motion in zip(taken, motions):
        off, depth, _ = samples.residuals(motion, scale, shift)
        off = off.norm(dim=-1)
        bound = max(STILL_PIXELS, REWEIGHTING * spread(off, LEAST_PIXEL_NOISE))
        still.append((off < bound) & (depth.abs() < STILL_DEPTH))
        in_depth.append(depth.abs())
    in_depth, still = torch.cat(in_depth), torch.cat(still)
    kept = in_depth[still] if bool(still.any()) else in_depth
    return kept.median().item(), still.float().mean().item()
