"""What the preview network is trained on: log depth up to a constant, its edges and normals, the valid area, the focal
length, and how sure it says it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from sam3d_geometry.models.preview import PreviewEstimate
from sam3d_geometry.models.view_plane import network_plane_axes

WEIGHTS = {
    "depth": 1.0,
    "disparity": 0.3,
    "edges": 0.5,
    "boundary": 0.4,
    "slant": 0.2,
    "validity": 0.3,
    "focal": 0.2,
    "normals": 0.15,
    "likelihood": 0.05,
}
BOUNDARY = 0.08  # difference of log depth between neighbors from which they lie on two surfaces
BOUNDARY_STEPS = (1, 2, 4)
LOG_ERRORS = (-6.0, 2.0)


@dataclass(frozen=True)
class Answer:
    """What the network says at the size of the truth, normals (B, 3, H/2, W/2) at half of it, if any."""

    log_depth: torch.Tensor
    logit: torch.Tensor
    log_focal: torch.Tensor
    log_error: torch.Tensor | None = None
    normals: torch.Tensor | None = None

    @classmethod
    def at(cls, estimate: PreviewEstimate, size: tuple[int, int]) -> Answer:
        """An estimate's maps brought to `size`, which is that of the detail branch where there is one."""
        log_error = None if estimate.detail is None else estimate.detail[:, 2]
        return cls(*estimate.maps(size), estimate.log_focal, log_error, estimate.normals)


@dataclass(frozen=True)
class Truth:
    """log_depth (B, H, W), valid (B, H, W) bool, log_focal (B,)."""

    log_depth: torch.Tensor
    valid: torch.Tensor
    log_focal: torch.Tensor

    def to(self, device: torch.device | str) -> Truth:
        """The same on a device."""
        return Truth(*(part.to(device, non_blocking=True) for part in (self.log_depth, self.valid, self.log_focal)))


def training_loss(answer: Answer, truth: Truth) -> tuple[torch.Tensor, dict[str, float]]:
    """The weighted sum and its parts by name.

    Depth is compared after a shift by the median error, for a photo does not tell its scale.
    """
    valid = truth.valid
    error = torch.where(valid, answer.log_depth - truth.log_depth, 0)
    shift = _middles(error.detach(), valid)
    aligned = torch.where(valid, error - shift[:, None, None], 0)
    pixels = valid.sum((1, 2)).clamp_min(1)
    parts = {
        "depth": (aligned.abs().clamp_max(4).sum((1, 2)) / pixels).mean(),
        "disparity": _disparity_error(truth.log_depth, aligned, valid, pixels),
        "edges": _edge_error(aligned, valid),
        "boundary": _boundary_error(aligned, truth.log_depth, valid),
        "validity": F.binary_cross_entropy_with_logits(answer.logit, valid.to(answer.logit.dtype)),
        "focal": (answer.log_focal - truth.log_focal).abs().mean(),
    }
    true_normals, smooth = _normals(truth.log_depth[:, ::2, ::2], truth.log_focal, valid[:, ::2, ::2])
    slanted, _ = _normals(
        (truth.log_depth + aligned)[:, ::2, ::2], truth.log_focal, valid[:, ::2, ::2]
    )  # in the true camera: the focal length has a part of its own
    parts["slant"] = _turn(slanted, true_normals, smooth)
    if answer.normals is not None:
        parts["normals"] = _turn(answer.normals[:, :, 1:-1, 1:-1], true_normals, smooth)
    if answer.log_error is not None:
        expected = answer.log_error.clamp(*LOG_ERRORS)
        surprise = aligned.detach().abs() * torch.exp(-expected) + expected  # of Laplace's distribution
        parts["likelihood"] = (torch.where(valid, surprise, 0).sum((1, 2)) / pixels).mean()
    # the scale itself is free, but it must not drift away
    loss = sum(WEIGHTS[name] * part for name, part in parts.items()) + 0.05 * (error.sum((1, 2)) / pixels).abs().mean()
    return loss, {name: float(part.detach()) for name, part in parts.items()}


def _middles(values: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Medians (B,) of the valid values of maps (B, H, W), from a quarter of the pixels."""
    values, valid = values[:, ::2, ::2].flatten(1), valid[:, ::2, ::2].flatten(1)
    ordered = torch.where(valid, values, torch.inf).sort(dim=1).values
    middle = ((valid.sum(1) - 1) // 2).clamp_min(0)
    return torch.where(valid.any(1), ordered.gather(1, middle[:, None])[:, 0], 0)


def _disparity_error(true_log_depth, aligned, valid, pixels):
    """Error of 1 / depth in units of the frame's median: it counts what is near, as a viewer does."""
    true = (_middles(true_log_depth, valid)[:, None, None] - true_log_depth).clamp(-6, 1.5).exp()
    difference = true * (1 - torch.exp(-aligned.clamp(-2, 2)))
    return (torch.where(valid, difference.abs(), 0).clamp_max(3).sum((1, 2)) / pixels).mean()


def _edge_error(aligned, valid):
    """Differences of the error between neighbours at five scales (Li and Snavely 2018, arXiv 1804.00607)."""
    total = 0.0
    for step in (1, 2, 4, 8, 16):
        e, v = aligned[:, ::step, ::step], valid[:, ::step, ::step]
        across = (e[..., 1:] - e[..., :-1]).abs().clamp_max(1) * (v[..., 1:] & v[..., :-1])
        down = (e[:, 1:] - e[:, :-1]).abs().clamp_max(1) * (v[:, 1:] & v[:, :-1])
        total = total + (across.sum() + down.sum()) / v.sum().clamp_min(1)
    return total


def _boundary_error(aligned, true_log_depth, valid):
    """Mean error of the step between pixels on both sides of a depth edge: few, and not heard among all others."""
    total, pairs = 0.0, torch.zeros((), dtype=torch.int64, device=aligned.device)
    for dim in (1, 2):
        jump = true_log_depth.diff(dim=dim).abs() > BOUNDARY
        for step in BOUNDARY_STEPS:
            length = aligned.shape[dim] - step
            both = valid.narrow(dim, step, length) & valid.narrow(dim, 0, length)
            between = [jump.narrow(dim, first, length) for first in range(step)]
            edge = both & torch.stack(between).any(0)
            change = (aligned.narrow(dim, step, length) - aligned.narrow(dim, 0, length)).abs().clamp_max(1)
            total, pairs = total + (change * edge).sum(), pairs + edge.sum()
    return total / pairs.clamp_min(1)


def _normals(log_depth, log_focal, valid):
    """Unit normals (B, 3, H-2, W-2) facing the camera, and where all around is one valid surface (B, H-2, W-2)."""
    height, width = log_depth.shape[1:]
    u, v = network_plane_axes(height, width, width / height, log_depth.device)
    z = torch.where(valid, log_depth - _middles(log_depth.detach(), valid)[:, None, None], 0).clamp(-6, 6).exp()
    ray = z / log_focal.exp()[:, None, None]
    points = torch.stack([ray * u, ray * v[:, None], z], 1)
    across, down = points[:, :, 1:-1, 2:] - points[:, :, 1:-1, :-2], points[:, :, 2:, 1:-1] - points[:, :, :-2, 1:-1]
    normals = F.normalize(torch.linalg.cross(down, across, dim=1), dim=1)
    lengthwise = (log_depth[:, 1:-1, 2:] - log_depth[:, 1:-1, :-2]).abs().detach()
    crosswise = (log_depth[:, 2:, 1:-1] - log_depth[:, :-2, 1:-1]).abs().detach()
    whole = valid[:, 1:-1, 2:] & valid[:, 1:-1, :-2] & valid[:, 2:, 1:-1] & valid[:, :-2, 1:-1]
    return normals, whole & (torch.maximum(lengthwise, crosswise) < 2 * BOUNDARY)


def _turn(normals, true_normals, where):
    """1 - cosine of the angle between normals (B, 3, H, W), mean over `where`."""
    return ((1 - (normals * true_normals).sum(1)) * where).sum() / where.sum().clamp_min(1)
