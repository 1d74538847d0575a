"""From what a head of a MoGe network puts out to affine points."""

from __future__ import annotations

import torch

REMAPS = ("linear", "sinh", "exp", "sinh_exp")


def remap_points(raw: torch.Tensor, remap: str) -> torch.Tensor:
    """Points (B, H, W, 3), contiguous, from a head's output (B, 3, H, W); `remap` is a config's `remap_output`."""
    batch, _, height, width = raw.shape
    points = raw.new_empty(batch, height, width, 3)
    x, y, z = raw.unbind(1)
    out_x, out_y, out_z = points.unbind(-1)
    if remap == "exp":
        z = z.exp()
        torch.mul(x, z, out=out_x)
        torch.mul(y, z, out=out_y)
        out_z.copy_(z)
    elif remap == "sinh_exp":
        torch.sinh(x, out=out_x)
        torch.sinh(y, out=out_y)
        torch.exp(z, out=out_z)
    elif remap == "sinh":
        torch.sinh(raw.permute(0, 2, 3, 1), out=points)
    else:
        points.copy_(raw.permute(0, 2, 3, 1))
    return points
