from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.light.lights import PLACEMENTS, Light
from ...sam3d_geometry.geometry.colour import srgb_from_hex
from ..fields import field, result
from ..sockets import CATEGORY, schema


class SceneLight(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SceneLight",
            display_name="Scene Light",
            category=f"{CATEGORY}/effects",
            description="A light in the scene, for Relight Scene, Composite Into Scene and Fog; chain several through lights.",
            search_aliases=["light", "lamp", "sun", "point light", "area light", "directional light", "relight"],
            inputs=[
                field(
                    "light_kind",
                    "point: a ball of light; directional: a sun, the same everywhere, set by azimuth and elevation; area: a round "
                    "panel that lights what is in front of it and faces the place x, y.",
                ),
                field(
                    "placement",
                    "surface: hangs in front of the surface seen at x, y; camera: right, up and forward of the camera; world: the "
                    "same with up against gravity, found by the ground.",
                    options=PLACEMENTS,
                ),
                field("unit"),
                field("x", default=0.4),
                field("y", default=0.35),
                field(
                    "light_distance",
                    "For placement surface: distance from the surface towards the camera (0.001 or more). Larger lights more of "
                    "the scene, and flatter.",
                ),
                field(
                    "offset_right",
                    "For placement camera and world: how far to the right of the camera; negative is left.",
                ),
                field("offset_up", "For placement camera and world: how far above the camera; negative is below."),
                field(
                    "offset_forward",
                    "For placement camera and world: how far into the scene; 1 scene depth is as deep as the scene's middle, "
                    "negative is behind the camera.",
                ),
                field(
                    "azimuth_degrees",
                    "For directional: where the sun stands (-180 to 180): 0 straight ahead, 90 to the right, -90 to the left, 180 "
                    "behind the camera. Level with the ground for placement world.",
                ),
                field(
                    "elevation_degrees",
                    "For directional: how high the sun stands (-90 to 90): 0 at the horizon, 90 overhead, negative from below.",
                ),
                field(
                    "color",
                    "A name such as orange, or # and six hexadecimal digits: #ffffff white, #ffd9a0 lamp, #9fc5ff sky.",
                ),
                field(
                    "intensity",
                    "Brightness (0 to 100): at 1 a white surface that faces the light, reach away from it, becomes white.",
                ),
                field(
                    "radius",
                    "For point and area: size of the light (0 or more): 0 gives hard shadows, larger ones softer.",
                    default=0.05,
                ),
                field(
                    "sun_size_degrees",
                    "For directional: apparent diameter in degrees (0 to 90): 0 gives hard shadows, 0.5 is the sun, larger ones "
                    "softer.",
                    is_advanced=True,
                ),
                field(
                    "reach",
                    "For point and area: distance at which the light has its intensity (0.001 or more); larger lights deeper into "
                    "the scene.",
                ),
                field(
                    "falloff",
                    "For point and area: how fast light fades with distance (0 to 4): 2 as in nature (inverse square), 1 slower, "
                    "0 not at all.",
                    is_advanced=True,
                ),
                field("cast_shadows", "On: the scene casts shadows in this light."),
                field("lights", "Lights of another Scene Light; this one is added to them.", optional=True),
            ],
            outputs=[result("lights", "All lights up to and with this one.")],
        )

    @classmethod
    def execute(
        cls,
        light_kind,
        light_distance,
        x,
        y,
        offset_right,
        offset_up,
        offset_forward,
        color,
        cast_shadows,
        lights=None,
        **of_light,
    ) -> io.NodeOutput:
        light = Light(
            kind=light_kind,
            pixel=(x, y),
            distance=light_distance,
            offset=(offset_right, offset_up, offset_forward),
            colour=srgb_from_hex(color),
            shadows=cast_shadows,
            **of_light,  # inputs whose names are those of its fields
        )
        return io.NodeOutput((*(lights or ()), light))
