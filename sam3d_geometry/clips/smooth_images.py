"""Smoothing of pictures along motion: depth or normals of any origin, guided by the photos that they were made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import torch

from ..geometry.resize import resize_image
from .cuts import CUT_THRESHOLD, frame_changes, thumbnails
from .ego_motion import spread
from .flow import followed, grey_frames, pixel_positions, sample_at
from .plain_average import check_guide
from .smooth_geometry import check_direction, memory_of, windowed_mean

TOLERANCE = 4.0  # in standard deviations of the noise
LEAST_NOISE = 0.01
MOST_NOISE = 4.0  # times the usual noise, somewhere in a picture
OUTLYING = 2.5  # times the usual noise: what is further off has moved, and is not counted as noise


@dataclass(frozen=True)
class ImageMotionState:
    """What a stream carries on: the last smoothed picture (H, W, C), its weight (H, W), the guide's luminance and look."""

    value: torch.Tensor
    weight: torch.Tensor
    grey: numpy.ndarray
    look: torch.Tensor


def _blended(
    image: torch.Tensor,
    before: tuple[torch.Tensor, torch.Tensor] | None,
    there: torch.Tensor,
    seen: torch.Tensor,
    memory,
) -> tuple[torch.Tensor, torch.Tensor]:
    height, width = image.shape[:2]
    if before is None:
        return image, torch.ones(height, width, device=image.device)
    were = pixel_positions(height, width, image.device) + there.to(image.device)
    carried = sample_at(torch.cat([before[0], before[1][..., None]], -1), were)
    carried, weight = carried[..., :-1], carried[..., -1] * seen.to(image.device)
    off = (carried - image).abs().amax(-1)
    counted = weight > 0
    noise = LEAST_NOISE
    if bool(counted.any()):
        noise = spread(off[counted], LEAST_NOISE)
    # noise is not the same everywhere: in a depth picture near things have more of it than far ones
    counted = counted & (off < OUTLYING * noise)
    noise = (1.25 * windowed_mean(off, counted)).clamp(noise, MOST_NOISE * noise)
    weight = weight * (1 - (off / (TOLERANCE * noise)).square()).clamp_min(0).square()
    weight = weight.clamp_max(memory - 1)
    share = (weight / (weight + 1))[..., None]
    return torch.lerp(image, carried, share), weight + 1


def smooth_images_along_motion(
    images: torch.Tensor,
    strength: float = 0.8,
    guide: torch.Tensor | None = None,
    state: ImageMotionState | None = None,
    *,
    direction: str = "causal",
    cut_threshold: float = CUT_THRESHOLD,
    on_progress=None,
) -> tuple[torch.Tensor, ImageMotionState]:
    """Images (B, H, W, C) in [0, 1] -> the same averaged along the motion that optical flow finds, and the state to go on.

    Motion and cuts are looked for in `guide` (B, h, w, 3), the photos, where given. Where flow does not return to where it
    started, or the values do not fit, the new frame wins. `strength` and `direction` as in
    `motion_smoothing.smooth_along_motion`, which does better where a pointmap is at hand: it knows the camera's motion.
    `on_progress(done, total)` may raise to stop.
    """
    memory = memory_of(strength)
    check_direction(direction)
    check_guide(guide, images)
    size = tuple(images.shape[1:3])
    looks = thumbnails(images if guide is None else guide).cpu()
    greys = [grey_frames(resize_image(frame[None, ..., :3], size))[0] for frame in (images if guide is None else guide)]
    if state is not None and state.value.shape != images.shape[1:]:
        state = None
    cuts = (frame_changes(looks, None if state is None else state.look) > cut_threshold).tolist()
    history, before = None, None
    if state is not None:
        history, before = (state.value.to(images.device), state.weight.to(images.device)), state.grey
    result = torch.empty_like(images, dtype=torch.float32)
    weights, total = [], len(images) * (2 if direction == "zero lag" else 1)
    for i, (cut, grey) in enumerate(zip(cuts, greys)):
        there, seen = followed(grey, before) if before is not None and not cut else (None, None)
        history = _blended(images[i].float(), None if there is None else history, there, seen, memory)
        before, result[i] = grey, history[0]
        if direction == "zero lag":
            weights.append(history[1])
        if on_progress is not None:
            on_progress(i + 1, total)
    state = ImageMotionState(result[-1].clone(), history[1], greys[-1], looks[-1:])
    if direction == "zero lag":
        history = None
        for i in range(len(images) - 1, -1, -1):
            flows = None if i == len(images) - 1 or cuts[i + 1] else followed(greys[i], greys[i + 1])
            there, seen = flows if flows is not None else (None, None)
            history = _blended(images[i].float(), None if flows is None else history, there, seen, memory)
            both = (weights[i] + history[1] - 1)[..., None]
            result[i] = (result[i] * weights[i][..., None] + history[0] * history[1][..., None] - images[i]) / both
            if on_progress is not None:
                on_progress(total - i, total)
    return result, state
