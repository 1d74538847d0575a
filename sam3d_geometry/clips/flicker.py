"""How much depth flickers: what it changes from frame to frame where nothing but the camera moves."""

from __future__ import annotations

import torch

from .ego_motion import STILL_PIXELS, Match, Motion
from .flow import pixel_positions, sample_at, squared_length
from .moved_pixels import seen_from_before


def frame_flicker(
    depth: torch.Tensor,
    before: torch.Tensor,
    intrinsics: torch.Tensor,
    found: Match,
    motion: Motion,
    intrinsics_before: torch.Tensor | None = None,
) -> float:
    """Mean of |depth - depth before, carried along| / depth over pixels that stand still in the world; nan if there are none.

    depth and before (H, W), 0 where invalid; `found` says where the frame's pixels were before, `motion` takes its points to
    the camera of that frame, in the unit of `depth`; intrinsics (3, 3) normalised, of both frames unless that before had others.
    """
    places = pixel_positions(depth.shape[0], depth.shape[1]).add_(found.flow)
    by_camera, moved = seen_from_before(
        depth, intrinsics, motion, intrinsics if intrinsics_before is None else intrinsics_before
    )
    still = squared_length(by_camera - places) < STILL_PIXELS**2
    valid, there = sample_at(torch.stack([(before > 0).to(before), before], -1), places).unbind(-1)
    counted = still & (valid > 0.999) & found.seen & (depth > 0)
    if not bool(counted.any()):
        return float("nan")
    return ((moved - there).abs_() / depth.clamp_min(1e-12))[counted].mean().item()
