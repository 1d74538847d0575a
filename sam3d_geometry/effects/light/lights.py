"""Lights: what the user asks for, and where that is in the camera axes of each frame of a pointmap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from ...geometry.colour import linear_from_srgb
from ...geometry.gravity import level_world
from ...geometry.picking import pick
from ...geometry.pointmap import Pointmap
from ...geometry.rotations import direction_from_angles
from ...geometry.scene_scale import SCENE_DEPTH, UNITS, scene_depth, unit_length

POINT, DIRECTIONAL, AREA = LIGHT_KINDS = ("point", "directional", "area")
ON_SURFACE, IN_CAMERA, IN_WORLD = PLACEMENTS = ("surface", "camera", "world")
PHYSICAL_FALLOFF = 2.0  # light thins with the square of the distance
# a light in front of a surface never gets nearer to the camera than this share of the surface's distance
NEAREST_TO_CAMERA = 0.02  # of the surface's distance: a light asked for behind the camera stays in front of it
AT_THE_TARGET = 1e-6  # scene depths: float32 knows no direction between points that are nearer to each other


@dataclass(frozen=True, kw_only=True)
class Light:
    """A light as asked for; lengths count in `unit`, one of UNITS.

    kind        "point" (a ball of light, soft if it has a radius), "area" (a disc that lights what is in front of it) or
                "directional" (a sun)
    placement   "surface": on the line from the surface at `pixel` to the camera, `distance` in front of the surface;
                "camera": at `offset` from the camera in its own axes; "world": the same in axes levelled by gravity
    pixel       (x, y) in shares of the picture; a disc always looks at the surface there
    offset      (right, up, forward)
    azimuth_degrees, elevation_degrees   where a sun stands: azimuth 0 straight ahead, 90 to the right, 180 behind the
                camera; in camera axes or, for placement "world", in levelled ones
    radius      of the ball or disc
    sun_size_degrees   diameter of a sun as it appears in the sky
    reach       distance at which a white surface that faces the light gets `intensity`
    falloff     exponent of the distance: 2 is physical, 0 none
    colour      sRGB, 0 to 1
    """

    kind: str = POINT
    placement: str = ON_SURFACE
    pixel: tuple[float, float] = (0.5, 0.5)
    distance: float = 0.3
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    azimuth_degrees: float = 135.0
    elevation_degrees: float = 35.0
    radius: float = 0.0
    reach: float = 0.5
    falloff: float = PHYSICAL_FALLOFF
    intensity: float = 1.0
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    unit: str = SCENE_DEPTH
    shadows: bool = True
    sun_size_degrees: float = 0.0

    def __post_init__(self) -> None:
        for name, value, known in (
            ("kind", self.kind, LIGHT_KINDS),
            ("placement", self.placement, PLACEMENTS),
            ("unit", self.unit, UNITS),
        ):
            if value not in known:
                raise ValueError(f"Light {name} came as {value!r}; choose one of {', '.join(known)}.")
        if not 0 <= self.sun_size_degrees < 180:
            raise ValueError(f"sun_size_degrees came as {self.sun_size_degrees}; 0 to less than 180 is needed.")
        if not (self.reach > 0 and self.radius >= 0 and self.falloff >= 0 and self.intensity >= 0):
            raise ValueError(
                f"Light reach {self.reach}, radius {self.radius}, falloff {self.falloff}, intensity {self.intensity} came; "
                "reach must be greater than 0 and the others at least 0."
            )


@dataclass(frozen=True, kw_only=True)
class PlacedLight:
    """A light in the camera axes (OpenCV) and the unit of each frame of a pointmap.

    position (B, 3)  of the light; for a sun the unit direction towards it
    aim      (B, 3)  unit direction in which a disc looks
    radius   (B,)    of the ball or disc; for a sun the tangent of half its size
    reach    (B,)    as in `Light`
    radiance (3,)    linear colour times intensity
    """

    kind: str
    position: torch.Tensor
    aim: torch.Tensor
    radius: torch.Tensor
    reach: torch.Tensor
    radiance: torch.Tensor
    falloff: float
    shadows: bool

    def __getitem__(self, part: slice) -> PlacedLight:
        """The light of the chosen frames."""
        return replace(
            self, position=self.position[part], aim=self.aim[part], radius=self.radius[part], reach=self.reach[part]
        )

    def to(self, device: torch.device | str) -> PlacedLight:
        """The same light on another device."""
        moved = {name: getattr(self, name).to(device) for name in ("position", "aim", "radius", "reach", "radiance")}
        return replace(self, **moved)


def place_lights(lights: Sequence[Light], pointmap: Pointmap, each_frame: bool = False) -> tuple[PlacedLight, ...]:
    """Lights in the camera axes of every frame of a pointmap (whole clip: place first, then work chunk by chunk).

    A light placed by a surface stays where the first frame's surface put it; with `each_frame` it follows the surface at
    that pixel. Where a frame shows none there, it goes by a surface at the scene depth. World axes are the ground's over
    all frames.
    """
    world = None
    if any(light.placement == IN_WORLD for light in lights):
        world = level_world(pointmap).to(pointmap.points)
    depth = scene_depth(pointmap)
    placed = []
    for light in lights:
        target = pick(pointmap, light.pixel).points_or(depth)
        if not each_frame:
            target = target[:1].expand_as(target)
        unit = 1.0 if light.kind == DIRECTIONAL else unit_length(pointmap, light.unit)  # a sun has no lengths
        placed.append(_placed_light(light, target, world, unit, AT_THE_TARGET * depth))
    return tuple(placed)


def _placed_light(
    light: Light, target: torch.Tensor, world: torch.Tensor | None, unit: float, least: float
) -> PlacedLight:
    """A light that looks at points (B, 3) of surfaces, in camera axes and the pointmap's unit.

    `world` (B, 3, 3) are the rotations world_from_camera, for placement "world"; `unit` is the length of the light's unit.
    A light nearer than `least` to its target has no direction to look in: it looks where the camera does.
    """
    sun = light.kind == DIRECTIONAL
    if sun:
        direction = target.new_tensor(direction_from_angles(light.azimuth_degrees, light.elevation_degrees))
        position = direction.expand_as(target)
    elif light.placement == ON_SURFACE:
        away = target.norm(dim=-1, keepdim=True)
        position = target * (1 - light.distance * unit / away).clamp_min(NEAREST_TO_CAMERA)
    else:
        right, up, forward = light.offset
        position = (target.new_tensor([right, -up, forward]) * unit).expand_as(target)
    if world is not None and light.placement == IN_WORLD:
        position = (world.mT @ position[..., None])[..., 0]
    aim = target - position
    length = aim.norm(dim=-1, keepdim=True)
    aim = torch.where(length > least, aim / length, torch.nn.functional.normalize(target, dim=-1))
    radius = math.tan(math.radians(light.sun_size_degrees / 2)) if sun else light.radius * unit
    frames = target.new_ones(len(target))
    return PlacedLight(
        kind=light.kind,
        position=position,
        aim=aim,
        radius=radius * frames,
        reach=light.reach * unit * frames,
        radiance=linear_from_srgb(target.new_tensor(light.colour)) * light.intensity,
        falloff=light.falloff,
        shadows=light.shadows,
    )
