from __future__ import annotations

from comfy_api.latest import io
from torch.nn.functional import normalize

from ...sam3d_geometry.effects.air.fog import FogLayer, FogLook, Glow, fog, fog_layer
from ...sam3d_geometry.effects.air.fog_noise import drifting_noise
from ...sam3d_geometry.effects.light.lights import place_lights
from ...sam3d_geometry.geometry.colour import linear_from_hex
from ...sam3d_geometry.geometry.resize import require_photo
from ...sam3d_geometry.geometry.scene_scale import unit_length
from .. import host_chunks
from ..fields import field, result
from ..photo_surface import surface_at_photo
from ..shared_inputs import ground_rotation, photo_input, render_quality_input
from ..sockets import CATEGORY, schema


def layer_from(
    pointmap, world, length: float, *, fog_kind, visibility, fog_height, base_height, sky_distance
) -> FogLayer:
    """The fog that the inputs of these names say, of which the lengths count in `length` pointmap units."""
    return fog_layer(
        pointmap,
        world,
        kind=fog_kind,
        visibility=visibility * length,
        height=fog_height * length,
        base_height=base_height * length,
        sky_distance=sky_distance * length,
    )


class Fog(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Fog",
            display_name="Fog",
            category=f"{CATEGORY}/effects",
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
                field("pointmap", "From Pointmap Inference."),
                field(
                    "fog_kind",
                    "even: the same everywhere; ground: a layer that lies on the ground, which is found in the picture, and thins "
                    "with height.",
                ),
                field("unit"),
                field(
                    "visibility",
                    "Distance at which 5 percent of the contrast is left (0.001 or more). Lower is thicker: 1 scene depth is dense "
                    "fog, 4 mist, 10 haze.",
                ),
                field(
                    "fog_height",
                    "For fog_kind ground: height over which the fog thins to about a third (0.001 or more). Lower keeps it at the "
                    "ground.",
                ),
                field(
                    "base_height",
                    "For fog_kind ground: how far above the ground the visibility is as set. Raise it to lift the whole layer.",
                    is_advanced=True,
                ),
                field(
                    "color",
                    "Color of the fog, as in web pages: #c3ccd4 is gray with a little blue.",
                    default="#c3ccd4",
                ),
                field(
                    "far_color",
                    "Color of the fog where it is full, if not the same: bluish for distant hills, warm for dust. Empty: as color.",
                ),
                field("desaturate", "How far the colors of things turn gray as the fog takes them (0 to 1)."),
                field(
                    "sky_fog",
                    "Share of the fog that covers the sky (0 to 1): 1 covers it as the air would, 0 leaves it clear.",
                ),
                field(
                    "sky_distance",
                    "How far away the sky is taken to be (0 or more); 0 is infinitely far. A few scene depths keep clouds visible "
                    "through haze.",
                    is_advanced=True,
                ),
                field("noise", "Share of the fog that varies in swirls (0 to 1)."),
                field("noise_size", "For noise: size of the largest swirls (0.001 or more).", is_advanced=True),
                field(
                    "wind",
                    "For noise in clips: how far the fog drifts to the right from one frame to the next. At 0 it stays in place "
                    "in the air, as seen by a still camera.",
                    is_advanced=True,
                ),
                field("variation", "For noise: another number gives other swirls.", is_advanced=True),
                field(
                    "glow",
                    "Light that the fog scatters around the lights wired to lights (0 to 5); 0 is none, 0.5 a clear glow.",
                ),
                field(
                    "glow_focus",
                    "For glow: how close to the light it stays (0 to 0.95, the g of Henyey and Greenstein): 0 everywhere, 0.6 "
                    "mist, 0.9 a halo.",
                    is_advanced=True,
                ),
                photo_input(),
                field(
                    "lights",
                    "From Scene Light: each light glows in the fog in the direction in which it is seen, with its color and "
                    "intensity. For a sun use light_kind directional, with placement world for angles that are level with the "
                    "ground.",
                    optional=True,
                ),
                render_quality_input(),
            ],
            outputs=[
                result("image", "The picture in fog, at the size of the image."),
                result(
                    "transmission",
                    "Share of each pixel's light that comes through: 1 clear, 0 all fog. Invert it to mask what to repaint.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        unit,
        color,
        far_color,
        desaturate,
        sky_fog,
        noise,
        noise_size,
        wind,
        variation,
        glow,
        glow_focus,
        image=None,
        lights=None,
        render_quality="final",
        **extent,
    ) -> io.NodeOutput:
        require_photo(pointmap, image)
        length, world = unit_length(pointmap, unit), ground_rotation(pointmap)
        layer = layer_from(pointmap, world, length, **extent)
        colour, far_colour = linear_from_hex(color, "color"), linear_from_hex(far_color or color, "far_color")
        look = FogLook(colour, far_colour, desaturate, sky_fog, glow, glow_focus)
        swirls = drifting_noise(len(pointmap), noise, noise_size * length, wind * length, variation)
        glows = [Glow(normalize(at.position, dim=-1), at.radiance) for at in place_lights(lights or (), pointmap)]

        def pictures(frames, part):
            full = surface_at_photo(pointmap, frames, part, image, render_quality)
            return fog(full, layer, look, world[part], swirls[part], [light[part] for light in glows])

        return io.NodeOutput(*host_chunks.by_chunk(pointmap, pictures))
