"""Smoothing over time: an exponential moving average over frames that starts again at a cut."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from ..geometry.camera import unproject
from ..geometry.pointmap import Pointmap
from .cuts import CUT_THRESHOLD, find_cuts, thumbnails
from .validity import decided

MAX_STRENGTH = 0.95


@dataclass(frozen=True)
class TemporalState:
    """What a stream carries from one run to the next: the last smoothed frame and the look of the last one seen.

    value  tensors of one frame, each (1, ...); for a pointmap log depth (0 where invalid), mask, log focal (1, 2) and the average
           of the masks
    look   (N, 48, 48, 3) thumbnails for the detection of cuts
    size   (height, width) of the frame's photo
    """

    value: tuple[torch.Tensor, ...]
    look: torch.Tensor
    size: tuple[int, int]


def check_strength(strength: float) -> None:
    """ValueError for a smoothing strength that is not between 0 and `MAX_STRENGTH`."""
    if not 0 <= strength <= MAX_STRENGTH:
        raise ValueError(f"Smoothing strength came as {strength:g}; it must lie between 0 and {MAX_STRENGTH}.")


def check_guide(guide: torch.Tensor | None, images: torch.Tensor) -> None:
    """ValueError for a guide that has not as many frames as the images."""
    if guide is not None and len(guide) != len(images):
        raise ValueError(
            f"The guide has {len(guide)} frames and the images {len(images)}; both must have the same number."
        )


def _state_for(
    state: TemporalState | None, shapes: tuple[torch.Size, ...], size: tuple[int, int]
) -> TemporalState | None:
    """The state, or None where its frames are not like the new ones."""
    if state is None or state.size != size or tuple(v.shape[1:] for v in state.value) != shapes:
        return None
    return state


def smooth_images(
    images: torch.Tensor,
    strength: float = 0.3,
    guide: torch.Tensor | None = None,
    state: TemporalState | None = None,
    cut_threshold: float = CUT_THRESHOLD,
) -> tuple[torch.Tensor, TemporalState]:
    """Images (B, H, W, C) in [0, 1] -> smoothed ones and the state to go on from: out = s * previous + (1 - s) * new.

    `strength` s in [0, 0.95]. A frame that differs from the last by more than `cut_threshold` starts anew; cuts are looked
    for in `guide` (B, h, w, 3), the photos, where given, since depth pictures may change little across a cut.
    """
    check_strength(strength)
    check_guide(guide, images)
    looks = thumbnails(images if guide is None else guide)
    size = (images.shape[1], images.shape[2])
    state = _state_for(state, (images.shape[1:],), size)
    found = find_cuts(looks, None if state is None else state.look.to(looks), cut_threshold)
    result = torch.empty_like(images, dtype=torch.float32)
    previous = None if state is None else state.value[0][0].to(result)
    for i, cut in enumerate(found.cuts.tolist()):
        if previous is None or cut:
            result[i] = images[i]
        else:
            torch.lerp(images[i].float(), previous, strength, out=result[i])
        previous = result[i]
    return result, TemporalState((result[-1:].clone(),), found.look, size)


def smooth_pointmap(
    pointmap: Pointmap,
    strength: float = 0.3,
    state: TemporalState | None = None,
    cut_threshold: float = CUT_THRESHOLD,
) -> tuple[Pointmap, TemporalState]:
    """Pointmap -> the same with log depth, focal length and normals smoothed over its frames, and the state to go on from.

    A pixel that was or is invalid takes the new frame's value. The mask is smoothed too: a pixel has geometry where the average of
    the masks is above a half, from the frame before where its own has none.
    """
    check_strength(strength)
    looks = thumbnails(pointmap.image)
    focal = pointmap.intrinsics[:, (0, 1), (0, 1)].log()
    log_depth = pointmap.depth.clamp_min(torch.finfo(torch.float32).tiny).log()
    parts = [log_depth, pointmap.mask.clone(), focal, pointmap.mask.float()]
    if pointmap.normals is not None:
        parts.append(pointmap.normals.clone())
    state = _state_for(state, tuple(p.shape[1:] for p in parts), pointmap.source_size)
    found = find_cuts(looks, None if state is None else state.look.to(looks), cut_threshold)
    previous = None if state is None else [v[0].to(looks.device) for v in state.value]
    for i, cut in enumerate(found.cuts.tolist()):
        log_depth, mask, log_focal, validity, *normals = (p[i] for p in parts)
        if previous is not None and not cut:
            validity.lerp_(previous[3], strength)
            steady = decided(validity, mask) & (mask | previous[1])
            both, filled = mask & previous[1], steady & ~mask
            log_depth.copy_(torch.where(both, torch.lerp(log_depth, previous[0], strength), log_depth))
            log_depth.copy_(torch.where(filled, previous[0], log_depth))
            log_focal.lerp_(previous[2], strength)
            for new, old in zip(normals, previous[4:]):
                mixed = F.normalize(torch.lerp(new, old, strength), dim=-1)
                new.copy_(torch.where(both[..., None], mixed, torch.where(filled[..., None], old, new)))
            mask.copy_(steady)
        previous = [p[i] for p in parts]
    intrinsics = pointmap.intrinsics.clone()
    intrinsics[:, (0, 1), (0, 1)] = parts[2].exp()
    mask = parts[1]
    points = unproject(parts[0].exp_().mul_(mask), intrinsics)
    normals = parts[4] * mask[..., None] if len(parts) > 4 else None
    smoothed = replace(pointmap, points=points, mask=mask, intrinsics=intrinsics, normals=normals)
    last = [p[-1:].clone() for p in parts]
    last[0] = last[0].clamp_min(torch.finfo(torch.float32).tiny).log()
    return smoothed, TemporalState(tuple(last), found.look, pointmap.source_size)
