"""Smoothing of pictures along motion: depth or normals of any origin, guided by the photos that they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy
import torch

from ..geometry.progress import OnProgress
from ..geometry.resize import require_same_shape, resize_image
from .cuts import CUT_THRESHOLD, find_cuts, thumbnails
from .flow import followed, grey_frames, pixel_positions, sample_at
from .noise import agreement, spread, windowed_mean
from .plain_average import check_guide
from .time_average import CAUSAL, ZERO_LAG, TimeAverage, check_direction, memory_of, run_average

LEAST_VALUE_NOISE = 0.01  # of a picture's 0 to 1: about two steps of 8 bits, which every picture may be off
MOST_NOISE = 4.0  # times the usual noise, somewhere in a picture
OUTLYING = 2.5  # times the usual noise: what is further off has moved, and is not counted as noise
MEAN_TO_DEVIATION = 1.25  # standard deviation of normal noise by its mean distance from 0, the root of pi / 2


@dataclass(frozen=True)
class ImageMotionState:
    """What a stream carries on: the last smoothed picture (H, W, C), its weight (H, W), the guide's luminance and look."""

    value: torch.Tensor
    weight: torch.Tensor
    grey: numpy.ndarray
    look: torch.Tensor


class PictureHistory(NamedTuple):
    """The average so far: a picture (H, W, C), and how many frames each of its pixels is made of (H, W)."""

    value: torch.Tensor
    weight: torch.Tensor


def _local_noise(off: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Differences (H, W) between a picture and its history, and which of them count -> the standard deviation of noise (H, W)."""
    usual = LEAST_VALUE_NOISE
    if bool(counted.any()):
        usual = spread(off[counted], LEAST_VALUE_NOISE)
    # noise is not the same everywhere: in a depth picture near things have more of it than far ones
    counted = counted & (off < OUTLYING * usual)
    return (MEAN_TO_DEVIATION * windowed_mean(off, counted)).clamp(usual, MOST_NOISE * usual)


def _averaged_picture(image: torch.Tensor, carried: PictureHistory, memory: float) -> PictureHistory:
    """A picture (H, W, C) averaged with a history that lies where its pixels are, over at most `memory` frames.

    The weight of a pixel of the history falls to 0 where it is off by more than noise is (Tukey's biweight).
    """
    off = (carried.value - image).abs().amax(-1)
    weight = carried.weight * agreement(off, _local_noise(off, carried.weight > 0))
    weight = weight.clamp_max(memory - 1)
    share = (weight / (weight + 1))[..., None]
    return PictureHistory(torch.lerp(image, carried.value, share), weight + 1)


class _PictureAverage(TimeAverage[numpy.ndarray, PictureHistory]):
    """Pictures (B, H, W, C) averaged where optical flow between the guide's luminances finds their pixels again."""

    def __init__(self, images: torch.Tensor, greys: list[numpy.ndarray], memory: float, direction: str):
        super().__init__(greys)
        self._images, self._memory = images, memory
        self._joins = direction == ZERO_LAG
        self.result = torch.empty_like(images, dtype=torch.float32)
        self._weights: list[torch.Tensor] = []

    def step(self, index: int, before: numpy.ndarray | None, history: PictureHistory | None) -> PictureHistory:
        image = self._images[index].float()
        height, width = image.shape[:2]
        if before is None or history is None:
            return PictureHistory(image, torch.ones(height, width, device=image.device))
        flow, seen = followed(self.seen[index], before)
        positions_before = pixel_positions(height, width, image.device) + flow.to(image.device)
        carried = sample_at(torch.cat([history.value, history.weight[..., None]], -1), positions_before)
        return _averaged_picture(
            image, PictureHistory(carried[..., :-1], carried[..., -1] * seen.to(image.device)), self._memory
        )

    def keep(self, index: int, forward: PictureHistory) -> None:
        self.result[index] = forward.value
        if self._joins:
            self._weights.append(forward.weight)

    def join(self, index: int, backward: PictureHistory) -> None:
        weight = self._weights[index]
        both = (weight + backward.weight - 1)[..., None]
        summed = self.result[index] * weight[..., None] + backward.value * backward.weight[..., None]
        self.result[index] = (summed - self._images[index]) / both


def smooth_images_along_motion(
    images: torch.Tensor,
    strength: float = 0.8,
    guide: torch.Tensor | None = None,
    state: ImageMotionState | None = None,
    *,
    direction: str = CAUSAL,
    cut_threshold: float = CUT_THRESHOLD,
    on_progress: OnProgress | None = None,
) -> tuple[torch.Tensor, ImageMotionState]:
    """Images (B, H, W, C) in [0, 1] -> the same averaged along the motion that optical flow finds, and the state to go on.

    Motion and cuts are looked for in `guide` (B, h, w, 3), the photos, where given. Where flow does not return to where it
    started, or the values do not fit, the new frame wins. `strength` and `direction` as in
    `smooth_geometry.smooth_along_motion`, which does better where a pointmap is at hand: it knows the camera's motion.
    `on_progress(done, total)` may raise to stop.
    """
    memory = memory_of(strength)
    check_direction(direction)
    check_guide(guide, images)
    photos = images if guide is None else guide
    looks = thumbnails(photos).cpu()
    size = (images.shape[1], images.shape[2])
    require_same_shape((photos.shape[1], photos.shape[2]), size, "guide", "image")
    greys = [grey_frames(resize_image(frame[None, ..., :3], size))[0] for frame in photos]
    if state is not None and state.value.shape != images.shape[1:]:
        state = None
    found = find_cuts(looks, None if state is None else state.look, cut_threshold)
    average = _PictureAverage(images, greys, memory, direction)
    start = (None, None)
    if state is not None:
        start = state.grey, PictureHistory(state.value.to(images.device), state.weight.to(images.device))
    last = run_average(average, found.cuts.tolist(), direction, start, on_progress)
    return average.result, ImageMotionState(last.value.clone(), last.weight, greys[-1], found.look)
