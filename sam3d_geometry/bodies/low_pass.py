"""What trembles over time made smooth without a delay: a Butterworth filter that runs forwards and then backwards."""

from __future__ import annotations

import math

import numpy
import torch

from ..geometry.rotations import quaternion_xyzw
from .rotation_maths import continuous, rotation_from_xyzw

FILTER_ORDER = 2  # of the filter in one direction
POINTS_AT_ONCE = 4096  # of a mesh over all frames: a float64 copy of all of them may be too much
FEWEST_FRAMES = 4  # fewer say nothing of a frequency
CALMEST_HZ = 1.0  # slower than this people move on purpose
STEPS_PER_OCTAVE = 3  # of the frequencies that are compared


def low_pass(values: torch.Tensor, hz: float, fps: float) -> torch.Tensor:
    """Values (T, ...) without what changes faster than `hz`, float64; a straight way in time stays as it is.

    Zero phase: nothing comes later or earlier than it was. As they came where `hz` is 0 or more than half of `fps`, or where
    there are fewer than FEWEST_FRAMES.
    """
    values = values.double()
    if hz <= 0 or hz >= fps / 2 or len(values) < FEWEST_FRAMES or not values.numel():
        return values
    from scipy.signal import butter, sosfiltfilt

    sections = butter(FILTER_ORDER, hz, fs=fps, output="sos")
    # beyond the ends it goes on point-symmetrically, for some of the filter's memory
    reach = min(len(values) - 1, int(numpy.ceil(3 * fps / hz)))
    smooth = sosfiltfilt(sections, values.cpu().numpy(), axis=0, padlen=reach)
    return torch.from_numpy(numpy.ascontiguousarray(smooth)).to(values.device)


def low_pass_rotations(rotations: torch.Tensor, hz: float, fps: float) -> torch.Tensor:
    """`low_pass` of rotations (T, ..., 3, 3) by their quaternions, which are as far from each other as the turns between them."""
    return rotation_from_xyzw(low_pass(rotation_values(rotations), hz, fps))


def rotation_values(rotations: torch.Tensor) -> torch.Tensor:
    """Rotations (T, ..., 3, 3) as numbers (T, ..., 4) that do not jump over time: quaternions of unit length."""
    return continuous(quaternion_xyzw(rotations.double()))


def fitting_hz(values: torch.Tensor, hz: float, fps: float) -> float:
    """The cut-off, `hz` at most, with which `low_pass` tells the true values (T, ...) best; `hz` where nothing can be told.

    Values that do not tremble keep `hz`. Method: generalized cross-validation (Craven and Wahba 1979), whose degrees of
    freedom are the filter's mean gain, over all values together.
    """
    if hz <= CALMEST_HZ or hz >= fps / 2 or len(values) < 4 * FEWEST_FRAMES:
        return hz
    values = values.double().flatten(1)
    steps = int(math.log2(hz / CALMEST_HZ) * STEPS_PER_OCTAVE)
    best, least = hz, math.inf
    for step in range(steps + 1):
        tried = hz * 2 ** (-step / STEPS_PER_OCTAVE)
        off = (values - low_pass(values, tried, fps)).square().mean()
        score = float(off) / (1 - mean_gain(tried, fps)) ** 2
        if score < least:
            best, least = tried, score
    return best


def mean_gain(hz: float, fps: float) -> float:
    """The share of white noise's amplitude that `low_pass` leaves, over all frequencies up to half of `fps`: forwards and backwards."""
    return float(_gains(hz, fps)[1].mean())


def speed_left(taken: float, hz: float, fps: float) -> float:
    """The speed, per second, that is left of a trembling of which `low_pass` took `taken` (rms, in any unit), if it is white noise."""
    if hz <= 0 or hz >= fps / 2:
        return 0.0
    half_turns, gains = _gains(hz, fps)
    left = (gains * 2 * numpy.sin(half_turns)) ** 2
    return float(taken * fps * numpy.sqrt(left.mean() / ((1 - gains) ** 2).mean()))


def _gains(hz: float, fps: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Half of the turns per frame, radians, of frequencies up to half of `fps`, and the gain of `low_pass` at each."""
    half_turns = (numpy.arange(256) + 0.5) / 512 * math.pi
    return half_turns, 1 / (1 + (numpy.tan(half_turns) / math.tan(math.pi * hz / fps)) ** (2 * FILTER_ORDER))


def unwrapped(radians: torch.Tensor) -> torch.Tensor:
    """Angles (T, ...) without jumps of whole turns from one frame to the next."""
    return torch.from_numpy(numpy.unwrap(radians.cpu().numpy(), axis=0))
