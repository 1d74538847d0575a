from __future__ import annotations

import math

from comfy_api.latest import io

from ...sam3d_geometry.effects.air import fog as air
from ...sam3d_geometry.effects.air.fog_noise import drifting_noise
from ...sam3d_geometry.geometry.colour import linear_from_hex
from ...sam3d_geometry.geometry.gravity import level_world
from ...sam3d_geometry.geometry.ground import find_ground
from ...sam3d_geometry.geometry.resize import pointmap_at_image
from ...sam3d_geometry.geometry.rotations import direction_from_angles
from ...sam3d_geometry.geometry.scene_scale import UNITS, unit_length
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, require_frames, require_option, schema

KINDS = ["even", "thinning with height"]


class Fog(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Fog",
            display_name="Fog And Atmosphere",
            category=f"{CATEGORY}/Effects",
            description="Fog, haze and mist by true distance: light is lost and scattered as in air.",
            search_aliases=[
                "fog",
                "mist",
                "haze",
                "atmosphere",
                "aerial perspective",
                "volumetric",
                "smoke",
                "weather",
            ],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Combo.Input(
                    "kind",
                    options=KINDS,
                    default=KINDS[0],
                    tooltip="even: the same everywhere; thinning with height: a layer that lies on the ground, which is found in "
                    "the picture.",
                ),
                io.Float.Input(
                    "visibility",
                    default=6.0,
                    min=0.001,
                    max=1e6,
                    step=0.05,
                    tooltip="Distance at which 5 percent of the contrast is left, in the unit below. Lower is thicker: 1 scene depth "
                    "is dense fog, 4 mist, 10 haze.",
                ),
                io.Combo.Input(
                    "unit",
                    options=list(UNITS),
                    default=UNITS[0],
                    tooltip="What all lengths here are counted in. scene depth: 1 is the median depth of all that is seen, works "
                    "with every model; metres: needs a model that gives metres.",
                ),
                io.Float.Input(
                    "height",
                    default=0.2,
                    min=0.001,
                    max=1e6,
                    step=0.01,
                    tooltip="For thinning with height: the height, in the unit, over which the fog thins to about a third. Lower "
                    "keeps it at the ground.",
                ),
                io.String.Input(
                    "color",
                    default="#c3ccd4",
                    tooltip="Colour of the fog, as in web pages: #c3ccd4 is grey with a little blue.",
                ),
                io.String.Input(
                    "far_color",
                    default="",
                    tooltip="Colour of the fog where it is full, if not the same: bluish for distant hills, warm for dust. Empty: as "
                    "color.",
                ),
                io.Float.Input(
                    "desaturate",
                    default=0.3,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="How far the colours of things turn grey as the fog takes them (0 to 1).",
                ),
                io.Float.Input(
                    "glow",
                    default=0.0,
                    min=0.0,
                    max=5.0,
                    step=0.05,
                    tooltip="Light scattered by the fog around the sun or lamp (0 to 5), which the two angles below place; "
                    "0 is none, 0.5 a clear glow.",
                ),
                io.Float.Input(
                    "light_azimuth_degrees",
                    default=0.0,
                    min=-180.0,
                    max=180.0,
                    step=1.0,
                    tooltip="For glow: where the light is, in degrees to the right of straight ahead; 180 is behind the camera.",
                ),
                io.Float.Input(
                    "light_elevation_degrees",
                    default=15.0,
                    min=-90.0,
                    max=90.0,
                    step=1.0,
                    tooltip="For glow: how high the light stands above the horizon, in degrees.",
                ),
                io.Float.Input(
                    "noise",
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="Unevenness: the share of the fog that comes and goes in swirls in the air (0 to 1).",
                ),
                io.Int.Input(
                    "variation",
                    default=0,
                    min=0,
                    max=2**31 - 1,
                    tooltip="For noise: another number gives other swirls.",
                ),
                io.Float.Input(
                    "sky",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="How much of the fog the sky gets (0 to 1): 1 covers it as the air would, 0 leaves it clear.",
                ),
                advanced(
                    io.Float.Input(
                        "sky_distance",
                        default=0.0,
                        min=0.0,
                        max=1e6,
                        step=0.1,
                        tooltip="How far away the sky is taken to be, in the unit; 0 is infinitely far. A few scene depths keep "
                        "clouds visible through haze.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "base_height",
                        default=0.0,
                        min=-1e6,
                        max=1e6,
                        step=0.01,
                        tooltip="For thinning with height: how far above the ground, in the unit, the visibility is as set. Raise "
                        "it to lift the whole layer.",
                    )
                ),
                advanced(
                    io.String.Input(
                        "glow_color", default="#ffe2b0", tooltip="For glow: colour of the light that is scattered."
                    )
                ),
                advanced(
                    io.Float.Input(
                        "glow_focus",
                        default=0.6,
                        min=0.0,
                        max=0.95,
                        step=0.05,
                        tooltip="For glow: how close to the light it stays (0 to 0.95, the g of Henyey and Greenstein): 0 everywhere, "
                        "0.6 mist, 0.9 a halo.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "noise_size",
                        default=0.5,
                        min=0.001,
                        max=1e6,
                        step=0.05,
                        tooltip="For noise: size of the largest swirls, in the unit.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "wind",
                        default=0.02,
                        min=-1e6,
                        max=1e6,
                        step=0.005,
                        tooltip="For noise in clips: how far the fog drifts to the right from one frame to the next, in the unit; it "
                        "stays in place in the air otherwise, seen from a still camera.",
                    )
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo or clip at full size. Without it the pointmap's own picture is enlarged, which is less sharp.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="The picture in fog, at the size of image."),
                io.Mask.Output(
                    display_name="transmission",
                    tooltip="Share of each pixel's light that comes through: 1 clear, 0 all fog. Invert it to mask what to repaint.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        kind,
        visibility,
        unit,
        height,
        color,
        far_color,
        desaturate,
        glow,
        light_azimuth_degrees,
        light_elevation_degrees,
        noise,
        variation,
        sky,
        sky_distance,
        base_height,
        glow_color,
        glow_focus,
        noise_size,
        wind,
        image=None,
    ) -> io.NodeOutput:
        require_option("kind", kind, KINDS)
        require_option("unit", unit, list(UNITS))
        require_frames("image", image, len(pointmap))
        length = unit_length(pointmap, unit)
        world = level_world(pointmap)
        camera = 0.0
        if kind != "even":
            found = find_ground(pointmap, world, instead="set kind to even")
            camera = float(found.camera_height[0]) - base_height * length
        layer = air.FogLayer(
            air.extinction_from_visibility(visibility * length),
            falloff=math.inf if kind == "even" else height * length,
            camera=camera,
            sky_distance=sky_distance * length or math.inf,
        )
        look = air.FogLook(
            linear_from_hex(color, "color"),
            linear_from_hex(far_color or color, "far_color"),
            desaturate,
            sky,
            glow,
            linear_from_hex(glow_color, "glow_color"),
            direction_from_angles(light_azimuth_degrees, light_elevation_degrees),
            glow_focus,
        )
        swirls = drifting_noise(len(pointmap), noise, noise_size * length, wind * length, variation)

        def pictures(frames, part):
            full = pointmap_at_image(frames, host.frames_of(image, part, frames.device))
            return air.fog(full, layer, look, world[part], swirls[part])

        return io.NodeOutput(*host.by_chunk(pointmap, pictures))
