"""Films of a room with things that move, rendered once for all tests of a process."""

from dataclasses import replace
from functools import cache

import torch

from development.scenes.moving_room import film
from sam3d_geometry.geometry.camera import unproject

SIZE, NOISE = (96, 160), 0.02


@cache
def moving_film(frames):
    """That many frames with their exact depth; the same object each time, so do not change it."""
    return film(frames, *SIZE, samples=1)


@cache
def noisy_pointmap(frames):
    """The film's pointmap with depths that are off by `NOISE`, pixel by pixel."""
    pointmap = moving_film(frames).pointmap(True)
    noise = 1 + NOISE * torch.randn(pointmap.depth.shape, generator=torch.Generator().manual_seed(0))
    return replace(pointmap, points=unproject(pointmap.depth * noise, pointmap.intrinsics))
