"""What trembles over time made smooth without a delay: a Butterworth filter that runs forwards and then backwards."""

from __future__ import annotations

import numpy
import torch

from ..geometry.rotations import quaternion_xyzw
from .rotation_maths import continuous, rotation_from_xyzw

FILTER_ORDER = 2  # of the filter in one direction
POINTS_AT_ONCE = 4096  # of a mesh over all frames: a float64 copy of all of them may be too much
FEWEST_FRAMES = 4  # fewer say nothing of a frequency


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


def low_pass_rotations(rotations: torch.Tensor, hz: float, fps: float) -> torch.Tensor:
    """`low_pass` of rotations (T, ..., 3, 3) by their quaternions, which are as far from each other as the turns between them."""
    quaternions = continuous(quaternion_xyzw(rotations.double()))
    return rotation_from_xyzw(low_pass(quaternions, hz, fps))


def unwrapped(radians: torch.Tensor) -> torch.Tensor:
    """Angles (T, ...) without jumps of whole turns from one frame to the next."""
    return torch.from_numpy(numpy.unwrap(radians.cpu().numpy(), axis=0))
