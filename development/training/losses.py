"""What the preview network is trained on: log depth up to a constant, its edges, the valid area, the focal length."""

from __future__ import annotations

import torch
from torch.nn import functional as F

WEIGHTS = {"depth": 1.0, "disparity": 0.3, "edges": 0.5, "validity": 0.3, "focal": 0.2}


def training_loss(
    log_depth: torch.Tensor,
    logit: torch.Tensor,
    log_focal: torch.Tensor,
    true_log_depth: torch.Tensor,
    valid: torch.Tensor,
    true_log_focal: torch.Tensor,
) -> tuple[torch.Tensor, dict[str, float]]:
    """The weighted sum and its parts by name; maps are (B, H, W), focals (B,).

    Depth is compared after a shift by the median error, for a photo does not tell its scale.
    """
    error = torch.where(valid, log_depth - true_log_depth, 0)
    shift = torch.stack([e[v].median() if bool(v.any()) else e.new_zeros(()) for e, v in zip(error.detach(), valid)])
    aligned = torch.where(valid, error - shift[:, None, None], 0)
    pixels = valid.sum((1, 2)).clamp_min(1)
    parts = {
        "depth": (aligned.abs().clamp_max(4).sum((1, 2)) / pixels).mean(),
        "disparity": _disparity_error(true_log_depth, aligned, valid, pixels),
        "edges": _edge_error(aligned, valid),
        "validity": F.binary_cross_entropy_with_logits(logit, valid.to(logit.dtype)),
        "focal": (log_focal - true_log_focal).abs().mean(),
    }
    # the scale itself is free, but it must not drift away
    loss = sum(WEIGHTS[name] * part for name, part in parts.items()) + 0.05 * (error.sum((1, 2)) / pixels).abs().mean()
    return loss, {name: float(part.detach()) for name, part in parts.items()}


def _disparity_error(true_log_depth, aligned, valid, pixels):
    """Error of 1 / depth in units of the frame's median: it counts what is near, as a viewer does."""
    middle = torch.stack([t[v].median() if bool(v.any()) else t.new_zeros(()) for t, v in zip(true_log_depth, valid)])
    true = (middle[:, None, None] - true_log_depth).clamp(-6, 1.5).exp()
    difference = true * (1 - torch.exp(-aligned.clamp(-2, 2)))
    return (torch.where(valid, difference.abs(), 0).clamp_max(3).sum((1, 2)) / pixels).mean()


def _edge_error(aligned, valid):
    """Differences of the error between neighbours at four scales (Li and Snavely 2018, arXiv 1804.00607)."""
    total = 0.0
    for step in (1, 2, 4, 8):
        e, v = aligned[:, ::step, ::step], valid[:, ::step, ::step]
        across = (e[..., 1:] - e[..., :-1]).abs().clamp_max(1) * (v[..., 1:] & v[..., :-1])
        down = (e[:, 1:] - e[:, :-1]).abs().clamp_max(1) * (v[:, 1:] & v[:, :-1])
        total = total + (across.sum() + down.sum()) / v.sum().clamp_min(1)
    return total
