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

SAMPLES = 2000
ITERATIONS = 12
MINIMUM_SAMPLES = 40
LEAST_PIXEL_NOISE = 0.1
LEAST_DEPTH_NOISE = 0.002
EDGE = 0.2
WINDOW = 5  # pixels over which inverse depth is averaged: noise would pull the scale towards a flat scene
SHIFT_PRIOR = 0.3  # standard deviation of the shift, relative to the median depth


@dataclass(frozen=True)
class View:
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
    def of(pointmap: Pointmap) -> View:
        """The view of a single frame."""
        depth, mask = pointmap.depth.cpu(), pointmap.mask.cpu()
        near_edge = (depth_edges(depth, mask, EDGE) | ~mask).float()
        usable = mask & (F.max_pool2d(near_edge[:, None], WINDOW, 1, WINDOW // 2)[:, 0] == 0)
        inverse = torch.where(mask, 1 / depth.clamp_min(1e-12), 0)
        smooth = F.avg_pool2d(inverse[:, None], WINDOW, 1, WINDOW // 2)[:, 0]
        # windows that reach over the border say nothing of their middle
        border = WINDOW // 2
        whole = torch.zeros_like(usable)
        whole[:, border:-border, border:-border] = True
        usable &= whole
        depth = torch.where(usable, 1 / smooth.clamp_min(1e-12), 0)
        return View(grey_frames(pointmap.image)[0], depth[0], usable[0], pointmap.intrinsics[0].cpu())

    def fitted(self, scale: float, shift: float) -> View:
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
class Fit:
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


def match(frame: View, reference: View) -> Match:
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
    """Pixels of a frame that a reference sees too, float64: rays (N, 3), depth (N,), position (N, 2) and depth there."""

    rays: torch.Tensor
    depth: torch.Tensor
    target: torch.Tensor
    target_depth: torch.Tensor
    focal_pixels: torch.Tensor
    reference: View

    @classmethod
    def take(cls, frame: View, reference: View, found: Match) -> _Samples:
        size = tuple(frame.depth.shape)
        positions = pixel_positions(*size)
        target = positions + found.flow
        whole = sample_at(reference.usable[..., None].float(), target)[..., 0] > 0.999
        candidates = torch.nonzero((frame.usable & found.seen & whole).reshape(-1))[:, 0]
        # every k-th of the rest, with a stride that does not follow the columns
        step = max(1, len(candidates) // SAMPLES)
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

    def residuals(self, motion: Motion, scale: float, shift: float):
        """In pixels (N, 2) and in log depth (N,), and their derivatives by (turn, move, log scale, shift): (N, 3, 8)."""
        lengthened = (scale * self.depth + shift).clamp_min(1e-9)
        rays = self.rays @ motion.rotation.T
        turned = rays * lengthened[:, None]
        there = turned + motion.translation
        z = there[:, 2].clamp_min(1e-9)
        size = tuple(self.reference.depth.shape)
        in_pixels = pixels_of(there, self.reference.intrinsics.double(), size) - self.target
        in_depth = z.log() - self.target_depth.log()

        points_by = torch.zeros(len(z), 3, 8, dtype=torch.float64)
        x, y, w = turned.unbind(-1)
        points_by[:, 0, 1], points_by[:, 0, 2] = w, -y
        points_by[:, 1, 0], points_by[:, 1, 2] = -w, x
        points_by[:, 2, 0], points_by[:, 2, 1] = y, -x
        points_by[:, :, 3:6] = torch.eye(3, dtype=torch.float64)
        points_by[:, :, 6] = rays * (scale * self.depth)[:, None]
        points_by[:, :, 7] = rays
        by_points = torch.zeros(len(z), 3, 3, dtype=torch.float64)
        by_points[:, 0, 0] = self.focal_pixels[0] / z
        by_points[:, 1, 1] = self.focal_pixels[1] / z
        by_points[:, :2, 2] = -self.focal_pixels * there[:, :2] / z[:, None].square()
        by_points[:, 2, 2] = 1 / z
        return in_pixels, in_depth, by_points @ points_by


def spread(residuals: torch.Tensor, least: float) -> float:
    """Standard deviation of the greater part of residuals (N,), by their median."""
    return max(1.4826 * residuals.abs().median().item(), least)


def _rotation(turn: torch.Tensor) -> torch.Tensor:
    """Axis times angle (3,) -> rotation (3, 3)."""
    x, y, z = turn.tolist()
    return torch.linalg.matrix_exp(torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64))


def fit_frame(
    frame: View,
    references: Sequence[tuple[View, Match]],
    guesses: Sequence[Motion] | None = None,
    *,
    with_scale: bool = True,
) -> Fit | None:
    """Fits a frame to its references: one rigid camera motion for each, and one scale and shift of the frame's depth.

    Gauss-Newton over pixels that flow finds again, on what their positions and log depths are off, iteratively reweighted
    (Geman-McClure), so that what moves by itself drops out. The camera's motion takes part since depth alone cannot tell
    a step forward from a smaller scale. None where too little of the references is seen. `with_scale` False keeps depth.
    """
    taken = [_Samples.take(frame, view, found) for view, found in references]
    kept = [i for i, samples in enumerate(taken) if len(samples.depth) >= MINIMUM_SAMPLES]
    if not kept:
        return None
    motions = list(guesses) if guesses is not None else [Motion.none()] * len(taken)
    ratios = torch.cat([(taken[i].target_depth / taken[i].depth).log() for i in kept])
    scale, shift = (ratios.median().exp().item() if with_scale else 1.0), 0.0
    unknowns = 6 * len(taken) + (2 if with_scale else 0)
    prior = SHIFT_PRIOR * taken[kept[0]].target_depth.median().item()
    for _ in range(ITERATIONS):
        normal = torch.zeros(unknowns, unknowns, dtype=torch.float64)
        right = torch.zeros(unknowns, dtype=torch.float64)
        for i in kept:
            in_pixels, in_depth, slopes = taken[i].residuals(motions[i], scale, shift)
            pixel_noise = spread(in_pixels.norm(dim=-1), LEAST_PIXEL_NOISE)
            depth_noise = spread(in_depth, LEAST_DEPTH_NOISE)
            residual = torch.cat([in_pixels / pixel_noise, in_depth[:, None] / depth_noise], -1)
            slopes = slopes / torch.tensor([pixel_noise, pixel_noise, depth_noise], dtype=torch.float64)[:, None]
            weight = (1 + residual.square().sum(-1) / 9).square().reciprocal()
            columns = [*range(6 * i, 6 * i + 6), *((unknowns - 2, unknowns - 1) if with_scale else ())]
            slopes = slopes[..., : len(columns)]
            weighted = slopes * weight[:, None, None]
            index = torch.tensor(columns)
            normal[index[:, None], index] += torch.einsum("nij,nik->jk", weighted, slopes)
            right[index] -= torch.einsum("nij,ni->j", weighted, residual)
        if with_scale:
            normal[-1, -1] += 1 / prior**2
            right[-1] -= shift / prior**2
        normal.diagonal().add_(1e-9 * normal.diagonal().max() + 1e-12)
        step = torch.linalg.solve(normal, right)
        for i in kept:
            turn, move = step[6 * i : 6 * i + 3], step[6 * i + 3 : 6 * i + 6]
            # a turn acts on the points before they are moved
            motions[i] = Motion(_rotation(turn) @ motions[i].rotation, motions[i].translation + move)
        if with_scale:
            scale *= float(step[-2].clamp(-0.5, 0.5).exp())
            shift += float(step[-1])
        if step.abs().max() < 1e-7:
            break
    residual, still = _quality([taken[i] for i in kept], [motions[i] for i in kept], scale, shift)
    return Fit(scale, shift, tuple(motions), residual, still)


def _quality(taken: Sequence[_Samples], motions: Sequence[Motion], scale: float, shift: float) -> tuple[float, float]:
    in_depth, still = [], []
    for samples, motion in zip(taken, motions):
        off, depth, _ = samples.residuals(motion, scale, shift)
        off = off.norm(dim=-1)
        still.append((off < max(1.0, 3 * spread(off, LEAST_PIXEL_NOISE))) & (depth.abs() < 0.3))
        in_depth.append(depth.abs())
    in_depth, still = torch.cat(in_depth), torch.cat(still)
    kept = in_depth[still] if bool(still.any()) else in_depth
    return kept.median().item(), still.float().mean().item()
