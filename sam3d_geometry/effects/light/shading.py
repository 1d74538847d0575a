"""How much of a light a surface sends to the camera: Lambert and GGX, in linear light.

Light is measured so that a white Lambert surface facing a light of radiance 1 at its reach is seen as 1: the factor pi
between irradiance and radiance is part of the light.
"""

from __future__ import annotations

import math

import torch

from ...geometry.number_format import not_in_half
from .lights import AREA, DIRECTIONAL, PlacedLight

NEAREST_SHARE = 0.02  # of its reach: no light is brighter than at this distance
DIELECTRIC = 0.04  # reflectance of most non-metals at normal incidence


def light_at(points: torch.Tensor, light: PlacedLight, frame: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Points (3, N) in camera axes -> unit directions to the light (3, N), its strength (N,), sine of its half angle (N,).

    The strength leaves out the light's colour and the surface's cosine. The inverse of distance to the power of the
    light's falloff, 1 at its reach; constant within its radius; a disc gives the cosine of its own angle on top.
    """
    radius, reach, position = light.radius[frame], light.reach[frame], light.position[frame][:, None]
    if light.kind == DIRECTIONAL:
        strength = torch.ones_like(points[0])
        sine = torch.sin(torch.atan(radius)).expand_as(strength)
        return position.expand_as(points), strength, sine
    away = position - points
    distance = dot(away, away).sqrt_().clamp_min_(1e-12)
    direction = away.div_(distance)
    held = torch.maximum(distance, torch.maximum(radius, reach * NEAREST_SHARE))
    strength = (reach / held) ** light.falloff
    if light.kind == AREA:
        strength = strength * -(light.aim[frame] @ direction).clamp_max(0)
    return direction, strength, (radius / held).clamp_max(1)


def dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Products (N,) of vectors (3, N)."""
    return (a[0] * b[0]).addcmul_(a[1], b[1]).addcmul_(a[2], b[2])


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Vectors (3, N) at length 1; `torch.nn.functional.normalize` takes twenty times as long for them. 0 stays 0."""
    return vectors * dot(vectors, vectors).clamp_min_(1e-24).rsqrt_()


def lambert(cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
    """Share of a light that a Lambert surface gets, from the cosine to the light's middle and the sine of its half angle.

    The cosine itself where the whole light is above the surface's horizon; where the horizon cuts the light, the parabola
    that joins 0 and the cosine smoothly.
    """
    soft = (cosine + sine).clamp_min(0).square() / (4 * sine).clamp_min(1e-6)
    return torch.where(cosine >= sine, cosine, torch.where(sine > 1e-6, soft, cosine)).clamp_min(0)


@not_in_half
def ggx(n_l: torch.Tensor, n_v: torch.Tensor, l_v: torch.Tensor, roughness: float, sine: torch.Tensor) -> torch.Tensor:
    """Highlight (N,) of a non-metal, cosine included: GGX distribution, Smith visibility, Schlick's Fresnel term.

    From the cosines (N,) between the normal and the light, the normal and the camera, the light and the camera. Walter et
    al., Microfacet models for refraction through rough surfaces, 2007. A light of some size widens the distribution
    (Karis, Real shading in Unreal Engine 4, 2013).
    """
    alpha = (max(roughness, 0.05) ** 2 + sine / 2).clamp_max(1)
    half_length = (
        (2 + 2 * l_v).clamp_min(1e-6).sqrt()
    )  # of the sum of two unit vectors, which points halfway between them
    n_h = ((n_l + n_v) / half_length).clamp(0, 1)
    n_l, n_v = n_l.clamp_min(0), n_v.clamp_min(1e-3)
    square = alpha * alpha
    spread = n_h * n_h * (square - 1) + 1
    distribution = square / (math.pi * spread * spread)
    smith = n_l * (n_v * n_v * (1 - square) + square).sqrt() + n_v * (n_l * n_l * (1 - square) + square).sqrt()
    missed = (1 - half_length / 2).clamp_min(0)
    squared = missed * missed
    fresnel = DIELECTRIC + (1 - DIELECTRIC) * squared * squared * missed
    return math.pi * distribution * fresnel * n_l * 0.5 / smith.clamp_min(1e-6)
