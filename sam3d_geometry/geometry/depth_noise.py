"""How noisy a depth map is: the error of its inverse depth, told from what its surfaces do by fits of planes.

On a plane seen by a pinhole camera inverse depth is linear in the pixel position. So what a fit over a small window leaves
over is noise, and it stays the same in larger windows; what a curved surface leaves over grows sixteenfold from one window
to the next of twice its radius. Depth from pictures of few bits has steps instead, which are seen in its distinct values.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .window_fits import WindowFits

# Of the least error in pixels of the picture that is worth a fit: 1e-3 turns normals by about 0.06 degrees, and the rounding
# of float32 stays a tenth of it at 8K.
LEAST_NOISE = 1e-3
ROUNDING = 1e-6  # relative fourth differences that rounding to float32 makes: a third of it, at any size
# values of rows and as many of columns that are looked at first: maps without noise cost next to nothing
FIRST_SAMPLES = 24000
PLATEAUS = 2e-3  # share of pixels with the values of their neighbours that is more than chance
WINDOW_RADII = (1, 2, 4, 8, 16)  # radii of the windows that tell noise from curvature
SATURATED = 1.75  # growth of what is left over from one window to the next that is still noise; curvature has 16, relief 2 to 4 and more
# share of the noise that must be left over in windows of 3 x 3: smoother relief is taken for the surface
LEAST_FINE_NOISE = 0.02
CLUTTER = 0.05  # relative error that is clutter rather than noise: foliage is not one rough surface
REPEAT = (8, 24)  # pixels between which two errors of noise are not alike
REPEAT_SHARE = 0.3  # of their mean square
REPEAT_RADIUS = 2  # of windows that errors are taken from: wider ones leave more of the creases over
REPEAT_SIDE = 512  # pixels of the middle of the picture that are compared
STEP_ROWS = 256  # pairs of rows in which a map's distinct values are looked for
STEP_GRAIN = 4.0  # pixels that round alike: on a slope of a quarter step per pixel
LEAST_LEVELS = 8  # distinct values with plateaus that a map of few bits has at the least
# of inverse depth, that its error grows with: stereo and disparity pictures, networks, depth pictures
POWERS = (0, 1, 2)


@dataclass(frozen=True)
class DepthNoise:
    """Error of inverse depth w: its variance is `variance` * w^(2 * `power`); `grain` pixels err together."""

    variance: float
    power: int
    grain: float

    def variances(self, inverse: torch.Tensor) -> torch.Tensor:
        return inverse.pow(2 * self.power) * self.variance


def _median_or_zero(values: torch.Tensor) -> float:
    return float(values.median()) if values.numel() else 0.0


def _quantiles(values: torch.Tensor, *shares: float) -> list[float]:
    return torch.quantile(values[:: 1 + len(values) // 100000], values.new_tensor(shares)).tolist()


def _relative_spread(values: torch.Tensor) -> float:
    """How far the middle half of positive values (N,) is apart, relative to their size."""
    low, high = _quantiles(values, 0.25, 0.75)
    return (high - low) / max(0.5 * (high + low), torch.finfo(values.dtype).tiny)


def _steps_of_levels(levels: torch.Tensor) -> tuple[float, int] | None:
    """Sorted distinct inverse depths -> (step, power) with step * w^power between neighbours; None where they lie anyhow."""
    if len(levels) < LEAST_LEVELS:
        return None
    middle, gaps = levels[:-1] + levels.diff() / 2, levels.diff()
    power = min(POWERS, key=lambda power: _relative_spread(gaps / middle.pow(power)))
    relative = gaps / middle.pow(power)
    return (_median_or_zero(relative), power) if _relative_spread(relative) < 0.1 else None


def quantisation(inverse: torch.Tensor, valid: torch.Tensor) -> tuple[float, int] | None:
    """Inverse depth (R, 2, W) in pairs of rows one below the other -> (step, power) of a map of few bits, else None.

    Only values that are shared with the pixel on the right and the one below count: level floors and walls that face the
    camera are constant along one direction without having steps.
    """
    here = inverse[:, 0, :-1]
    plateau = (here == inverse[:, 0, 1:]) & (here == inverse[:, 1, :-1])
    plateau &= valid[:, 0, :-1] & valid[:, 0, 1:] & valid[:, 1, :-1]
    if int(plateau.sum()) < PLATEAUS * plateau.numel():
        return None
    return _steps_of_levels(here[plateau].unique())


def _sampled_pairs(values: torch.Tensor, valid: torch.Tensor, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Some rows of a map (H, W), each with the one below, and of its mask (R, 2, W)."""
    first = torch.linspace(0, len(values) - 2, min(rows, len(values) - 1), device=values.device).long()
    pairs = torch.stack((first, first + 1), 1)
    return values[pairs], valid[pairs]


def _bends(inverse: torch.Tensor, valid: torch.Tensor) -> float:
    """Median of the relative fourth difference along the lines (N, L) of a map: curvature has next to none, noise has much."""
    inner = inverse[:, 2:-2]
    bend = inverse[:, :-4] + inverse[:, 4:] - 4 * (inverse[:, 1:-3] + inverse[:, 3:-1]) + 6 * inner
    inside = valid[:, :-4] & valid[:, 1:-3] & valid[:, 2:-2] & valid[:, 3:-1] & valid[:, 4:]
    return _median_or_zero((bend / inner).abs()[inside])


def suspected(depth: torch.Tensor, mask: torch.Tensor, focal: float) -> bool:
    """Whether a map (H, W) with a focal length in pixels may be noisy, by a few of its lines: quick, and True too often."""
    height, width = depth.shape
    if min(height, width) < 5:
        return False
    # the median of |4th difference| of white noise is 5.6 times its deviation; correlated noise has less
    least = max(0.5 * LEAST_NOISE / focal, ROUNDING)
    pairs, valid = _sampled_pairs(depth, mask, max(8, FIRST_SAMPLES // width))
    inverse = pairs.reciprocal()
    if _bends(inverse[:, 0], valid[:, 0]) > least:
        return True
    columns = torch.linspace(0, width - 1, min(max(8, FIRST_SAMPLES // height), width), device=depth.device).long()
    if _bends(depth[:, columns].T.reciprocal(), mask[:, columns].T) > least:
        return True
    return quantisation(inverse, valid) is not None


def _grain(left: torch.Tensor, radius: int) -> float:
    """How many pixels err together, by how far the variances of windows (N,) spread below their median."""
    count = (2 * radius + 1) ** 2
    low, middle = _quantiles(left, 0.16, 0.5)
    return max(1.0, 0.5 * count * (1 - low / middle) ** 2)


def _of_windows(fits: WindowFits, focal: float) -> DepthNoise | None:
    """The noise that the windows of a map leave over, or None where that is curvature, relief, or too little to matter."""
    stride = max(1, int((fits.inverse.numel() / FIRST_SAMPLES) ** 0.5 / 2))
    windows = [
        fit for radius in WINDOW_RADII if (fit := fits.window(radius, stride)) is not None and bool(fit.valid.any())
    ]
    if len(windows) < 2:
        return None
    left = [(fit.left_over[fit.valid], fit.mean[fit.valid]) for fit in windows]
    power = min(POWERS, key=lambda power: _relative_spread(left[1][0].sqrt() / left[1][1].pow(power)))
    relative = [over / mean.pow(2 * power) for over, mean in left]
    middles = [_median_or_zero(values) for values in relative]
    if min(middles) <= 0:
        return None
    at = min(range(1, len(middles)), key=lambda at: middles[at] / middles[at - 1])
    variance = middles[at]
    if variance > SATURATED * middles[at - 1] or middles[0] < LEAST_FINE_NOISE * variance:
        return None
    typical = _median_or_zero(fits.inverse[fits.valid])
    error = middles[0] ** 0.5 * typical ** (power - 1)
    if error * focal < LEAST_NOISE or error > CLUTTER:
        return None
    return DepthNoise(variance, power, _grain(relative[at], WINDOW_RADII[at]))


def _repeats(fits: WindowFits, noise: DepthNoise) -> bool:
    """Whether what the windows leave over is alike at pixels far apart: a relief of waves, bricks or cloth, not noise."""
    fit = fits.window(REPEAT_RADIUS)
    if fit is None:
        return False
    margin, (height, width) = REPEAT_RADIUS, fit.mean.shape
    rows, columns = (
        slice(max(0, n - REPEAT_SIDE) // 2, max(0, n - REPEAT_SIDE) // 2 + REPEAT_SIDE) for n in (height, width)
    )
    inverse = fits.inverse[margin:-margin, margin:-margin].float()
    error = (inverse - fit.mean) / noise.variances(inverse).sqrt()
    # edges and creases are no noise, and must not outweigh it
    error = torch.where(fit.valid & (error.abs() < 4), error, 0)[rows, columns]
    size = [n + REPEAT[1] for n in error.shape]
    both = torch.fft.irfft2(torch.fft.rfft2(error, s=size).abs().square(), s=size)
    far = both[: REPEAT[1], : REPEAT[1]].clone()
    far[: REPEAT[0], : REPEAT[0]] = 0
    return float(far.abs().max()) > REPEAT_SHARE * float(both[0, 0])


def measured(fits: WindowFits, focal: float) -> DepthNoise | None:
    """The noise of a map by the fits to its windows, or None where there is none that a fit could lower."""
    noise = _of_windows(fits, focal)
    sample = _sampled_pairs(fits.inverse, fits.valid, STEP_ROWS)
    # on a slope rounding repeats too, but then all values are those of few bits
    if noise is not None and _repeats(fits, noise) and _steps_of_levels(sample[0][sample[1]].unique()) is None:
        noise = None
    steps = quantisation(*sample)
    if steps is None:
        return noise
    # a step errs evenly up to its half; between two of them a window of 3 x 3 leaves a little more over
    step, power = steps
    rounding = DepthNoise(step**2 / 10, power, STEP_GRAIN)
    if noise is None:
        return rounding
    typical = fits.inverse[fits.valid].median()
    return max(noise, rounding, key=lambda found: float(found.variances(typical)))
