"""Uneven fog: smooth 3D noise in the world, averaged along every pixel's ray up to what the pixel shows.

The averages are taken once on a coarse grid over picture and distance ("froxels", Wronski, Volumetric fog, 2014) and read
between its knots, so that the cost hardly depends on the picture's size and no pattern of pixels shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

LATTICE = 32  # random values a side of the noise, which repeats after as many knots
OCTAVES = 3  # finer ones are averaged away along the line of sight
COLUMNS, SLICES = 80, 48  # of the grid, across the picture and into the distance


@dataclass(frozen=True)
class FogNoise:
    """Unevenness of the density.

    amount   in [0, 1]: the share of the density that comes and goes; 0 is even fog
    size     of the largest swirls, in the pointmap's unit
    offset   (3,) how far the fog has drifted, in world axes (x right, y down, z forward), in the pointmap's unit
    seed     another number is other fog
    """

    amount: float
    size: float
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    seed: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.amount <= 1 and self.size > 0):
            raise ValueError(
                f"noise amount came as {self.amount:g} and size as {self.size:g}; 0 to 1, and more than 0, are needed."
            )

    def at(self, points: torch.Tensor) -> torch.Tensor:
        """World points (..., 3) -> noise in [-1, 1], mean 0 over the world, smooth."""
        generator = torch.Generator().manual_seed(self.seed)
        lattice = (torch.rand(OCTAVES, LATTICE**3, generator=generator) * 2 - 1).to(points)
        drifted = (points - points.new_tensor(self.offset)) / self.size
        total = points.new_zeros(points.shape[:-1])
        for octave in range(OCTAVES):
            # a shift apart, so that the knots of the octaves do not lie on each other
            total += _interpolated(lattice[octave], drifted * 2**octave + 7.31 * octave) * 0.5**octave
        # three octaves rarely come near their bound
        return (total * 1.2).clamp(-1, 1)

    def mean_along(self, rays: torch.Tensor, distance: torch.Tensor) -> torch.Tensor:
        """Mean of the noise from the camera to `distance` (H, W) along unit `rays` (H, W, 3) in world axes.

        A distance may be inf: beyond 5 times its median (of the finite ones) the mean changes no more.
        """
        height, width = distance.shape
        finite = distance[torch.isfinite(distance)]
        far = 5 * float(finite.median()) if finite.numel() else 5 * self.size
        far = max(far, self.size)
        rows = max(2, min(height, round(COLUMNS * height / width), 4 * COLUMNS))
        coarse = torch.nn.functional.interpolate(
            rays.movedim(-1, 0)[None], (rows, COLUMNS), mode="bilinear", align_corners=True
        )[0]
        # slices grow with the square of their number: the near ones are seen largest
        steps = (torch.arange(SLICES + 1, device=rays.device, dtype=rays.dtype) / SLICES).square() * far
        middle = (steps[1:] + steps[:-1]) / 2
        density = self.at(coarse.movedim(0, -1)[None] * middle[:, None, None, None])
        integral = (density * steps.diff()[:, None, None]).cumsum(0)
        mean = integral / steps[1:, None, None]
        mean = torch.cat([mean[:1], mean])  # knots at `steps`
        along = (distance.clamp_max(far) / far).sqrt() * SLICES
        down = torch.arange(height, device=rays.device, dtype=rays.dtype) * ((rows - 1) / max(1, height - 1))
        across = torch.arange(width, device=rays.device, dtype=rays.dtype) * ((COLUMNS - 1) / max(1, width - 1))
        return _trilinear(mean, along, down[:, None].expand_as(along), across[None, :].expand_as(along))


def drifting_noise(frames: int, amount: float, size: float, wind: float, seed: int = 0) -> list[FogNoise]:
    """One noise for each frame of a clip, drifting to the right by `wind` from one to the next, in the pointmap's unit."""
    return [FogNoise(amount, size, (i * wind, 0.0, 0.0), seed) for i in range(frames)]


def _interpolated(lattice: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """A repeating lattice (LATTICE ** 3,) of values at positions (..., 3), by quintic steps between its knots."""
    knot = at.floor()
    share = at - knot
    share = share**3 * (share * (share * 6 - 15) + 10)
    low = knot.long() % LATTICE
    high = (low + 1) % LATTICE
    result = torch.zeros_like(at[..., 0])
    for corner in range(8):
        index, weight = 0, 1
        for axis in range(3):
            upper = corner >> axis & 1
            index = index * LATTICE + (high if upper else low)[..., axis]
            weight = weight * (share[..., axis] if upper else 1 - share[..., axis])
        result = result + lattice[index] * weight
    return result


def _trilinear(values: torch.Tensor, z: torch.Tensor, y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Values (D, H, W) at fractional positions z, y, x (...) inside of them."""
    flat = values.reshape(-1)
    base, shares = [], []
    for position, length in zip((z, y, x), values.shape):
        low = position.floor().clamp(0, max(0, length - 2))
        base.append(low.long())
        shares.append(position - low)
    index = (base[0] * values.shape[1] + base[1]) * values.shape[2] + base[2]

    def line(dz: int, dy: int) -> torch.Tensor:
        start = index + (dz * values.shape[1] + dy) * values.shape[2]
        return torch.lerp(flat[start], flat[start + 1], shares[2])

    near, far = (torch.lerp(line(dz, 0), line(dz, 1), shares[1]) for dz in (0, 1))
    return torch.lerp(near, far, shares[0])
