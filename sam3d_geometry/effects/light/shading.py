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
    """Points (N, 3) in camera axes -> unit directions to the light (N, 3), its strength (N,), sine of its half angle (N,).

    The strength leaves out the light's colour and the surface's cosine. The inverse of distance to the power of the
    light's falloff, 1 at its reach; constant within its radius; a disc gives the cosine of its own angle on top.
    """
    radius, reach = light.radius[frame], light.reach[frame]
    if light.kind == DIRECTIONAL:
        direction = light.position[frame].expand_as(points)
        strength = torch.ones_like(points[:, 0])
        sine = torch.sin(torch.atan(radius)).expand_as(strength)
        return direction, strength, sine
    away = light.position[frame] - points
    distance = away.norm(dim=-1).clamp_min(1e-12)
    direction = away / distance[:, None]
    held = torch.maximum(distance, torch.maximum(radius, reach * NEAREST_SHARE))
    strength = (reach / held) ** light.falloff
    if light.kind == AREA:
        strength = strength * -(direction @ light.aim[frame]).clamp_max(0)
    return direction, strength, (radius / held).clamp_max(1)


def lambert(cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
    """Share of a light that a Lambert surface gets, from the cosine to the light's middle and the sine of its half angle.

    The cosine itself where the whole light is above the surface's horizon; where the horizon cuts the light, the parabola
    that joins 0 and the cosine smoothly.
    """
    soft = (cosine + sine).clamp_min(0).square() / (4 * sine).clamp_min(1e-6)
    return torch.where(cosine >= sine, cosine, torch.where(sine > 1e-6, soft, cosine)).clamp_min(0)


@not_in_half
def ggx(
    normals: torch.Tensor, to_light: torch.Tensor, to_camera: torch.Tensor, roughness: float, sine: torch.Tensor
) -> torch.Tensor:
    """Highlight (N,) of a non-metal, cosine included: GGX distribution, Smith visibility, Schlick's Fresnel term.

    Walter et al., Microfacet models for refraction through rough surfaces, 2007. A light of some size widens the
    distribution (Karis, Real shading in Unreal Engine 4, 2013).
    """
    alpha = (max(roughness, 0.05) ** 2 + sine / 2).clamp_max(1)
    half = torch.nn.functional.normalize(to_light + to_camera, dim=-1)
    n_l = (normals * to_light).sum(-1).clamp_min(0)
    n_v = (normals * to_camera).sum(-1).clamp_min(1e-3)
    n_h = (normals * half).sum(-1).clamp_min(0)
    v_h = (to_camera * half).sum(-1).clamp_min(0)
    square = alpha * alpha
    spread = n_h * n_h * (square - 1) + 1
    distribution = square / (math.pi * spread * spread)
    smith = n_l * (n_v * n_v * (1 - square) + square).sqrt() + n_v * (n_l * n_l * (1 - square) + square).sqrt()
    fresnel = DIELECTRIC + (1 - DIELECTRIC) * (1 - v_h) ** 5
    return math.pi * distribution * fresnel * n_l * 0.5 / smith.clamp_min(1e-6)
