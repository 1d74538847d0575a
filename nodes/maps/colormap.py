from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.colour import luminance
from ...sam3d_geometry.maps.colormap import apply_colormap, with_legend
from ..fields import field, result
from ..sockets import CATEGORY, schema


class Colormap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Colormap",
            display_name="Colormap",
            category=f"{CATEGORY}/maps",
            description="Colors a depth picture (or any gray picture) with matplotlib's color tables.",
            search_aliases=[
                "colormap",
                "color map",
                "colour",
                "magma",
                "viridis",
                "turbo",
                "false color",
                "depth colored",
                "lut",
            ],
            inputs=[
                field("image", "A gray picture, such as depth; of a colored one the brightness is used."),
                field(
                    "colormap",
                    "The color table. magma, viridis, plasma, inferno and cividis are even to the eye; turbo and spectral "
                    "show more steps.",
                ),
                field("invert", "On: runs through the table backwards."),
                field(
                    "legend",
                    "On: adds a color bar at the right side that says which color is which distance. Leave it off for "
                    "ControlNets.",
                ),
                field(
                    "curve",
                    "For the legend: the curve that Depth From Pointmap was set to, so that the numbers are right.",
                    is_advanced=True,
                ),
                field(
                    "near",
                    "For the legend: the distance that is white in the gray picture. Wire near of Depth From Pointmap here.",
                    default=0.0,
                    is_advanced=True,
                ),
                field(
                    "far",
                    "For the legend: the distance that is black in the gray picture. Wire far of Depth From Pointmap here.",
                    default=1.0,
                    is_advanced=True,
                ),
            ],
            outputs=[result("image", "The colored picture.")],
        )

    @classmethod
    def execute(cls, image, colormap, invert, legend, curve, near, far) -> io.NodeOutput:
        colored = apply_colormap(luminance(image), colormap, invert)
        if legend:
            colored = with_legend(colored, colormap, invert, near=near, far=far, curve=curve)
        return io.NodeOutput(colored)
