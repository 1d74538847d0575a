"""Depth edges that an estimator has blurred made sharp, so that nothing is left between two surfaces to be stretched.

A blurred edge is a ramp of inverse depth between two levels: within it each pixel takes the value of the nearer level (toggle
mapping, Kramer and Bruckner 1975). A tilted surface has no levels: twice the window shows twice the contrast.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from ...geometry.camera import unproject
from ...geometry.pointmap import Pointmap
from .neighbourhood import around

CONTRAST = 0.12  # relative difference of inverse depth within the window from which on an edge is looked for
LEVELLED = 0.7  # contrast of the window over that of twice the window: 0.5 on a tilted plane, 1 on an edge
ON_A_LEVEL = 0.15  # share of the local contrast below which a pixel counts as belonging to a level already


def sharpened(inverse_depth: torch.Tensor, radius: int) -> torch.Tensor:
    """Inverse depth (H, W), 0 in the sky, with ramps of up to 2 `radius` pixels between two levels made steps."""
    high, low = around(inverse_depth, torch.maximum, radius), around(inverse_depth, torch.minimum, radius)
    contrast = high - low
    wide = around(high, torch.maximum, radius) - around(low, torch.minimum, radius)
    edge = (contrast > CONTRAST * high) & (contrast > LEVELLED * wide)
    upwards = high - inverse_depth < inverse_depth - low
    w = inverse_depth
    for _ in range(radius):
        top, bottom = around(w, torch.maximum), around(w, torch.minimum)
        between = torch.minimum(top - w, w - bottom) > ON_A_LEVEL * (top - bottom)
        nearer = torch.where(upwards, top, bottom)
        w = torch.where(edge & between & (top - bottom > 0.1 * contrast), nearer, w)
    return w


def sharpen_edges(pointmap: Pointmap) -> Pointmap:
    """The pointmap (of one or more frames) with sharp depth edges; pixels without geometry stay as they are."""
    radius = max(1, round(max(pointmap.size) / 128))
    depth = pointmap.depth.clone()
    for i in range(len(pointmap)):
        mask = pointmap.mask[i] & (depth[i] > 0)
        inverse_depth = torch.where(mask, 1 / depth[i].clamp_min(torch.finfo(depth.dtype).tiny), 0)
        sharp = sharpened(inverse_depth, radius)
        depth[i] = torch.where(mask & (sharp > 0), 1 / sharp.clamp_min(torch.finfo(depth.dtype).tiny), depth[i])
    return replace(pointmap, points=unproject(depth, pointmap.intrinsics))
