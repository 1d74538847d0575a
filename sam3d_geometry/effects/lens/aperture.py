"""The opening of a lens, which is the shape that a point out of focus is drawn in."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch

DISC, POLYGON = APERTURE_SHAPES = ("disc", "polygon")
SUBSAMPLES = 4  # a side of a pixel


@dataclass(frozen=True)
class Aperture:
    """The opening, seen from behind the camera.

    shape             "disc", or "polygon" with `blades` straight sides; both have the same area
    rotation_degrees  turns the polygon clockwise
    cats_eye          in [0, 1]: how much the barrel of the lens cuts from the discs in the corners of the picture
    """

    shape: str = DISC
    blades: int = 6
    rotation_degrees: float = 0.0
    cats_eye: float = 0.0

    def __post_init__(self) -> None:
        if self.shape not in APERTURE_SHAPES:
            raise ValueError(f"aperture came as {self.shape!r}; choose one of {', '.join(APERTURE_SHAPES)}.")
        if self.blades < 3 or not 0 <= self.cats_eye <= 1:
            raise ValueError(
                f"blades came as {self.blades} and cats_eye as {self.cats_eye:g}; at least 3, and 0 to 1, are needed."
            )

    @property
    def reach(self) -> float:
        """Distance from the centre to the farthest point, for an opening with the area of a disc of radius 1."""
        if self.shape == DISC:
            return 1.0
        corner = 2 * math.pi / self.blades
        return math.sqrt(corner / math.sin(corner))

    def kernel(self, radius: float, centre: int, size: int, field: torch.Tensor | None = None) -> torch.Tensor:
        """What a point becomes: (N, size, size) shares of its light, the point itself at [:, centre, centre]; sum 1.

        `radius` is that of the disc in pixels, negative in front of the plane of focus, where the shape is upside down. `field`
        (N, 2) says where in the picture, x and y, (0, 0) at the centre and length 1 in the corners; without it N is 1.
        """
        device = None if field is None else field.device
        fine = (torch.arange(size * SUBSAMPLES, device=device) + 0.5) / SUBSAMPLES - 0.5 - centre
        x, y = fine[None, None, :] / radius, fine[None, :, None] / radius
        edge = abs(radius) * SUBSAMPLES  # distances in subsamples, for a soft edge one of them wide
        inside = self._distance_inside(x, y)
        if field is not None and self.cats_eye > 0:
            offset = field * self.cats_eye
            barrel = 1 - ((x + offset[:, 0, None, None]).square() + (y + offset[:, 1, None, None]).square()).sqrt()
            inside = torch.minimum(inside, barrel)
        coverage = (inside * edge + 0.5).clamp(0, 1)
        kernel = torch.nn.functional.avg_pool2d(coverage[:, None], SUBSAMPLES)[:, 0]
        return kernel / kernel.sum((1, 2), keepdim=True)

    def _distance_inside(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """How far (1, n, n) points lie inside the opening of unit area radius; negative outside."""
        if self.shape == DISC:
            return 1 - (x.square() + y.square()).sqrt()
        flat = self.reach * math.cos(math.pi / self.blades)
        distances = []
        for side in range(self.blades):
            angle = math.radians(self.rotation_degrees) + 2 * math.pi * (side + 0.5) / self.blades - math.pi / 2
            distances.append(flat - (x * math.cos(angle) + y * math.sin(angle)))
        return functools.reduce(torch.minimum, distances)
