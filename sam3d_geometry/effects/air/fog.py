"""Fog between the camera and what it sees: transmission by Beer and Lambert, light scattered in, faded colours.

Distances are those along the ray, |P|, not depths along z: fog of one density is then a ball around the camera.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ...geometry.camera import view_plane_axes
from ...geometry.colour import linear_from_srgb, luminance, srgb_from_linear
from ...geometry.ground import find_ground
from ...geometry.number_format import not_in_half
from ...geometry.pointmap import Pointmap
from .fog_noise import FogNoise

EVEN, GROUND = FOG_KINDS = ("even", "ground")
CONTRAST_AT_VISIBILITY = 0.05  # WMO's meteorological optical range
LARGEST_DEPTH = 80.0  # optical depth beyond which float32 has no light left


@dataclass(frozen=True)
class FogLayer:
    """How thick the fog is.

    extinction   beta, per unit of distance; at height 0 where the fog thins out
    falloff      height over which the density falls to 1 / e, in the pointmap's unit; inf: equally dense everywhere
    camera       height of the camera above height 0
    sky_distance how far away pixels without geometry are; inf is the true sky
    """

    extinction: float
    falloff: float = math.inf
    camera: float = 0.0
    sky_distance: float = math.inf

    def __post_init__(self) -> None:
        if not (self.extinction >= 0 and self.falloff > 0 and self.sky_distance > 0):
            raise ValueError(
                f"Fog came with extinction {self.extinction:g}, falloff {self.falloff:g} and sky distance "
                f"{self.sky_distance:g}; the first must be 0 or more and the others greater than 0."
            )


@dataclass(frozen=True)
class FogLook:
    """What the fog looks like; colours are linear RGB.

    colour, far_colour  of thin and of full fog
    desaturate          in [0, 1]: how far colours have turned grey where the fog is full
    sky                 in [0, 1]: how much of the fog pixels without geometry get
    glow                light of each `Glow` that is scattered towards a camera that looks at it; 0 is none
    forward             g of Henyey and Greenstein's phase function (1941) in [0, 1): 0 glows everywhere, 0.9 close to
                        the light only
    """

    colour: tuple[float, float, float] = (0.6, 0.65, 0.7)
    far_colour: tuple[float, float, float] = (0.6, 0.65, 0.7)
    desaturate: float = 0.0
    sky: float = 1.0
    glow: float = 0.0
    forward: float = 0.6

    def __post_init__(self) -> None:
        if not (0 <= self.desaturate <= 1 and 0 <= self.sky <= 1 and self.glow >= 0 and 0 <= self.forward < 1):
            raise ValueError(
                f"Fog came with desaturate {self.desaturate:g}, sky {self.sky:g}, glow {self.glow:g} and forward "
                f"{self.forward:g}; 0 to 1, 0 to 1, 0 or more, and 0 to less than 1 are needed."
            )


@dataclass(frozen=True)
class Glow:
    """A light in the fog: unit directions towards it (B, 3) in the camera axes of each frame, and its linear colour (3,)."""

    towards: torch.Tensor
    colour: torch.Tensor

    def __getitem__(self, part: slice) -> Glow:
        """The light of the chosen frames."""
        return Glow(self.towards[part], self.colour)


def extinction_from_visibility(visibility: float) -> float:
    """beta per unit of distance of fog in which 5 % of the contrast is left at the distance `visibility`."""
    if not visibility > 0:
        raise ValueError(f"The visibility came as {visibility:g}; a distance greater than 0 is needed.")
    return -math.log(CONTRAST_AT_VISIBILITY) / visibility


def fog_layer(
    pointmap: Pointmap,
    world_from_camera: torch.Tensor,
    *,
    kind: str,
    visibility: float,
    height: float,
    base_height: float = 0.0,
    sky_distance: float = 0.0,
) -> FogLayer:
    """The fog of one of FOG_KINDS in a clip; lengths in the pointmap's unit, a `sky_distance` of 0 is infinitely far.

    "ground" thins to 1 / e over `height` above the ground, which is found, and has its `visibility` at `base_height` above it.
    """
    if kind not in FOG_KINDS:
        raise ValueError(f"Input fog_kind came as {kind!r}; choose one of {', '.join(FOG_KINDS)}.")
    extinction, far = extinction_from_visibility(visibility), sky_distance or math.inf
    if kind == EVEN:
        return FogLayer(extinction, sky_distance=far)
    found = find_ground(pointmap, world_from_camera, instead="set fog_kind to even")
    return FogLayer(extinction, height, float(found.camera_height[0]) - base_height, far)


def henyey_greenstein(cosine: torch.Tensor, forward: float) -> torch.Tensor:
    """Phase function of the cosine of the scattering angle, as a share of its value straight ahead."""
    return ((1 - forward) ** 2 / (1 + forward**2 - 2 * forward * cosine).clamp_min(1e-6)) ** 1.5


@not_in_half
def optical_depth(distance: torch.Tensor, rise: torch.Tensor, layer: FogLayer) -> torch.Tensor:
    """Integral of the extinction along rays (...) of length `distance`, of which each unit climbs by `rise` in [-1, 1].

    Density is beta exp(-h / falloff) at height h; in closed form tau = beta(camera) d (1 - exp(-x)) / x with
    x = d rise / falloff. Distance may be inf: then tau is beta(camera) falloff / rise upward, and the largest otherwise.
    """
    if math.isinf(layer.falloff):
        return (distance * layer.extinction).nan_to_num(nan=0.0, posinf=LARGEST_DEPTH).clamp_max(LARGEST_DEPTH)
    at_camera = layer.extinction * math.exp(min(60.0, max(-60.0, -layer.camera / layer.falloff)))
    reached = distance.clamp_max(1e6 * layer.falloff)
    x = (reached * rise / layer.falloff).clamp_min(-60)
    safe = torch.where(x.abs() < 1e-4, 1, x)
    mean = torch.where(x.abs() < 1e-4, 1 - x / 2, -torch.expm1(-safe) / safe)
    return (at_camera * reached * mean).clamp(0, LARGEST_DEPTH)


def _sight(pointmap: Pointmap, rotation: torch.Tensor, sky_distance: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Distance (H, W) and unit rays (H, W, 3) in world axes of a pointmap of one frame."""
    height, width = pointmap.size
    x, y = view_plane_axes(pointmap.intrinsics, height, width)
    ahead = torch.stack([x.expand(1, height, width), y.expand(1, height, width), torch.ones_like(x + y)], -1)[0]
    distance = torch.where(pointmap.mask[0], pointmap.points[0].norm(dim=-1), sky_distance)
    return distance, torch.nn.functional.normalize(ahead, dim=-1) @ rotation.to(ahead).T


def transmission(
    pointmap: Pointmap, layer: FogLayer, world_from_camera: torch.Tensor, noise: list[FogNoise] | None = None
) -> torch.Tensor:
    """Share (B, H, W) of every pixel's light that comes through the fog.

    `world_from_camera` (B, 3, 3) levels the world (`gravity.level_world`); `noise` has one for each frame.
    """
    frames = []
    for i in range(len(pointmap)):
        distance, rays = _sight(pointmap[i], world_from_camera[i], layer.sky_distance)
        depth = optical_depth(distance, -rays[..., 1], layer)
        if noise is not None and noise[i].amount > 0:
            depth = depth * (1 + noise[i].amount * noise[i].mean_along(rays, distance))
        frames.append(torch.exp(-depth))
    return torch.stack(frames)


def fog(
    pointmap: Pointmap,
    layer: FogLayer,
    look: FogLook | None = None,
    world_from_camera: torch.Tensor | None = None,
    noise: list[FogNoise] | None = None,
    glows: Sequence[Glow] = (),
) -> tuple[torch.Tensor, torch.Tensor]:
    """The pointmap's image (B, H, W, 3) seen through fog, and the share of its light that came through (B, H, W).

    Each of `glows` is scattered by the fog where the camera looks towards it; what stands in front of it is not asked. Without `world_from_camera` (B, 3, 3) the camera is taken to be level.
    """
    look = look or FogLook()
    if world_from_camera is None:
        world_from_camera = torch.eye(3, device=pointmap.device).expand(len(pointmap), 3, 3)
    through = transmission(pointmap, layer, world_from_camera, noise)
    if look.sky < 1:
        through = torch.where(pointmap.mask, through, 1 - look.sky * (1 - through))
    pictures = torch.empty_like(pointmap.image)
    for i in range(len(pointmap)):
        light = linear_from_srgb(pointmap.image[i].clamp(0, 1))
        through_i = through[i][..., None]
        if look.desaturate > 0:
            grey = luminance(light)
            light = torch.lerp(light, grey[..., None].expand_as(light), look.desaturate * (1 - through_i))
        scattered = light.new_tensor(look.colour)
        if look.far_colour != look.colour:
            scattered = torch.lerp(scattered, light.new_tensor(look.far_colour), 1 - through_i)
        if look.glow > 0 and glows:
            _, rays = _sight(pointmap[i], torch.eye(3), layer.sky_distance)
            for glow in glows:
                lobe = henyey_greenstein(rays @ glow.towards[i].to(rays), look.forward)
                scattered = scattered + look.glow * lobe[..., None] * glow.colour.to(light)
        pictures[i] = srgb_from_linear(torch.lerp(scattered.expand_as(light), light, through_i))
    return pictures.clamp_(0, 1), through
