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

from ..geometry.normals import smooth_normals, surface_normals
from ..geometry.number_format import not_in_half
from ..geometry.pointmap import Pointmap
from ..geometry.resize import Size
from ..geometry.surfaces import excess, inverse_depth
from .enlarge import gaussian_blur

SIGMA_PER_RADIUS = 0.6  # a Gaussian of this share of a box's radius blurs about as much as the box
LEAST_SIGMA = 0.5  # pixels; a narrower Gaussian has no slope that pixels can show
FLOOR = 1e-3  # strength, in thresholds, below which everything is flat
FAINT_LINE = 0.75  # of a threshold at which a line begins to show; at the threshold it is full
STRONGEST_EDGE = 3.0  # thresholds that an edge counts for at most, so that the flanks of a strong one are no lines
FLATTEST = -0.02  # second derivative of the log strength; a flatter crest is no line
SPUR = 0.25  # of the strongest edge around; a ridge weaker than this is its flank
SPECK = 0.4  # of a window's side: a shorter line, alone in it, is taken for noise


def _step_height(values: torch.Tensor, sigma: float) -> torch.Tensor:
    """Blurred map (B, H, W, C) -> height of the steps in it (B, H, W), slopes and bends left out."""
    reach = math.ceil(2.5 * sigma + 0.5)
    total = torch.zeros_like(values[..., 0])
    for dim in (1, 2):
        if values.shape[dim] < 2:
            continue
        slope = torch.gradient(values, dim=dim)[0]
        # the near pair of neighbours parts edges that lie close together, the far one leaves an edge its flanks
        total += torch.maximum(*(excess(slope, dim, r).square().sum(-1) for r in (reach, 2 * reach)))
    # a central difference sees this share of a unit step that a Gaussian has blurred
    return total.sqrt() / (0.5 * math.erf(1 / (sigma * math.sqrt(2))))


def _limited(strength: torch.Tensor, sigma: float) -> torch.Tensor:
    """Strength (B, H, W) scaled down, together with its flanks, where an edge is stronger than STRONGEST_EDGE."""
    window = 2 * math.ceil(3 * sigma) + 1
    highest = F.max_pool2d(strength[:, None], window, stride=1, padding=window // 2)[:, 0]
    highest = gaussian_blur(highest, sigma)
    return strength * (STRONGEST_EDGE / highest.clamp_min(STRONGEST_EDGE))


def edge_strength(
    pointmap: Pointmap,
    jump_percent: float = 5.0,
    crease_degrees: float = 30.0,
    sigma: float = 1.2,
    normals: torch.Tensor | None = None,
) -> torch.Tensor:
    """How strong an edge is at each pixel (B, H, W), in units of the thresholds: 1 is an edge that just counts.

    Depth that jumps by `jump_percent` beyond its slope, or a surface that turns by `crease_degrees`, comes to 1; 100 or more
    and 180 turn either off. `sigma` is the blur in pixels of the pointmap. The border of the mask is an edge always.
    """
    if not sigma > 0:
        raise ValueError(f"The blur of line art came as {sigma:g} pixels; it must be greater than 0.")
    outline = _step_height(gaussian_blur(pointmap.mask.float(), sigma)[..., None], sigma) * STRONGEST_EDGE
    total = outline.square()
    if jump_percent < 100:
        inverse = gaussian_blur(inverse_depth(pointmap.depth, pointmap.mask), sigma)
        # a wider blur for what it is compared with: the ratio is then as even on both flanks of an edge
        level = gaussian_blur(inverse, 2 * sigma)
        scale = (jump_percent / 100) * level.clamp_min(torch.finfo(level.dtype).tiny)
        jumps = torch.where(level > 0, _step_height(inverse[..., None], sigma) / scale, 0)
        total += _limited(jumps, sigma).square()
    if crease_degrees < 180:
        if normals is None:
            normals = surface_normals(pointmap)
        normals = smooth_normals(normals, pointmap.depth, pointmap.mask, round(2 * sigma))
        turn = 2 * math.sin(math.radians(crease_degrees) / 2)
        creases = _step_height(gaussian_blur(_inner(normals), sigma), sigma) / turn
        total += _limited(creases, sigma).square()
    return _limited(total.sqrt(), sigma)


def _inner(normals: torch.Tensor) -> torch.Tensor:
    """Normals with those of the outermost pixels, which know one side only, taken from their neighbours inside."""
    for dim in (1, 2):
        length = normals.shape[dim]
        if length > 2:
            at = torch.arange(length, device=normals.device).clamp(1, length - 2)
            normals = normals.index_select(dim, at)
    return normals


def _derivatives(f: torch.Tensor) -> list[torch.Tensor]:
    """f, f_x, f_y, f_xx, f_xy, f_yy per pixel of a map (B, H, W)."""

    def along(values, dim):
        return torch.gradient(values, dim=dim)[0] if values.shape[dim] > 1 else torch.zeros_like(values)

    fx, fy = along(f, 2), along(f, 1)
    return [f, fx, fy, along(fx, 2), along(fx, 1), along(fy, 1)]


def _ridge(fields: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Log strength and its derivatives -> distance to the nearest ridge in pixels (inf off ridges), strength on it."""
    f, fx, fy, fxx, fxy, fyy = fields
    half, mean = 0.5 * (fxx - fyy), 0.5 * (fxx + fyy)
    bend = mean - (half.square() + fxy.square()).sqrt()  # the lower eigenvalue of the Hessian: across the ridge
    # (bend - fyy, fxy) and (fxy, bend - fxx) are both eigenvectors of it; the longer one is the safer
    swap = half < 0
    nx = torch.where(swap, bend - fyy, fxy)
    ny = torch.where(swap, fxy, bend - fxx)
    norm = (nx.square() + ny.square()).sqrt().clamp_min(1e-12)
    across = (fx * nx + fy * ny) / norm
    sharp = bend < FLATTEST
    bend = torch.where(sharp, bend, -1)
    peak = (f - 0.5 * across.square() / bend).exp()
    return torch.where(sharp, (across / bend).abs(), torch.inf), peak


def _opacity(peak: torch.Tensor) -> torch.Tensor:
    return ((peak - FAINT_LINE) / (1 - FAINT_LINE)).clamp(0, 1)


def _lasting(fields: list[torch.Tensor], window: int) -> torch.Tensor:
    """1 (B, H, W) along lines, 0 on specks (a few pixels of a line alone) and on spurs from a much stronger line."""
    distance, peak = _ridge(fields)
    line = (distance < 0.75).float() * _opacity(peak)
    count = F.avg_pool2d(line[:, None], window, stride=1, padding=window // 2)[:, 0] * window**2
    strongest = F.max_pool2d(fields[0][:, None], window, stride=1, padding=window // 2)[:, 0].exp()
    spur = (peak / strongest - SPUR) / (0.5 * SPUR)
    return (count / (SPECK * window) - 1).clamp(0, 1) * spur.clamp(0, 1)


@not_in_half
def lines_from_strength(strength: torch.Tensor, size: Size, width: float = 2.0, window: int = 7) -> torch.Tensor:
    """Edge strength (B, h, w) -> lines (B, *size) in [0, 1], white on black, anti-aliased, `width` pixels of `size` wide.

    `window`, odd, is the side in pixels of the strength in which a line must go on to be drawn.
    """
    if not width > 0:
        raise ValueError(f"The width of lines came as {width:g} pixels; it must be greater than 0.")
    fields = _derivatives((strength + FLOOR).log())
    scale = size[0] / strength.shape[1]
    fields.append(_lasting(fields, window))
    # only where a line may be; the rest of a large picture is black at no cost
    near = F.max_pool2d((strength > FAINT_LINE).float()[:, None], 3, stride=1, padding=1)
    index = (F.interpolate(near, size, mode="nearest")[:, 0] > 0).reshape(-1).nonzero()[:, 0]
    lines = strength.new_zeros(len(strength), *size)
    if index.numel():
        large = (F.interpolate(f[:, None], size, mode="bilinear", align_corners=False).reshape(-1) for f in fields)
        *ridge, kept = (values[index] for values in large)
        distance, peak = _ridge(ridge)
        covered = (0.5 * width + 0.5 - distance * scale).clamp(0, min(1.0, width))
        lines.view(-1)[index] = covered * _opacity(peak) * kept
    return lines


def line_art(
    pointmap: Pointmap,
    width: float = 2.0,
    jump_percent: float = 5.0,
    crease_degrees: float = 30.0,
    smoothing: int = 2,
    normals: torch.Tensor | None = None,
) -> torch.Tensor:
    """Line drawing (B, H, W) in [0, 1] at the photo's size, white lines on black; see `edge_strength`.

    `smoothing` is the radius in pixels of the pointmap over which its edges are blurred first.
    """
    sigma = max(LEAST_SIGMA, SIGMA_PER_RADIUS * smoothing)
    strength = edge_strength(pointmap, jump_percent, crease_degrees, sigma, normals)
    window = 2 * round(2.5 * max(1.2, sigma)) + 1
    return lines_from_strength(strength, pointmap.source_size, width, window)
