"""Pictures of places that do not exist, and the thumbnails of a camera that pans across one."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from sam3d_geometry.clips.cuts import thumbnails


def place(seed):
    """A picture (1, H, W, 3) of soft patches of colour, wider than it is shown."""
    made = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 1, 9, 16, generator=made) + torch.rand(1, 3, 1, 1, generator=made) - 0.5
    coarse = 0.5 + 1.6 * (coarse - 0.5)
    return F.interpolate(coarse, (96, 192), mode="bicubic").clamp(0, 1).movedim(1, -1)


def pan(seed, frames, speed):
    """Thumbnails of a place that moves by a share of the shown width in each frame, with noise."""
    whole = place(seed)
    lefts = [round(min(i * speed, 0.9) * 96) for i in range(frames)]
    looks = torch.cat([thumbnails(whole[:, :, left : left + 96]) for left in lefts])
    return looks + 0.01 * torch.randn(looks.shape, generator=torch.Generator().manual_seed(seed))
