"""What an affine point map says about its focal length: how surely, what noise adds, and the likely one where it says little.

A front without relief has the same picture through every lens, so the least squares of `focal` have no minimum there, only a
valley whose end is infinitely far away; and noise of z looks smaller the farther away the points are put, which draws the
minimum along the valley (the bias of regression on values that have errors themselves; Fuller, Measurement Error Models, 1987).
Here the known part of the noise is taken out of the cost, and a broad prior decides where the rest is silent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..clips.noise import NORMAL_SPREAD

PRIOR_FOCAL = 1 / math.tan(
    math.radians(63.4) / 2
)  # in half diagonals: a 35 mm lens on a full frame, between phones and portraits
PRIOR_SPREAD = 0.4  # of the natural logarithm of the focal length: one in three lenses is 1.5 times longer or shorter
SHORTEST_FOCAL, LONGEST_FOCAL = (
    1 / math.tan(math.radians(degrees) / 2) for degrees in (150.0, 1.0)
)  # bounds, as fields of view
# errors of a network that are independent of each other, over the whole picture: they vary slowly across it
INDEPENDENT = 16
NOISE_DOUBT = 1e-3  # relative error of the noise that is taken out
LEAST_ERROR = 2e-5  # of a reprojection, in half diagonals: no network is more exact
LONGEST_USUAL = 1 / math.tan(math.radians(10.0) / 2)
CERTAIN = 0.02  # spread of the logarithm of the focal length below which the points alone decide
LARGEST_SLIP = 1e-3  # of the focal length, by noise or by stopping early, that is left as it is
# of the differences that tell noise from relief: what a polynomial of degree 5 follows vanishes in them
DIFFERENCE_ORDER = 6
DISTANCE_TRIALS, TRIAL_ROUNDS = 65, 4  # trials of the distance per round, and rounds; each one 8 times finer
FENCE = 5.0  # deviations beyond which a difference is an edge; of normal noise a millionth
SAFE_DISTANCE = 4.0  # the nearest sample stays as many standard deviations of its noise away from the camera


@dataclass(frozen=True)
class Roughness:
    """How points of frames vary from pixel to pixel, beyond what a smooth surface does; every tensor (B,).

    z       variance of z, relative to the distance z + shift squared
    along   slope of the variations of xy over those of z times uv: 1 / focal for real relief, which moves along the rays of its
            pixels, and 0 for noise, which does not
    """

    z: Tensor
    along: Tensor

    def noise(self, i: int, focal: float) -> float:
        """Variance of the noise of z in frame i as seen by a camera of that focal length, relative as `z` is.

        Noise of x and y is not asked for: it is as large at every distance, so it draws the minimum nowhere.
        """
        usual = (
            min(max(focal, SHORTEST_FOCAL), LONGEST_USUAL) if math.isfinite(focal) else PRIOR_FOCAL
        )  # a valley's far end tells nothing
        return float(self.z[i]) * (1 - min(max(float(self.along[i]) * usual, 0.0), 1.0))


def roughness(points: Tensor, mask: Tensor, shift: Tensor, uv: Tensor, rows: int) -> Roughness:
    """Of points (B, H, W, 3) with shifts (B,) on the view plane uv (H, W, 2), from 6th differences along some `rows`.

    Edges do not count: only differences within FENCE deviations, as their median tells those, are averaged. 0 where no seven
    valid pixels are side by side.
    """
    height, width = mask.shape[1:]
    if width <= DIFFERENCE_ORDER:
        nothing = torch.zeros(len(points), dtype=torch.float64)
        return Roughness(nothing, nothing)
    chosen = torch.linspace(0, height - 1, min(rows, height), device=points.device).round().long()
    lines, valid = points[:, chosen].cpu().double(), mask[:, chosen].cpu()
    distance = lines[..., 2:] + shift.nan_to_num(0, 0, 0).cpu().double()[:, None, None, None]
    valid = valid & lines.isfinite().all(-1) & (distance[..., 0] > 0)
    differences = torch.diff(torch.where(valid[..., None], lines, 0), n=DIFFERENCE_ORDER, dim=2)
    whole = valid.unfold(2, DIFFERENCE_ORDER + 1, 1).all(-1)
    differences = (
        differences
        / torch.where(valid[..., None], distance, 1)[:, :, DIFFERENCE_ORDER // 2 : width - DIFFERENCE_ORDER // 2]
    )
    middle = uv.cpu().double()[chosen.cpu(), DIFFERENCE_ORDER // 2 : width - DIFFERENCE_ORDER // 2]
    sizes = torch.where(whole, differences[..., 2].abs(), torch.nan).flatten(1)
    deviation = NORMAL_SPREAD * sizes.nanmedian(1).values.nan_to_num()
    kept = (whole & (differences[..., 2].abs() <= FENCE * deviation[:, None, None]))[..., None] * differences

    # a 6th difference of white noise has the variance of the sum of its squared binomials
    squares = kept[..., 2].square() / math.comb(2 * DIFFERENCE_ORDER, DIFFERENCE_ORDER)
    predicted = middle * kept[..., 2:]
    along = (predicted * kept[..., :2]).flatten(1).sum(1) / predicted.square().flatten(1).sum(1).clamp_min(1e-300)
    return Roughness(squares.flatten(1).sum(1) / whole.flatten(1).sum(1).clamp_min(1), along)


@dataclass(frozen=True)
class Samples:
    """Samples of frames: view plane uv, xy (B, N, 2), z (B, N) and where they are valid (B, N); uv and xy are 0 elsewhere."""

    uv: Tensor
    xy: Tensor
    z: Tensor
    valid: Tensor

    def frame(self, i: int) -> Samples:
        """The valid samples of frame i alone, as (N, 2) and (N,)."""
        keep = self.valid[i]
        uv, xy, z = (values[i][keep].cpu().double() for values in (self.uv, self.xy, self.z))
        return Samples(uv, xy, z, keep[keep].cpu())


class _Valley:
    """The cost of one frame over its distance, with the best focal length at each, noise taken out."""

    def __init__(self, samples: Samples, noise: float, reference: float):
        self.samples, self.noise = samples, noise
        self.distance = (samples.z + reference).clamp_min(0).square()  # which the noise is relative to
        self.uu = samples.uv.square().sum()

    def at(self, shifts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """For shifts (K,): focal lengths, costs without the part that noise adds, and that part."""
        inverse = 1 / (self.samples.z + shifts[:, None])
        square = inverse.square()
        radius = self.samples.xy.square().sum(-1)
        qq, qu = square @ radius, inverse @ (self.samples.xy * self.samples.uv).sum(-1)
        noise = self.noise * (square.square() @ (radius * self.distance))
        kept = (qq - noise).clamp_min(0.5 * qq)  # more than half would not be noise
        focal = qu / kept
        return focal, (self.uu - focal * qu).clamp_min(0), focal.square() * (qq - kept)


@dataclass(frozen=True)
class Evidence:
    """What one frame says at a shift: focal length, spread of its logarithm by the points alone, and slip to the right one."""

    focal: float
    spread: float
    slip: float


def _evidence(valley: _Valley, shift: float) -> Evidence:
    """Around a solution, from the curvature of the cost along the logarithm of the distance, by central differences."""
    nearest = float(valley.samples.z.min()) + shift
    step = 0.01 * nearest
    shifts = torch.tensor([shift - step, shift, shift + step], dtype=torch.float64)
    focals, costs, noises = valley.at(shifts)
    logs = focals.clamp_min(1e-12).log()
    along = float(logs[2] - logs[0]) / 2
    slope, curvature = float(costs[2] - costs[0]) / 2, float(costs[2] - 2 * costs[1] + costs[0])
    information = (
        max(curvature, 0.0) / 2 / max(along * along, 1e-24) / _variance(valley, float(costs[1]), float(noises[1]))
    )
    slip = math.inf if curvature <= 0 else abs(slope / curvature * along)
    return Evidence(float(focals[1]), information**-0.5 if information > 0 else math.inf, slip)


def _variance(valley: _Valley, cost: float, noise: float) -> float:
    """Variance of a residual as if all were independent: slow errors, of which few are, weigh more than pixel noise."""
    count = 2 * len(valley.samples.z)
    slow = max(cost / count, LEAST_ERROR**2)
    return slow * max(1.0, count / 2 / INDEPENDENT) + noise / count * (1 + NOISE_DOUBT * count)


def likely_focal(samples: Samples, noise: float, focal: float, shift: float) -> tuple[float, float, float]:
    """Focal length, z-shift and spread of the former's logarithm for one frame that least squares gave `focal` and `shift`.

    Least squares stay where they are certain and exact. Elsewhere the most likely distance is taken, by trials over all
    distances that are finer each round, under a prior of which the weight vanishes as the points become certain.
    """
    shift = shift if math.isfinite(shift) else 0.0
    valley = _Valley(samples, noise, shift)
    nearest, extent = float(samples.z.min()), float(samples.z.max() - samples.z.min())
    if nearest + shift > 0 and SHORTEST_FOCAL < focal < LONGEST_FOCAL:
        found = _evidence(valley, shift)
        if found.spread <= CERTAIN and found.slip <= LARGEST_SLIP:
            return focal, shift, found.spread
    size = float(samples.xy.square().sum(-1).max().sqrt()) or 1.0
    least = max(SAFE_DISTANCE * math.sqrt(noise) * max(nearest + shift, 0.0), 1e-3 * size, 1e-3 * extent)
    low, high = math.log(least), math.log(2 * LONGEST_FOCAL * (size + extent) + least)
    best, weight = 0.0, 1.0
    for final in (False, True):
        lower, upper = low, high
        for _ in range(TRIAL_ROUNDS):
            logs = torch.linspace(lower, upper, DISTANCE_TRIALS, dtype=torch.float64)
            focals, costs, noises = valley.at(logs.exp() - nearest)
            variance = _variance(valley, float(costs.min()), float(noises[costs.argmin()]))
            outside = (focals < SHORTEST_FOCAL) | (focals > LONGEST_FOCAL)
            off = (focals.clamp(SHORTEST_FOCAL, LONGEST_FOCAL) / PRIOR_FOCAL).log() / PRIOR_SPREAD
            loss = torch.where(outside, torch.inf, (costs - costs.min()) / (2 * variance) + weight * off.square() / 2)
            best = float(logs[loss.argmin()])
            step = 4 * (upper - lower) / (DISTANCE_TRIALS - 1)
            lower, upper = max(low, best - step), min(high, best + step)
        found = _evidence(valley, math.exp(best) - nearest)
        if not final:
            weight = max(0.0, 1 - (CERTAIN / max(found.spread, CERTAIN * 1e-6)) ** 2)
    return found.focal, math.exp(best) - nearest, found.spread
