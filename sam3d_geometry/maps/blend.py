"""Blending of an overlay over a base picture, with the separable modes of the W3C compositing specification."""

from __future__ import annotations

import torch

from ..geometry.picture_forms import plain_image, plain_mask
from ..geometry.resize import picture_size, resize_image


def _screen(base: torch.Tensor, overlay: torch.Tensor) -> torch.Tensor:
    return base + overlay - base * overlay


def _overlaid(base: torch.Tensor, overlay: torch.Tensor) -> torch.Tensor:
    return torch.where(base <= 0.5, 2 * base * overlay, 1 - 2 * (1 - base) * (1 - overlay))


def _soft_light(base: torch.Tensor, overlay: torch.Tensor) -> torch.Tensor:
    dodge = torch.where(base <= 0.25, ((16 * base - 12) * base + 4) * base, base.clamp_min(0).sqrt())
    darker = base - (1 - 2 * overlay) * base * (1 - base)
    return torch.where(overlay <= 0.5, darker, base + (2 * overlay - 1) * (dodge - base))


BLEND_MODES = {
    "normal": lambda base, overlay: overlay,
    "multiply": torch.mul,
    "screen": _screen,
    "overlay": _overlaid,
    "soft light": _soft_light,
}
RESIZE_OVERLAY, RESIZE_BASE, REFUSE = SIZE_MATCH = ("resize overlay", "resize base", "refuse")


def match_frames(
    first: torch.Tensor, second: torch.Tensor, names: tuple[str, str]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Two batches -> the same two with as many frames; a single frame serves all frames of the other."""
    first, second = plain_image(names[0], first), plain_image(names[1], second)
    if len(first) != len(second) and 1 not in (len(first), len(second)):
        raise ValueError(
            f"Input {names[0]} has {len(first)} frames and input {names[1]} has {len(second)}; give both the same number, "
            "or a single frame to one of them."
        )
    frames = max(len(first), len(second))
    return first.expand(frames, -1, -1, -1), second.expand(frames, -1, -1, -1)


def blend(
    base: torch.Tensor,
    overlay: torch.Tensor,
    opacity: float = 1.0,
    mode: str = "normal",
    size_match: str = RESIZE_OVERLAY,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """Base and overlay (B, H, W, 3) in [0, 1] -> base with the overlay over it at `opacity` (0 none, 1 full).

    Works on display values, as picture editors do. `size_match` says which picture is resized when sizes differ. `mask`
    (1 or B, h, w) of any size says where the overlay shows.
    """
    if mode not in BLEND_MODES:
        raise ValueError(f"Blend mode {mode!r} is not known; choose one of {', '.join(BLEND_MODES)}.")
    if size_match not in SIZE_MATCH:
        raise ValueError(f"Size match {size_match!r} is not known; choose one of {', '.join(SIZE_MATCH)}.")
    base, overlay = plain_image("base", base)[..., :3], plain_image("overlay", overlay)[..., :3]
    if base.shape[1:3] != overlay.shape[1:3]:
        if size_match == REFUSE:
            raise ValueError(
                f"Base is {base.shape[2]} x {base.shape[1]} and overlay {overlay.shape[2]} x {overlay.shape[1]}; give both the "
                "same size or set size_match to resize one of them."
            )
        if size_match == RESIZE_OVERLAY:
            overlay = resize_image(overlay, picture_size(base))
        else:
            base = resize_image(base, picture_size(overlay))
    base, overlay = match_frames(base, overlay, ("base", "overlay"))
    if mask is not None:
        mask = plain_mask("overlay_mask", mask)
        mask = resize_image(mask[..., None], picture_size(base))
    result = torch.empty(base.shape, dtype=torch.float32, device=base.device)
    for i in range(len(base)):  # by frame: the temporaries of a mode are several times the clip
        weight = opacity if mask is None else opacity * mask[min(i, len(mask) - 1)]
        result[i] = base[i] + (BLEND_MODES[mode](base[i], overlay[i]) - base[i]) * weight
    return result.clamp_(0, 1)
