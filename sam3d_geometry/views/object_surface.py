"""What a photo shows of the surface of one object: its points and their normals, or a sentence where that is too little."""

from __future__ import annotations

import numpy
import torch

from ..geometry.normals import sharp_normals
from ..geometry.pointmap import Pointmap

FEWEST = 30  # pixels that say too little about an object


def surface_inside(pointmap: Pointmap, inside: torch.Tensor) -> tuple[torch.Tensor, numpy.ndarray]:
    """Points (N, 3) and unit normals (N, 3) float64 toward the camera of the first frame's valid pixels `inside` (H, W).

    Both in camera axes, on the CPU; a normal is 0 where nothing tells it. ValueError where the pixels are fewer than FEWEST.
    """
    count = int(inside.sum())
    if count < FEWEST:
        raise ValueError(
            f"The selection has {count} pixels with geometry; at least {FEWEST} are needed. Wire the mask of the "
            "object, of the same photo as the pointmap, to selection."
        )
    depth = torch.where(inside, pointmap.depth[0].cpu(), 0)
    normals = sharp_normals(depth[None], inside[None], pointmap.intrinsics[:1].cpu())[0][inside]
    return pointmap.points[0].cpu()[inside], normals.double().numpy()
