"""Focal length and z-shift of an affine point map, for a whole batch at once on its own device."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from .focal_evidence import Samples, likely_focal, roughness

SAMPLES_A_SIDE = 64  # per side; MoGe's own choice, so that both solve the same problem
COST_TOLERANCE = 1e-3  # relative fall of the cost at which MoGe stops; a smaller one gives the exact minimum
MAX_EVALUATIONS = 60
NOISE_ROUNDS = 3
LEAST_SAMPLES = 16  # to weigh: fewer fit every camera


def _view_plane(height: int, width: int, device: torch.device) -> torch.Tensor:
    """(H, W, 2) float64 pixel centres on a view plane whose half diagonal is 1."""
    diagonal = math.hypot(height, width)
    u = (torch.arange(width, dtype=torch.float64, device=device) * 2 + 1 - width) / diagonal
    v = (torch.arange(height, dtype=torch.float64, device=device) * 2 + 1 - height) / diagonal
    return torch.stack(torch.meshgrid(u, v, indexing="xy"), -1)


class _ReprojectionError:
    """Residual f * xy / (z + shift) - uv over the samples, its slope in `shift`, and the best f for each shift."""

    def __init__(self, uv: torch.Tensor, xyz: torch.Tensor, valid: torch.Tensor, focal: torch.Tensor | None):
        keep = valid[..., None]
        self.uv = torch.where(keep, uv, 0)
        self.xy = torch.where(keep, xyz[..., :2], 0)
        self.z = torch.where(valid, xyz[..., 2], 1)
        self.valid = valid
        self.focal = focal

    def best_focal(self, shift: torch.Tensor) -> torch.Tensor:
        if self.focal is not None:
            return self.focal
        q = self._view_plane_points(shift)
        return (q * self.uv).sum((-2, -1)) / q.square().sum((-2, -1))

    def _view_plane_points(self, shift: torch.Tensor) -> torch.Tensor:
        z = torch.where(self.valid, self.z + shift[:, None], 1)
        return self.xy / z[..., None]

    def __call__(self, shift: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, N, 2) residual and its derivative in shift (variable projection: f follows shift)."""
        q = self._view_plane_points(shift)
        z = torch.where(self.valid, self.z + shift[:, None], 1)
        dq = -q / z[..., None]
        if self.focal is not None:
            focal = self.focal[:, None, None]
            return focal * q - self.uv, focal * dq
        qq = q.square().sum((-2, -1))
        focal = (q * self.uv).sum((-2, -1)) / qq
        dfocal = ((dq * self.uv).sum((-2, -1)) - 2 * focal * (q * dq).sum((-2, -1))) / qq
        focal, dfocal = focal[:, None, None], dfocal[:, None, None]
        return focal * q - self.uv, dfocal * q + focal * dq


def _levenberg_marquardt(error: _ReprojectionError, batch: int, tolerance: float) -> torch.Tensor:
    """Shift (B,) that minimises the squared error from a start at 0, every frame with its own damping and stop.

    More's trust-region form (The Levenberg-Marquardt algorithm, 1978) for a single unknown, where the step is a division.
    """
    shift = torch.zeros(batch, dtype=error.z.dtype, device=error.z.device)
    radius = torch.full_like(shift, 100.0)
    residual, slope = error(shift)
    cost = residual.square().sum((-2, -1))
    active = torch.isfinite(cost) & (cost > 0)
    first = torch.ones_like(active)
    previous_damping = torch.zeros_like(shift)
    for _ in range(MAX_EVALUATIONS):
        gradient = (slope * residual).sum((-2, -1))
        curvature = slope.square().sum((-2, -1)).clamp_min(torch.finfo(shift.dtype).tiny)
        active = active & (gradient.abs() > 1e-8 * (curvature * cost).sqrt())
        newton = -gradient / curvature
        free = newton.abs() <= 1.1 * radius
        # a damping that still leads to within 10 % of the trust radius is kept, otherwise the step ends on the radius
        repeated = -gradient / (curvature + previous_damping)
        fits = (previous_damping > 0) & ((repeated.abs() - radius).abs() <= 0.1 * radius)
        step = torch.where(free, newton, torch.where(fits, repeated, radius * newton.sign()))
        damping = torch.where(free, 0, torch.where(fits, previous_damping, -gradient / step - curvature))
        length = step.abs()
        radius = torch.where(first, torch.minimum(radius, length), radius)
        new_residual, new_slope = error(shift + step)
        new_cost = new_residual.square().sum((-2, -1))
        new_cost = torch.where(torch.isfinite(new_cost), new_cost, torch.inf)
        actual = torch.where(new_cost < 100 * cost, 1 - new_cost / cost, -1.0)
        linear, damped = step.square() * curvature / cost, step.square() * damping / cost
        predicted = linear + 2 * damped
        ratio = actual / predicted.clamp_min(torch.finfo(shift.dtype).tiny)

        slope_along = -(linear + damped)
        shrink = torch.where(actual >= 0, 0.5, 0.5 * slope_along / (slope_along + 0.5 * actual)).clamp(0.1, 0.5)
        poor, good = ratio <= 0.25, (damping == 0) | (ratio >= 0.75)
        shrunk = shrink * torch.minimum(radius, length * 10)
        radius = torch.where(poor, shrunk, torch.where(good, length * 2, radius))
        previous_damping = torch.where(poor, damping / shrink, torch.where(good, damping * 0.5, damping))
        accept = active & (ratio >= 1e-4)
        shift = torch.where(accept, shift + step, shift)
        keep = accept[:, None, None]
        residual, slope = torch.where(keep, new_residual, residual), torch.where(keep, new_slope, slope)
        cost = torch.where(accept, new_cost, cost)
        first = first & ~accept
        settled = (actual.abs() <= tolerance) & (predicted <= tolerance) & (ratio <= 2)
        stuck = (radius <= 1e-8 * shift.abs()) | (length == 0)
        active = active & ~settled & ~stuck & torch.isfinite(step)
        if not bool(active.any()):
            break
    return shift


def _samples(points: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Nearest-neighbour samples on a 64 x 64 grid: view-plane uv (N, 2), xyz (B, N, 3), valid (B, N)."""
    height, width = mask.shape[1:]
    grid = (SAMPLES_A_SIDE, SAMPLES_A_SIDE)
    # float64 where the device has it: the slope of the cost is a difference of nearly equal numbers
    dtype = torch.float32 if points.device.type == "mps" else torch.float64
    rows = F.interpolate(
        torch.arange(height, device=points.device, dtype=torch.float32)[None, None, :], SAMPLES_A_SIDE
    ).long()
    columns = F.interpolate(
        torch.arange(width, device=points.device, dtype=torch.float32)[None, None, :], SAMPLES_A_SIDE
    ).long()
    index = (rows[0, 0][:, None] * width + columns[0, 0][None, :]).expand(grid).reshape(-1)
    xyz = points.reshape(len(points), -1, 3)[:, index].to(dtype)
    valid = mask.reshape(len(points), -1)[:, index] & torch.isfinite(xyz).all(-1)
    view_plane = _view_plane(height, width, torch.device("cpu")).to(points.device, dtype)
    return view_plane.reshape(-1, 2)[index], xyz, valid


@dataclass(frozen=True)
class Recovered:
    """Camera of an affine point map: focal (B,) in half diagonals, z-shift (B,), and how sure the focal length is.

    spread   (B,) standard deviation of the focal length's natural logarithm by the points alone, before the prior; infinite
             where they say nothing, 0 where the focal length was given
    """

    focal: torch.Tensor
    shift: torch.Tensor
    spread: torch.Tensor


def recover_focal_and_shift(
    points: torch.Tensor,
    mask: torch.Tensor,
    focal: torch.Tensor | None = None,
    tolerance: float = COST_TOLERANCE,
    least_squares_only: bool = False,
) -> Recovered:
    """Affine points (B, H, W, 3) and mask (B, H, W) -> focal length, z-shift and their certainty, float32.

    Minimises sum |focal * xy / (z + shift) - uv|^2 over valid pixels, as MoGe does image by image (arXiv 2410.19115,
    section 3.1). `focal` is relative to half the image diagonal; when given (B,), only the shift is solved for. Where the
    points are too flat or too noisy for that, `focal_evidence.likely_focal` decides, unless `least_squares_only`.
    A frame without a solution (fewer than two valid samples, points that no camera sees so) gets focal 1 (a diagonal
    field of view of 90 degrees) and shift 0.
    """
    uv, xyz, valid = _samples(points, mask)
    known = None if focal is None else focal.to(xyz.device, xyz.dtype).expand(len(points))
    error = _ReprojectionError(uv, xyz, valid, known)
    shift = _levenberg_marquardt(error, len(points), tolerance)
    found, spread = error.best_focal(shift), torch.zeros_like(shift)
    if known is None and not least_squares_only:
        found, shift, spread = _weighed(points, mask, error, found, shift)
    solvable = (valid.sum(1) >= 2) & torch.isfinite(shift) & torch.isfinite(found) & (found > 0)
    shift = torch.where(solvable, shift, 0)
    found = torch.where(solvable, found, torch.ones_like(found) if known is None else known)
    spread = torch.where(solvable | (spread == 0), spread, torch.inf)
    return Recovered(found.float(), shift.float(), spread.float())


def _weighed(
    points: torch.Tensor, mask: torch.Tensor, error: _ReprojectionError, focal: torch.Tensor, shift: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Focal lengths, shifts and spreads (B,) with the evidence of each frame weighed."""
    samples = Samples(error.uv, error.xy, error.z, error.valid)
    height, width = mask.shape[1:]
    rough = roughness(points, mask, shift, _view_plane(height, width, torch.device("cpu")), SAMPLES_A_SIDE)
    enough = (error.valid.sum(1) >= LEAST_SAMPLES).tolist()
    rows = []
    for i in range(len(shift)):
        row = float(focal[i]), float(shift[i]), math.inf
        frame = samples.frame(i)
        for _ in range(NOISE_ROUNDS if enough[i] else 0):  # what is noise depends on the focal length, a little
            before, row = row, likely_focal(frame, rough.noise(i, row[0]), *row[:2])
            if row[:2] == before[:2]:
                break
        rows.append(row)
    focals, shifts, spreads = torch.tensor(rows, dtype=torch.float64).to(shift).T
    return focals, shifts, spreads
