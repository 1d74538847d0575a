"""Line drawings of geometry: outlines where depth jumps, creases where normals turn; smooth lines of any width.

Steps of the blurred inverse depth and of the blurred normals are measured as in Canny's detector (1986), less what goes
on at both sides of them, so that neither a slope nor a curved surface makes a line. The strength so found has a ridge
along every edge, and since its logarithm is a parabola across a blurred step, one Newton step gives the distance to the
ridge at every pixel around it (Steger, An unbiased detector of curvilinear structures, 1998): the line is drawn at the
photo's size from that distance, not from pixels of the geometry.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

from ..normals import geometric_normals, smooth_normals
from ..pointmap import Pointmap
from ..resize import Size
from .continuity import excess, inverse_depth
from .enlarge import gaussian_blur

FLOOR = 1e-3  # strength, in thresholds, below which everything is flat
FAINT = 0.6  # of a threshold at which a line begins to show; at the threshold it is full


def _steps(values: torch.Tensor, sigma: float) -> torch.Tensor:
    """Blurred map (B, H, W, C) -> height of the steps in it (B, H, W), slopes and bends left out."""
    reach = math.ceil(2.5 * sigma + 0.5)
    total = torch.zeros_like(values[..., 0])
    for dim in (1, 2):
        if values.shape[dim] < 2:
            continue
        slope = torch.gradient(values, dim=dim)[0]
        total += excess(slope, dim, reach).square().sum(-1)
    # a central difference sees this share of a unit step that a Gaussian has blurred
    return total.sqrt() / (0.5 * math.erf(1 / (sigma * math.sqrt(2))))


def edge_strength(
    pointmap: Pointmap,
    jump_percent: float = 5.0,
    crease_degrees: float = 30.0,
    smoothing: float = 1.2,
    normals: torch.Tensor | None = None,
) -> torch.Tensor:
    """How strong an edge is at each pixel (B, H, W), in units of the thresholds: 1 is an edge that just counts.

    Depth that jumps by `jump_percent` beyond its slope, or a surface that turns by `crease_degrees`, comes to 1; 100 or more
    and 180 turn either off. `smoothing` is the blur in pixels of the pointmap. The border of the mask is an edge as well.
    """
    if not smoothing > 0:
        raise ValueError(f"The smoothing of line art came as {smoothing:g} pixels; it must be greater than 0.")
    total = torch.zeros_like(pointmap.depth)
    if jump_percent < 100:
        inverse = gaussian_blur(inverse_depth(pointmap.depth, pointmap.mask), smoothing)
        jumps = _steps(inverse[..., None], smoothing) / inverse.clamp_min(torch.finfo(inverse.dtype).tiny)
        covered = gaussian_blur(pointmap.mask.float(), smoothing)
        outline = _steps(covered[..., None], smoothing)
        total += (jumps.clamp_max(2) / (jump_percent / 100)).square() * (inverse > 0) + (outline / 0.2).square()
    if crease_degrees < 180:
        if normals is None:
            normals = pointmap.normals
        if normals is None:
            normals = geometric_normals(pointmap.depth, pointmap.mask, pointmap.intrinsics)
        normals = smooth_normals(normals, pointmap.depth, pointmap.mask, round(2 * smoothing))
        turn = 2 * math.sin(math.radians(crease_degrees) / 2)
        total += (_steps(gaussian_blur(normals, smoothing), smoothing) / turn).square()
    return total.sqrt()


def _derivatives(f: torch.Tensor) -> list[torch.Tensor]:
    """f, f_x, f_y, f_xx, f_xy, f_yy per pixel of a map (B, H, W)."""

    def along(values, dim):
        return torch.gradient(values, dim=dim)[0] if values.shape[dim] > 1 else torch.zeros_like(values)

    fx, fy = along(f, 2), along(f, 1)
    return [f, fx, fy, along(fx, 2), along(fx, 1), along(fy, 1)]


def _draw(fields: list[torch.Tensor], width: float, scale: float) -> torch.Tensor:
    """Log strength and its derivatives (N,) per pixel of the geometry -> coverage of a line `width` photo pixels wide."""
    f, fx, fy, fxx, fxy, fyy = fields
    half, mean = 0.5 * (fxx - fyy), 0.5 * (fxx + fyy)
    spread = (half.square() + fxy.square()).sqrt()
    bend = mean - spread  # the most negative eigenvalue of the Hessian: across the ridge
    # (bend - fyy, fxy) and (fxy, bend - fxx) are both eigenvectors of it; the longer one is the safer
    swap = half > 0
    nx = torch.where(swap, bend - fyy, fxy)
    ny = torch.where(swap, fxy, bend - fxx)
    norm = (nx.square() + ny.square()).sqrt().clamp_min(1e-12)
    across = (fx * nx + fy * ny) / norm
    sharp = bend < -0.02
    bend = torch.where(sharp, bend, -1)
    distance = (across / bend).abs() * scale
    peak = (f - 0.5 * across.square() / bend).exp()
    opacity = ((peak - FAINT) / (1 - FAINT)).clamp(0, 1)
    return torch.where(sharp, (0.5 * width + 0.5 - distance).clamp(0, min(1.0, width)) * opacity, 0)


def lines_from_strength(strength: torch.Tensor, size: Size, width: float = 2.0) -> torch.Tensor:
    """Edge strength (B, h, w) -> lines (B, *size) in [0, 1], white on black, anti-aliased, `width` pixels of `size` wide."""
    if not width > 0:
        raise ValueError(f"The width of lines came as {width:g} pixels; it must be greater than 0.")
    fields = _derivatives((strength + FLOOR).log())
    scale = size[0] / strength.shape[1]
    # only where a line may be; the rest of a large picture is black at no cost
    near = F.max_pool2d((strength > FAINT).float()[:, None], 3, stride=1, padding=1)
    index = (F.interpolate(near, size, mode="nearest")[:, 0] > 0).reshape(-1).nonzero()[:, 0]
    lines = strength.new_zeros(len(strength), *size)
    if index.numel():
        large = (F.interpolate(f[:, None], size, mode="bilinear", align_corners=False).reshape(-1) for f in fields)
        lines.view(-1)[index] = _draw([f[index] for f in large], width, scale)
    return lines


def line_art(
    pointmap: Pointmap,
    width: float = 2.0,
    jump_percent: float = 5.0,
    crease_degrees: float = 30.0,
    smoothing: float = 1.2,
    normals: torch.Tensor | None = None,
) -> torch.Tensor:
    """Line drawing (B, H, W) in [0, 1] at the photo's size, white lines on black; see `edge_strength`."""
    strength = edge_strength(pointmap, jump_percent, crease_degrees, smoothing, normals)
    return lines_from_strength(strength, pointmap.source_size, width)
