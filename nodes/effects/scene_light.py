from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.light.lights import KINDS, PLACEMENTS, UNITS
from ...sam3d_geometry.effects.light.lights import Light as LibraryLight
from ...sam3d_geometry.geometry.colour import srgb_from_hex
from ..fields import advanced
from ..sockets import CATEGORY, LightsType, schema


class Light(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Light",
            display_name="Light",
            category=f"{CATEGORY}/Effects",
            description="A light in the scene, for Relight and the composites; chain several through lights.",
            search_aliases=["light", "lamp", "sun", "point light", "area light", "directional light", "relight"],
            inputs=[
                io.Combo.Input(
                    "kind",
                    options=list(KINDS),
                    default="point",
                    tooltip="point: a ball of light; directional: a sun, the same everywhere, set by azimuth and elevation; area: a "
                    "round panel that lights what lies before it and looks at x, y.",
                ),
                io.Combo.Input(
                    "placement",
                    options=list(PLACEMENTS),
                    default=PLACEMENTS[0],
                    tooltip="over a pixel: hangs in front of the surface seen at x, y; camera: right, up and forward of the camera; "
                    "world: the same with up against gravity, found by the ground.",
                ),
                io.Float.Input(
                    "x",
                    default=0.4,
                    min=0.0,
                    max=1.0,
                    step=0.005,
                    tooltip="Where in the picture the light hangs, or a panel looks: 0 left edge, 1 right edge.",
                ),
                io.Float.Input(
                    "y",
                    default=0.35,
                    min=0.0,
                    max=1.0,
                    step=0.005,
                    tooltip="Where in the picture the light hangs, or a panel looks: 0 top edge, 1 bottom edge.",
                ),
                io.Float.Input(
                    "distance",
                    default=0.3,
                    min=0.0,
                    max=1000.0,
                    step=0.01,
                    tooltip="For placement over a pixel: how far before the surface, towards the camera, in the unit below. Larger "
                    "lights more of the scene, and flatter.",
                ),
                io.Float.Input(
                    "right",
                    default=0.5,
                    min=-1000.0,
                    max=1000.0,
                    step=0.01,
                    tooltip="For camera and world: how far to the right of the camera, in the unit below; negative is left.",
                ),
                io.Float.Input(
                    "up",
                    default=0.5,
                    min=-1000.0,
                    max=1000.0,
                    step=0.01,
                    tooltip="For camera and world: how far above the camera, in the unit below; negative is below.",
                ),
                io.Float.Input(
                    "forward",
                    default=0.5,
                    min=-1000.0,
                    max=1000.0,
                    step=0.01,
                    tooltip="For camera and world: how far into the scene, in the unit below; 1 with unit scene depth is as deep as the "
                    "scene's middle, negative behind the camera.",
                ),
                io.Float.Input(
                    "azimuth_degrees",
                    default=135.0,
                    min=-180.0,
                    max=180.0,
                    step=1.0,
                    tooltip="For directional: where the sun stands: 0 straight ahead, 90 to the right, -90 to the left, 180 behind the "
                    "camera. Level with the ground for placement world.",
                ),
                io.Float.Input(
                    "elevation_degrees",
                    default=35.0,
                    min=-90.0,
                    max=90.0,
                    step=1.0,
                    tooltip="For directional: how high the sun stands: 0 at the horizon, 90 overhead, negative from below.",
                ),
                io.Float.Input(
                    "intensity",
                    default=1.5,
                    min=0.0,
                    max=100.0,
                    step=0.05,
                    tooltip="Brightness: at 1 a white surface that faces the light, reach away from it, becomes white.",
                ),
                io.String.Input(
                    "color",
                    default="#ffd9a0",
                    tooltip="# and six hexadecimal digits: #ffffff white, #ffd9a0 lamp, #9fc5ff sky.",
                ),
                io.Float.Input(
                    "radius",
                    default=0.05,
                    min=0.0,
                    max=1000.0,
                    step=0.01,
                    tooltip="Size of the light in the unit below: 0 gives hard shadows, larger ones softer. For directional the tangent "
                    "of its half angle: 0.005 is the sun.",
                ),
                io.Float.Input(
                    "reach",
                    default=0.5,
                    min=0.001,
                    max=1000.0,
                    step=0.01,
                    tooltip="Distance in the unit below at which the light has its intensity; larger lights deeper into the scene.",
                ),
                advanced(
                    io.Float.Input(
                        "falloff",
                        default=2.0,
                        min=0.0,
                        max=4.0,
                        step=0.1,
                        tooltip="How fast light fades with distance: 2 as in nature (inverse square), 1 slower, 0 not at all.",
                    )
                ),
                io.Combo.Input(
                    "unit",
                    options=list(UNITS),
                    default=UNITS[0],
                    tooltip="Of all lengths: scene depth (1 is the median distance of what is seen; fits every model) or metres, for "
                    "models that give metres.",
                ),
                io.Boolean.Input("shadows", default=True, tooltip="Whether the scene casts shadows in this light."),
                LightsType.Input("lights", optional=True, tooltip="Lights that are there already, from another Light."),
            ],
            outputs=[LightsType.Output(display_name="lights", tooltip="All lights up to and with this one.")],
        )

    @classmethod
    def execute(
        cls,
        kind,
        placement,
        x,
        y,
        distance,
        right,
        up,
        forward,
        azimuth_degrees,
        elevation_degrees,
        intensity,
        color,
        radius,
        reach,
        falloff,
        unit,
        shadows,
        lights=(),
    ) -> io.NodeOutput:
        light = LibraryLight(
            kind,
            placement,
            (x, y),
            distance,
            (right, up, forward),
            azimuth_degrees,
            elevation_degrees,
            radius,
            reach,
            falloff,
            intensity,
            srgb_from_hex(color),
            unit,
            shadows,
        )
        return io.NodeOutput((*(lights or ()), light))
