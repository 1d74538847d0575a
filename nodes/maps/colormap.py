from __future__ import annotations

import torch
from comfy_api.latest import io

from ...sam3d_geometry.geometry.colour import luminance
from ...sam3d_geometry.maps.colormap import COLORMAPS, apply_colormap, legend
from ...sam3d_geometry.maps.depth import CURVES, depth_at_nearness
from ..fields import advanced
from ..sockets import CATEGORY, schema

TICKS = 5


class Colormap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Colormap",
            display_name="Colormap",
            category=CATEGORY,
            description="Colours a depth picture (or any grey picture) with matplotlib's colour tables.",
            search_aliases=[
                "colormap",
                "color map",
                "magma",
                "viridis",
                "turbo",
                "false color",
                "depth colored",
                "lut",
            ],
            inputs=[
                io.Image.Input(
                    "image", tooltip="A grey picture, such as depth; of a coloured one the brightness is used."
                ),
                io.Combo.Input(
                    "colormap",
                    options=list(COLORMAPS),
                    default="magma",
                    tooltip="The colour table. magma, viridis, plasma, inferno and cividis are even to the eye; turbo and "
                    "spectral show more steps.",
                ),
                io.Boolean.Input("invert", default=False, tooltip="On: runs through the table backwards."),
                io.Boolean.Input(
                    "legend",
                    default=False,
                    tooltip="On: adds a colour bar at the right side that says which colour is which distance. Leave off for "
                    "ControlNets.",
                ),
                advanced(
                    io.Float.Input(
                        "near",
                        default=0.0,
                        min=0.0,
                        max=1e6,
                        step=0.01,
                        tooltip="Distance that the legend writes at white; wire near of Depth From Pointmap here.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "far",
                        default=1.0,
                        min=0.0,
                        max=1e6,
                        step=0.01,
                        tooltip="Distance that the legend writes at black; wire far of Depth From Pointmap here.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "curve",
                        options=list(CURVES),
                        default="disparity",
                        tooltip="The curve that Depth From Pointmap was set to, so that the legend's numbers are right.",
                    )
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The coloured picture.")],
        )

    @classmethod
    def execute(cls, image, colormap, invert, legend: bool, near, far, curve) -> io.NodeOutput:
        colours = apply_colormap(luminance(image), colormap, invert)
        if legend:
            colours = with_legend(colours, colormap, invert, near, far, curve)
        return io.NodeOutput(colours)


def with_legend(colours: torch.Tensor, name: str, invert: bool, near: float, far: float, curve: str) -> torch.Tensor:
    """The coloured pictures with a colour bar at their right side, numbered by distance."""
    distances = depth_at_nearness(torch.linspace(1, 0, TICKS), near, far, curve)
    labels = tuple(f"{distance:.3g}" for distance in distances.tolist())
    bar = legend(name, colours.shape[1], labels, invert).to(colours)
    return torch.cat([colours, bar.expand(len(colours), -1, -1, -1)], 2)
