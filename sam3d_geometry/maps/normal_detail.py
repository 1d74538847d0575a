"""Fine relief of surfaces made stronger or weaker: normals boosted, and integrated back into depth.

On a surface z(a, b) seen by a pinhole camera along rays r = (a, b, 1), log z has the gradient -(n_a, n_b) / (n . r) (Queau,
Durou and Aujol, Normal integration: a survey, 2018). Between two pixels of a plane log z changes by exactly the log of
the ratio of their n . r, which is what is integrated here: least squares over the steps that lie on one surface, with a
weak hold on the depth that is there.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import functional as F

from ..geometry.camera import unproject, view_plane_axes
from ..geometry.normals import smooth_normals, surface_normals
from ..geometry.number_format import not_in_half
from ..geometry.pointmap import Pointmap
from ..geometry.resize import GeometryResize
from ..geometry.surfaces import surface_links

LEAST_SIGHT_COSINE = 0.05  # least cosine between a normal and the line of sight: beyond it a step of depth has no bound
MAX_RELIEF = 2.0  # largest ratio between a depth with its relief exaggerated and without
RESIDUAL = 1e-4  # of the right side: what is left is less than a float32 picture shows
MAX_ITERATIONS = 80  # so that a picture that does not settle comes to an end


def _facing(normals: torch.Tensor, rays: torch.Tensor) -> torch.Tensor:
    return (-(normals * rays).sum(-1)).clamp_min(LEAST_SIGHT_COSINE)


def _log_depth_steps(normals: torch.Tensor, rays: torch.Tensor, dim: int) -> torch.Tensor:
    """Change of log depth from each pixel to the next along `dim` by the mean of both pixels' tangent planes."""
    length = normals.shape[dim] - 1
    n0, n1 = normals.narrow(dim, 0, length), normals.narrow(dim, 1, length)
    r0, r1 = rays.narrow(dim, 0, length), rays.narrow(dim, 1, length)
    ratio = _facing(n0, r0) / _facing(n0, r1) * (_facing(n1, r0) / _facing(n1, r1))
    return 0.5 * ratio.log()


def _divergence(steps: torch.Tensor, dim: int) -> torch.Tensor:
    """Adjoint of the difference along `dim`: (B, H, W) less one along it -> (B, H, W)."""
    shape = list(steps.shape)
    shape[dim] += 1
    out = steps.new_zeros(shape)
    out.narrow(dim, 1, steps.shape[dim]).add_(steps)
    out.narrow(dim, 0, steps.shape[dim]).sub_(steps)
    return out


class _Preconditioner:
    """Inverse of the screened Laplacian without any cut, by cosine transform (an even extension's Fourier transform)."""

    def __init__(self, height: int, width: int, screen: float, like: torch.Tensor):
        k = torch.arange(2 * height, device=like.device, dtype=like.dtype)[:, None] / (2 * height)
        m = torch.arange(width + 1, device=like.device, dtype=like.dtype)[None] / (2 * width)
        tau = 2 * torch.pi
        self.spectrum = 1 / (4 - 2 * torch.cos(tau * k) - 2 * torch.cos(tau * m) + screen)

    def __call__(self, residual: torch.Tensor) -> torch.Tensor:
        height, width = residual.shape[1:]
        even = torch.cat([residual, residual.flip(1)], 1)
        even = torch.cat([even, even.flip(2)], 2)
        solved = torch.fft.irfft2(torch.fft.rfft2(even) * self.spectrum, s=even.shape[1:])
        return solved[:, :height, :width]


def _solve(
    steps: tuple[torch.Tensor, torch.Tensor], links: tuple[torch.Tensor, torch.Tensor], screen: float
) -> torch.Tensor:
    """(B, H, W) whose differences over the links are nearest to `steps`, held to 0 by `screen`; conjugate gradients."""
    weights = [link.to(steps[0].dtype) for link in links]
    right = _divergence(steps[0] * weights[0], 1) + _divergence(steps[1] * weights[1], 2)
    precondition = _Preconditioner(right.shape[1], right.shape[2], screen, right)

    def apply(x: torch.Tensor) -> torch.Tensor:
        down, across = (_divergence(x.diff(dim=dim) * w, dim) for w, dim in zip(weights, (1, 2)))
        return down + across + screen * x

    def dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a * b).sum((1, 2), keepdim=True)

    tiny = torch.finfo(right.dtype).tiny
    x, residual = torch.zeros_like(right), right
    target = RESIDUAL**2 * dot(right, right)
    direction = z = precondition(residual)
    rho = dot(residual, z)
    for _ in range(MAX_ITERATIONS):
        if bool((dot(residual, residual) <= target).all()):
            break
        image = apply(direction)
        step = rho / dot(direction, image).clamp_min(tiny)
        x = x + step * direction
        residual = residual - step * image
        z = precondition(residual)
        rho, before = dot(residual, z), rho
        direction = z + rho / before.clamp_min(tiny) * direction
    return x


@not_in_half
def integrate_normals(
    normals: torch.Tensor,
    depth: torch.Tensor,
    mask: torch.Tensor,
    intrinsics: torch.Tensor,
    hold: float,
    known_normals: torch.Tensor | None = None,
) -> torch.Tensor:
    """Normals (B, H, W, 3) and a depth (B, H, W) to start from -> depth whose surface has these normals, 0 where invalid.

    Steps of depth across an edge of `depth` are left as they are. Features wider than about `hold` pixels keep the given
    depth. With `known_normals`, those of the given depth, only the difference of the two is integrated: equal normals
    leave the depth untouched.
    """
    if hold <= 0:
        raise ValueError(f"The hold of an integration came as {hold:g} pixels; it must be greater than 0.")
    a, b = view_plane_axes(intrinsics.to(depth), *depth.shape[1:])
    rays = F.normalize(torch.stack(torch.broadcast_tensors(a, b, torch.ones_like(a)), -1), dim=-1)
    lengths = (a.square() + b.square() + 1).sqrt().log()
    links = surface_links(depth, mask)
    logs = torch.where(mask, depth, 1).clamp_min(torch.finfo(depth.dtype).tiny).log()
    steps = []
    for dim in (1, 2):
        # along unit rays n . r gives the log of the distance; depth is distance over the length of (a, b, 1)
        wanted = _log_depth_steps(normals, rays, dim) - lengths.diff(dim=dim)
        if known_normals is None:
            steps.append(wanted - logs.diff(dim=dim))
        else:
            steps.append(wanted - (_log_depth_steps(known_normals, rays, dim) - lengths.diff(dim=dim)))
    relief = _solve(tuple(steps), links, 1 / hold**2)
    return torch.where(mask, depth * relief.exp(), 0)


@not_in_half
def boost_normals(
    normals: torch.Tensor, depth: torch.Tensor, mask: torch.Tensor, points: torch.Tensor, amount: float, radius: int
) -> torch.Tensor:
    """Unit normals (B, H, W, 3) with what is finer than `radius` pixels multiplied by `amount`; all still face the camera.

    Amount 1 leaves them as they are, 0 smooths them, 2 doubles their deviation from the smooth surface.
    """
    base = smooth_normals(normals, depth, mask, radius)
    boosted = F.normalize(base + amount * (normals - base), dim=-1)
    sight = F.normalize(points, dim=-1)
    away = ((boosted * sight).sum(-1, keepdim=True) + LEAST_SIGHT_COSINE).clamp_min(0)
    return F.normalize(boosted - away * sight, dim=-1) * mask[..., None]


def exaggerate_detail(
    pointmap: Pointmap, amount: float, radius: int, source_normals: torch.Tensor | None = None
) -> Pointmap:
    """The pointmap with relief finer than `radius` pixels made `amount` times as strong, in its normals and in its points.

    `source_normals` (B, H, W, 3) are those whose relief is taken; without them the pointmap's own, or computed ones. Every
    point stays on its pixel's ray.
    """
    depth, mask = pointmap.depth, pointmap.mask
    normals = surface_normals(pointmap) if source_normals is None else source_normals
    boosted = boost_normals(normals, depth, mask, pointmap.points, amount, radius)
    raised = integrate_normals(boosted, depth, mask, pointmap.intrinsics, 2.0 * radius, known_normals=normals)
    raised = raised.clamp(depth / MAX_RELIEF, depth * MAX_RELIEF)
    return replace(pointmap, points=unproject(raised, pointmap.intrinsics), normals=boosted)


def normals_at_photo(pointmap: Pointmap) -> tuple[torch.Tensor, torch.Tensor]:
    """The pointmap's normals (B, H, W, 3) and mask (B, H, W) at the photo's size, never mixed across an edge."""
    normals = surface_normals(pointmap)
    resize = GeometryResize(pointmap.depth, pointmap.mask, pointmap.source_size)
    if resize.source == resize.size:
        return normals, pointmap.mask
    return F.normalize(resize(normals), dim=-1), resize.mask
