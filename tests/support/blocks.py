"""Things made of boxes, turned and seen from 4 away before nothing: their pointmaps, without a renderer's noise."""

from __future__ import annotations

from collections.abc import Sequence

import closed_form
import numpy
import torch

from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.turns import rotation_of

SIZE = (100, 120)
MIDDLE = numpy.array([0, 0, 4.0])
TURN = rotation_of(numpy.array([0.35, 0, 0])) @ rotation_of(
    numpy.array([0, 0.6, 0])
)  # camera from the thing's own axes
BOX = numpy.array([[x, y, z] for x in (-1.0, 1) for y in (-1.0, 1) for z in (-1.0, 1)])
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
FACES = torch.tensor([f for a, b, c, d in QUADS for f in ((a, b, c), (a, c, d))])

Part = tuple[tuple[float, float, float], tuple[float, float, float]]


def pointmap_of_blocks(parts: Sequence[Part], size: tuple[int, int] = SIZE) -> Pointmap:
    """Boxes (half sizes, middle) in a thing's own axes -> its pointmap, whose mask is the thing."""
    corners = numpy.concatenate([BOX * numpy.array(half) + numpy.array(middle) for half, middle in parts])
    faces = torch.cat([FACES + 8 * i for i in range(len(parts))])
    placed = torch.from_numpy(corners @ TURN.T + MIDDLE)
    drawn = rasterize(placed, faces, closed_form.intrinsics(*size)[0].double(), *size).depth
    return closed_form.pointmap(drawn[None], mask=(drawn > 0)[None], image=torch.full((1, *size, 3), 0.5))
