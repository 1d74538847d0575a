"""Steadying a clip: one choice of how, for pictures and for pointmaps."""

from __future__ import annotations

from typing import Any

import torch

from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from .cuts import CUT_THRESHOLD
from .plain_average import smooth_images, smooth_pointmap
from .smooth_geometry import smooth_along_motion
from .smooth_images import smooth_images_along_motion

BOTH_WAYS, MOTION, AVERAGE, OFF = STEADY_BY = ("motion both ways", "motion", "average", "off")
# the plain average smears what moves, so it takes less of the past
STRENGTHS = {BOTH_WAYS: 0.8, MOTION: 0.8, AVERAGE: 0.3, OFF: 0.0}
_DIRECTIONS = {BOTH_WAYS: "zero lag", MOTION: "causal"}


def check_steady_by(steady_by: str) -> None:
    """ValueError for a way to steady that is not one of STEADY_BY."""
    if steady_by not in STEADY_BY:
        raise ValueError(f"Input steady_by came as {steady_by!r}; choose one of {', '.join(STEADY_BY)}.")


def steady_images(
    images: torch.Tensor,
    *,
    steady_by: str = BOTH_WAYS,
    strength: float = STRENGTHS[BOTH_WAYS],
    guide: torch.Tensor | None = None,
    state: Any = None,
    cut_threshold: float = CUT_THRESHOLD,
    on_progress: OnProgress | None = None,
) -> tuple[torch.Tensor, Any]:
    """Pictures (B, H, W, C) steadied, and the state that a stream continues with; `guide` (B, h, w, 3) shows motion and cuts.

    `state` must come from the same choice of `steady_by`. See `smooth_images_along_motion` and `plain_average.smooth_images`.
    """
    check_steady_by(steady_by)
    if steady_by == OFF:
        return images, state
    if steady_by == AVERAGE:
        return smooth_images(images, strength, guide, state, cut_threshold)
    direction = _DIRECTIONS[steady_by]
    return smooth_images_along_motion(
        images, strength, guide, state, direction=direction, cut_threshold=cut_threshold, on_progress=on_progress
    )


def steady_pointmap(
    pointmap: Pointmap,
    *,
    steady_by: str = BOTH_WAYS,
    strength: float = STRENGTHS[BOTH_WAYS],
    state: Any = None,
    cut_threshold: float = CUT_THRESHOLD,
    on_progress: OnProgress | None = None,
) -> tuple[Pointmap, Any]:
    """A pointmap's geometry steadied, and the state that a stream continues with, as `steady_images` for pictures."""
    check_steady_by(steady_by)
    if steady_by == OFF:
        return pointmap, state
    if steady_by == AVERAGE:
        return smooth_pointmap(pointmap, strength, state, cut_threshold)
    direction = _DIRECTIONS[steady_by]
    return smooth_along_motion(
        pointmap, strength, state, direction=direction, cut_threshold=cut_threshold, on_progress=on_progress
    )
