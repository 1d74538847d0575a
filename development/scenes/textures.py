"""Surface patterns: linear RGB as a function of a point in body axes, so that they stick to the body."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from .scene import Material

TEXTURES = (
    "plain",
    "noise",
    "marble",
    "checker",
    "bricks",
    "tiles",
    "planks",
    "wood",
    "stripes",
    "weave",
    "dots",
    "windows",
)
LATTICE = 32


class NoiseField:
    """Smooth pseudo-random values over space with a period of 32 units, the same for the same seed."""

    def __init__(self, seed: int = 0, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> None:
        lattice = torch.rand(
            LATTICE, LATTICE, LATTICE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
        )
        self.lattice = F.pad(lattice[None, None], (0, 1, 0, 1, 0, 1), mode="circular").to(device, dtype)

    def value(self, points: torch.Tensor) -> torch.Tensor:
        """Values (N,) in [0, 1] at points (N, 3)."""
        at = torch.remainder(points, LATTICE)
        cell = at.floor()
        offset = at - cell
        at = cell + offset * offset * (3 - 2 * offset)
        at = at * (2 / LATTICE) - 1
        return F.grid_sample(self.lattice, at[None, None, None], mode="bilinear", align_corners=True)[0, 0, 0, 0]

    def fractal(self, points: torch.Tensor, octaves: int = 4) -> torch.Tensor:
        """Values (N,) in [0, 1] with detail at `octaves` scales."""
        total, weight, amplitude = 0.0, 0.0, 1.0
        for octave in range(octaves):
            total = total + amplitude * self.value(points * 2.03**octave + 7.31 * octave)
            weight += amplitude
            amplitude *= 0.55
        return total / weight


def surface_uv(points: torch.Tensor, normals: torch.Tensor) -> torch.Tensor:
    """Coordinates (N, 2) in metres on the side of a box that each normal faces most; v is z on upright sides."""
    axis = normals.abs().argmax(-1)
    x, y, z = points.unbind(-1)
    u = torch.where(axis == 0, y, x)
    v = torch.where(axis == 2, y, z)
    return torch.stack([u, v], -1)


def _cell_random(cells: torch.Tensor, noise: NoiseField) -> torch.Tensor:
    depth = torch.full_like(cells[..., :1], 0.5)
    return noise.value(torch.cat([cells * 1.37 + 0.5, depth * 3], -1))


def _gaps(uv: torch.Tensor, width: float) -> torch.Tensor:
    inside = (uv - uv.floor() - 0.5).abs()
    return (inside.amax(-1) > 0.5 - width).to(uv.dtype)


def pattern(material: Material, points: torch.Tensor, uv: torch.Tensor, noise: NoiseField) -> torch.Tensor:
    """Mix (N,) in [0, 1] between the material's two colours."""
    texture, scaled = material.texture, uv * material.scale
    if texture == "plain":
        return torch.zeros_like(uv[..., 0])
    if texture == "noise":
        return ((noise.fractal(points * material.scale) - 0.5) * 2.4 + 0.5).clamp(0, 1)
    if texture == "marble":
        return 0.5 + 0.5 * torch.sin(6 * scaled[..., 0] + 14 * noise.fractal(points * material.scale, 3))
    if texture == "checker":
        return torch.remainder(scaled.floor().sum(-1), 2)
    if texture in ("bricks", "tiles", "planks"):
        aspect = {"bricks": (1.0, 2.0), "tiles": (1.0, 1.0), "planks": (0.35, 2.5)}[texture]
        cell = scaled * scaled.new_tensor(aspect)
        shift = torch.remainder(cell[..., 1].floor(), 2) * 0.5 if texture != "tiles" else torch.zeros_like(cell[..., 0])
        cell = torch.stack([cell[..., 0] + shift, cell[..., 1]], -1)
        tone = 0.55 * _cell_random(cell.floor(), noise)
        return torch.where(_gaps(cell, 0.03) > 0, 1.0, tone)
    if texture == "wood":
        along = points * points.new_tensor([1.0, 6.0, 6.0]) * material.scale
        return 0.5 + 0.5 * torch.sin(26 * noise.fractal(along, 3))
    if texture == "stripes":
        return (torch.remainder(scaled[..., 0], 1) > 0.5).to(uv.dtype)
    if texture == "weave":
        return 0.5 + 0.25 * (torch.sin(6.283 * scaled[..., 0]) + torch.sin(6.283 * scaled[..., 1]))
    if texture == "dots":
        inside = scaled - scaled.floor() - 0.5
        return ((inside * inside).sum(-1) < 0.08).to(uv.dtype)
    if texture == "windows":
        inside = (scaled - scaled.floor() - 0.5).abs()
        return ((inside[..., 0] < 0.28) & (inside[..., 1] < 0.33)).to(uv.dtype) * 0.9
    raise ValueError(f"Material texture came as {texture!r}; one of {', '.join(TEXTURES)} is needed.")


def albedo(
    material: Material, points: torch.Tensor, normals: torch.Tensor, noise: NoiseField, photos: torch.Tensor | None
) -> torch.Tensor:
    """Linear RGB (N, 3) of the surface at points (N, 3) with normals (N, 3), all in body axes.

    photos is (K, 3, S, S) linear RGB in [0, 1]; without them a material shows its procedural pattern alone.
    """
    shifted = points + points.new_tensor(material.offset)
    uv = surface_uv(shifted, normals)
    mix = pattern(material, shifted, uv, noise)[:, None]
    colour, colour_2 = points.new_tensor(material.colour), points.new_tensor(material.colour_2)
    result = colour + (colour_2 - colour) * mix
    if photos is not None and material.photo_weight > 0:
        at = torch.remainder(uv * material.scale * 0.5, 2) * 2 - 1
        picture = photos[material.photo % len(photos)][None]
        seen = F.grid_sample(picture, at[None, None].to(picture), padding_mode="reflection", align_corners=False)
        result = torch.lerp(result, seen[0, :, 0].T.to(result), material.photo_weight)
    if material.dirt > 0:
        grime = noise.fractal(shifted * 2.5 + 11, 3)[:, None]
        result = result * (1 - material.dirt * (grime * 1.6 - 0.3).clamp(0, 1))
    return result


def bumped(material: Material, points: torch.Tensor, normals: torch.Tensor, noise: NoiseField) -> torch.Tensor:
    """Normals (N, 3) for shading, tilted by the material's relief; body axes."""
    if material.bump <= 0:
        return normals
    at = (points + points.new_tensor(material.offset)) * material.bump_frequency
    tilt = torch.stack([noise.value(at + 5 * k + 0.7) for k in range(3)], -1) - 0.5
    return F.normalize(normals + 1.6 * material.bump * tilt, dim=-1)


def holes(material: Material, points: torch.Tensor, noise: NoiseField) -> torch.Tensor:
    """Mask (N,) of surface points (N, 3) in body axes at which the material is missing."""
    at = (points + points.new_tensor(material.offset)) * material.hole_frequency
    return noise.fractal(at, 2) < material.holes
