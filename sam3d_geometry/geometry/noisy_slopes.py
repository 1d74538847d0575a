"""Slopes of noisy inverse depth: for every pixel those of the largest window that holds it and agrees with the noise.

A window agrees if a plane leaves no more over than the noise explains (a chi-square test), passes through the pixel and has
the slopes that smaller windows found (Lepski, On a problem of adaptive estimation in Gaussian white noise, 1990). Windows
may lie beside their pixel (Nagao and Matsuyama, Edge preserving smoothing, 1979), so at an edge or a crease each pixel is
fitted on its own side. Only pixels where none agrees keep the slopes of the unsmoothed map.
"""

from __future__ import annotations

import torch

from .depth_noise import DepthNoise
from .window_fits import WindowFit, WindowFits

RADII = (1, 2, 4, 8, 16, 32)
TEST = 3.0  # standard deviations of a window's left-over variance that a fit may lie above the noise
OFF_PLANE = 4.0  # standard deviations that a pixel may lie off the plane of its window
AGREE = 3.0  # standard deviations that slopes may lie off those of the smaller window before
SHIFTS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


class _Choice:
    """The planes chosen so far for every pixel (H, W), in place: slope along x, along y and height at the pixel."""

    def __init__(self, fits: WindowFits, noise: DepthNoise, planes: torch.Tensor) -> None:
        self.valid, self.noise, self.planes = fits.valid, noise, planes
        self.inverse = fits.inverse.float()
        self.variance = noise.variances(self.inverse)
        self.doubt = torch.full_like(self.variance, torch.inf)  # variance of the slopes chosen so far

    def widen(self, fit: WindowFit, radius: int) -> None:
        """Takes the windows of one radius wherever they agree; the centred one first, else the best beside the pixel."""
        count = (2 * radius + 1) ** 2
        limit = 1 + TEST * (2 * self.noise.grain / (count - 3)) ** 0.5
        doubt = self.noise.grain / (count * radius * (radius + 1) / 3)  # of slopes, in variances of a pixel
        ratio = fit.left_over / self.noise.variances(fit.mean.clamp_min(torch.finfo(fit.mean.dtype).tiny))
        ratio.masked_fill_(~fit.valid, torch.inf)
        inner = (slice(radius, -radius), slice(radius, -radius))
        inverse, variance = self.inverse[inner], self.variance[inner]
        slope_x, slope_y, height, before = *(m[inner] for m in self.planes), self.doubt[inner]
        took = ratio <= limit
        took &= (fit.mean - inverse).square() <= OFF_PLANE**2 * variance
        apart = (fit.slope_x - slope_x).square_().add_((fit.slope_y - slope_y).square_())
        took &= apart <= AGREE**2 * before
        left = self.valid.clone()
        left[inner] &= ~took
        pixels = left.view(-1).nonzero()[:, 0]
        for chosen, found in ((slope_x, fit.slope_x), (slope_y, fit.slope_y), (height, fit.mean)):
            chosen.copy_(torch.where(took, found, chosen))
        before.copy_(torch.where(took, variance * doubt, before))
        self._beside(pixels, fit, ratio, radius, (limit, doubt))

    def _beside(
        self, pixels: torch.Tensor, fit: WindowFit, ratio: torch.Tensor, radius: int, tests: tuple[float, float]
    ) -> None:
        """The best agreeing window beside each of some pixels, given by their flat index (N,); `tests`: limit and doubt."""
        limit, doubt = tests
        rows, columns = ratio.shape
        width = self.inverse.shape[1]
        y, x = pixels // width - radius, pixels % width - radius
        inverse, variance, before = (m.view(-1)[pixels] for m in (self.inverse, self.variance, self.doubt))
        slopes = self.planes.view(3, -1)[:2, pixels]
        windows = torch.stack((fit.slope_x, fit.slope_y, fit.mean, ratio)).view(4, -1)
        best, chosen = torch.full_like(inverse, limit), torch.zeros_like(windows[:3, :1]).repeat(1, len(pixels))
        for step_y, step_x in SHIFTS:
            at_y, at_x = y + step_y * radius, x + step_x * radius
            inside = (at_y >= 0) & (at_y < rows) & (at_x >= 0) & (at_x < columns)
            among = inside.nonzero()[:, 0]
            at = at_y[among] * columns + at_x[among]
            better = windows[3][at] < best[among]
            among, at = among[better], at[better]
            slope_x, slope_y, height, over = windows[:, at]
            height = height - radius * (step_y * slope_y + step_x * slope_x)
            apart = (slope_x - slopes[0][among]).square() + (slope_y - slopes[1][among]).square()
            agrees = apart <= AGREE**2 * before[among]
            agrees &= (height - inverse[among]).square() <= OFF_PLANE**2 * variance[among]
            among = among[agrees]
            best[among] = over[agrees]
            chosen[:, among] = torch.stack((slope_x, slope_y, height))[:, agrees]
        taken = best < limit
        pixels = pixels[taken]
        self.planes.view(3, -1)[:, pixels] = chosen[:, taken]
        self.doubt.view(-1)[pixels] = variance[taken] * doubt


def fitted_planes(fits: WindowFits, noise: DepthNoise, planes: torch.Tensor) -> torch.Tensor:
    """Planes (3, H, W) of the unsmoothed map -> the fitted ones: slopes per pixel along x and y, and inverse depth."""
    choice = _Choice(fits, noise, planes.float().contiguous())
    for radius in RADII:
        fit = fits.window(radius)
        if fit is None:
            break
        choice.widen(fit, radius)
    return choice.planes
