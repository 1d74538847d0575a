"""The pictures of the help pages of Depth Of Field and Fog."""

from __future__ import annotations

from collections.abc import Callable

import torch
from PIL import Image
from sheet import estimate, grey, photos, sheet
from torch.nn.functional import normalize

from sam3d_geometry.effects.air.fog import EVEN, GROUND, FogLook, Glow, fog, fog_layer
from sam3d_geometry.effects.air.fog_noise import drifting_noise
from sam3d_geometry.effects.lens.aperture import Aperture
from sam3d_geometry.effects.lens.depth_of_field import depth_of_field
from sam3d_geometry.effects.lens.focus import focus_at_point
from sam3d_geometry.effects.light.lights import DIRECTIONAL, IN_WORLD, Light, place_lights
from sam3d_geometry.geometry.colour import linear_from_hex, srgb_from_hex
from sam3d_geometry.geometry.gravity import level_world
from sam3d_geometry.geometry.resize import pointmap_at_image
from sam3d_geometry.geometry.scene_scale import scene_depth


def through_a_lens(name: str, x: float, y: float, percent: float, highlights: float = 3.0, **aperture) -> tuple:
    """A photo focused at a point of it, and its blur."""
    photo = photos()[name]
    pointmap = estimate(photo)
    blur = torch.tensor([percent / 100])
    full = pointmap_at_image(pointmap, photo)
    return depth_of_field(full, focus_at_point(pointmap, x, y), blur, Aperture(**aperture), highlights)


def depth_of_field_picture() -> Image.Image:
    near, blur = through_a_lens("astronaut", 0.43, 0.3, 5.0)
    far, _ = through_a_lens("astronaut", 0.83, 0.2, 2.5)
    table, _ = through_a_lens("coffee", 0.1, 0.15, 6.0, 12.0, shape="polygon", blades=6)
    pictures = {
        "photo": photos()["astronaut"],
        "focus on the face": near,
        "blur": grey(blur / blur.max()),
        "focus on the rocket": far,
        "photo ": photos()["coffee"],
        "far table sharp, highlights 12": table,
    }
    return sheet(pictures, 3, aspect=1.2)


def in_fog(
    name: str,
    visibility: float,
    height: float | None = None,
    noise: float = 0.0,
    lights: tuple[Light, ...] = (),
    **look,
) -> tuple:
    """A photo in fog; lengths in scene depths as on the node."""
    photo = photos()[name]
    pointmap = estimate(photo)
    unit, world = scene_depth(pointmap), level_world(pointmap)
    kind, lengths = (EVEN, {"height": 1.0}) if height is None else (GROUND, {"height": height * unit})
    layer = fog_layer(pointmap, world, kind=kind, visibility=visibility * unit, **lengths)
    swirls = drifting_noise(1, noise, 0.5 * unit, 0.0)
    glows = [Glow(normalize(at.position, dim=-1), at.radiance) for at in place_lights(lights, pointmap)]
    return fog(pointmap_at_image(pointmap, photo), layer, FogLook(**look), world, swirls, glows)


def low_sun(azimuth: float, elevation: float) -> Light:
    """A sun of warm light; its angles are level with the ground."""
    return Light(
        kind=DIRECTIONAL,
        placement=IN_WORLD,
        azimuth_degrees=azimuth,
        elevation_degrees=elevation,
        colour=srgb_from_hex("#ffe2b0"),
    )


def fog_picture() -> Image.Image:
    grey_blue, blue = (linear_from_hex(c) for c in ("#c3ccd4", "#9fb4cc"))
    plain = dict(colour=grey_blue, far_colour=grey_blue, desaturate=0.3)
    even, through = in_fog("temple", 4.0, **plain)
    pictures = {
        "photo": photos()["temple"],
        "visibility 4": even,
        "transmission": grey(through),
        "visibility 2.5, noise 0.9": in_fog("temple", 2.5, noise=0.9, **plain)[0],
        "ground, height 0.1": in_fog("temple", 0.4, 0.1, **plain)[0],
        "glow 0.6, far color": in_fog(
            "temple",
            5.0,
            colour=grey_blue,
            far_colour=blue,
            desaturate=0.3,
            glow=0.6,
            lights=(low_sun(25, 12),),
            forward=0.7,
        )[0],
    }
    return sheet(pictures, 3)


PICTURES: dict[str, Callable[[], Image.Image]] = {"depth_of_field": depth_of_field_picture, "fog": fog_picture}
