"""What trembles over time made smooth without a delay: a Butterworth filter that runs forwards and then backwards."""

from __future__ import annotations

from functools import lru_cache

import numpy
import torch

from ..geometry.rotations import quaternion_xyzw
from .rotation_maths import continuous, rotation_from_xyzw

FILTER_ORDER = 2  # of the filter in one direction
POINTS_AT_ONCE = 4096  # of a mesh over all frames: a float64 copy of all of them may be too much
FEWEST_FRAMES = 4  # fewer say nothing of a frequency
NOISE_SHARE = 0.35  # of the frame rate: faster than this is noise alone
CUT_OFFS = (1.0, 0.7, 0.5, 0.35, 0.25)  # shares of the frequency asked for that are tried
IMPULSE_FRAMES = 256


def low_pass(values: torch.Tensor, hz: float, fps: float) -> torch.Tensor:
    """Values (T, ...) without what changes faster than `hz`, float64; a straight way in time stays as it is.

    Zero phase: nothing comes later or earlier than it was. As they came where `hz` is 0 or more than half of `fps`, or where
    there are fewer than FEWEST_FRAMES.
    """
    values = values.double()
    if hz <= 0 or hz >= fps / 2 or len(values) < FEWEST_FRAMES:
        return values
    from scipy.signal import butter, sosfiltfilt

    sections = butter(FILTER_ORDER, hz, fs=fps, output="sos")
    # beyond the ends it goes on point-symmetrically, for some of the filter's memory
    reach = min(len(values) - 1, int(numpy.ceil(3 * fps / hz)))
    smooth = sosfiltfilt(sections, values.cpu().numpy(), axis=0, padlen=reach)
    return torch.from_numpy(numpy.ascontiguousarray(smooth)).to(values.device)


def low_pass_by_noise(values: torch.Tensor, hz: float, fps: float) -> torch.Tensor:
    """`low_pass` of values (T, ..., C), each group of C at the cut-off of at most `hz` that is best for its own noise, float64.

    Best is the least expected error by Stein's unbiased estimate of risk (1981) for linear filters, with the noise taken to be
    what is faster than NOISE_SHARE of `fps`: no person moves so fast. A group without noise is filtered at `hz`.
    """
    values = values.double()
    if hz <= 0 or hz >= NOISE_SHARE * fps or len(values) < FEWEST_FRAMES:
        return low_pass(values, hz, fps)
    quick = values - low_pass(values, NOISE_SHARE * fps, fps)
    noise = quick.square().mean(0) / _left_of_noise(NOISE_SHARE * fps, fps)
    best, least = values, torch.full(values.shape[1:-1], torch.inf, dtype=torch.float64, device=values.device)
    for share in CUT_OFFS:
        smooth = low_pass(values, share * hz, fps)
        risk = ((values - smooth).square().mean(0) + (2 * _impulse(share * hz, fps)[0] - 1) * noise).sum(-1)
        better = risk < least
        least = torch.where(better, risk, least)
        best = torch.where(better[..., None], smooth, best)
    return best


@lru_cache(maxsize=64)
def _impulse(hz: float, fps: float) -> tuple[float, float]:
    """What the filter makes of a single 1: its value there, and the sum of the squares of what is taken away."""
    row = torch.zeros(2 * IMPULSE_FRAMES + 1, 1)
    row[IMPULSE_FRAMES] = 1
    smooth = low_pass(row, hz, fps)
    return float(smooth[IMPULSE_FRAMES]), float((row - smooth).square().sum())


def _left_of_noise(hz: float, fps: float) -> float:
    """Share of the variance of white noise that is faster than `hz`."""
    return _impulse(hz, fps)[1]


def low_pass_rotations(rotations: torch.Tensor, hz: float, fps: float) -> torch.Tensor:
    """`low_pass_by_noise` of rotations (T, ..., 3, 3) by their quaternions, which are as far from each other as the turns between them."""
    quaternions = continuous(quaternion_xyzw(rotations.double()))
    return rotation_from_xyzw(low_pass_by_noise(quaternions, hz, fps))


def unwrapped(radians: torch.Tensor) -> torch.Tensor:
    """Angles (T, ...) without jumps of whole turns from one frame to the next."""
    return torch.from_numpy(numpy.unwrap(radians.cpu().numpy(), axis=0))
