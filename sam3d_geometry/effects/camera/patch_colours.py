"""The colours that a photo has at places on its patches, never mixed across a depth edge."""

from __future__ import annotations

import torch

from ...geometry.sampling import sample_cubic
from ...geometry.strips import STRIP_PIXELS
from ...geometry.surfaces import DEPTH_EDGE
from .patches import Patches
from .visibility import Visible

OWN_SHARE = 1e-4  # weight of the patch's own colour, which counts alone where no pixel around lies on its surface


def put(planes: torch.Tensor, where: torch.Tensor, colours: torch.Tensor) -> None:
    """Sets the pixels `where` (M,) of planes (3, H * W) to colours (3, M), many times faster than indexing."""
    for plane, values in zip(planes, colours):
        plane.scatter_(0, where, values)


def colours_at(patches: Patches, x: torch.Tensor, y: torch.Tensor, patch: torch.Tensor) -> torch.Tensor:
    """Colours (3, M) of the photo at x, y (M,), in pixels, on the surface of `patch` (M,)."""
    grid = torch.stack([(x * 2 + 1) / patches.width - 1, (y * 2 + 1) / patches.height - 1], -1)
    colours = _bicubic(patches, grid)
    mixed = torch.nonzero(patches.mixed.view(-1).index_select(0, patch))[:, 0]
    put(colours, mixed, _one_sided(patches, *(t.index_select(0, mixed) for t in (x, y, patch))))
    return colours


def colours_seen(patches: Patches, seen: Visible) -> torch.Tensor:
    """Colours (3, H * W) in the middle of every pixel of the new picture; 0 where nothing is seen."""
    planes = torch.empty(3, len(seen.patch), device=seen.patch.device)
    mixed = []
    for strip in patches.strips:
        part = slice(strip.start * patches.width, strip.stop * patches.width)
        patch, shown = seen.patch[part], seen.new_w[part] >= 0
        torch.mul(_bicubic(patches, seen.places_of(patch)), shown, out=planes[:, part])
        mixed.append(torch.nonzero(patches.mixed.view(-1).index_select(0, patch) & shown)[:, 0] + part.start)
    for where in torch.cat(mixed).split(STRIP_PIXELS):
        patch = seen.patch.index_select(0, where)
        put(planes, where, _one_sided(patches, *seen.xy_of(patch), patch))
    for where, sight in seen.settled:
        put(planes, where, colours_at(patches, sight.x, sight.y, sight.patch).mul_(sight.new_w >= 0))
    return planes


def _bicubic(patches: Patches, grid: torch.Tensor) -> torch.Tensor:
    """Colours (3, M) of the photo at places (M, 2) of grid_sample."""
    return sample_cubic(patches.planes[0], grid).clamp_(0, 1)


def _one_sided(patches: Patches, x: torch.Tensor, y: torch.Tensor, patch: torch.Tensor) -> torch.Tensor:
    """Colours (3, M) at x, y between those of the four pixels around that lie on the surface of `patch`."""
    planes, depths = patches.planes.view(3, -1), patches.inverse_depth.view(-1)
    w = depths.index_select(0, patch)
    left, top = x.floor(), y.floor()
    total = [plane.index_select(0, patch) * OWN_SHARE for plane in planes]
    weights = x.new_full(x.shape, OWN_SHARE)
    for down in (0, 1):
        for right in (0, 1):
            at_y, at_x = top + down, left + right
            pixel = at_y.clamp(0, patches.height - 1).long() * patches.width
            pixel += at_x.clamp(0, patches.width - 1).long()
            beside = depths.index_select(0, pixel)
            same = (beside - w).abs() <= DEPTH_EDGE * torch.maximum(beside, w)
            weight = (1 - (x - at_x).abs()) * (1 - (y - at_y).abs()) * same
            for part, plane in zip(total, planes):
                part.addcmul_(plane.index_select(0, pixel), weight)
            weights += weight
    return torch.stack(total).div_(weights)
