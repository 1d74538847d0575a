"""How much depth flickers: what it changes from frame to frame where nothing but the camera moves."""

from __future__ import annotations

import torch

from .ego_motion import STILL_PIXELS, Match, Motion, pixels_of, rays_through
from .flow import pixel_positions, sample_at


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
    size = (depth.shape[0], depth.shape[1])
    positions = pixel_positions(*size)
    places = positions + found.flow
    k = intrinsics.float()
    points = rays_through(positions, k, size) * depth[..., None]
    moved = points @ motion.rotation.float().T + motion.translation.float()
    k_before = k if intrinsics_before is None else intrinsics_before.float()
    still = (pixels_of(moved, k_before, size) - places).norm(dim=-1) < STILL_PIXELS
    valid = sample_at((before > 0)[..., None].float(), places)[..., 0] > 0.999
    counted = still & valid & found.seen & (depth > 0)
    if not bool(counted.any()):
        return float("nan")
    carried = sample_at(before[..., None], places)[..., 0] + (depth - moved[..., 2])
    return ((depth - carried).abs() / depth.clamp_min(1e-12))[counted].mean().item()
