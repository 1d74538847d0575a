from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.line_art import line_art
from .. import host
from ..sockets import CATEGORY, PointmapType, image_from_scalar, schema


class LineArt(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_LineArt",
            display_name="Line Art",
            category=f"{CATEGORY}/Effects",
            description="A line drawing of the geometry: outlines where depth jumps, creases where surfaces turn; no texture.",
            search_aliases=[
                "line art",
                "lineart",
                "edges",
                "outline",
                "canny",
                "contour",
                "scribble",
                "controlnet lineart",
            ],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Float.Input(
                    "width",
                    default=2.0,
                    min=0.5,
                    max=32.0,
                    step=0.5,
                    tooltip="Width of the lines in pixels of the photo (0.5 to 32). Line-art ControlNets like 2 to 3.",
                ),
                io.Float.Input(
                    "jump_percent",
                    default=5.0,
                    min=0.5,
                    max=100.0,
                    step=0.5,
                    tooltip="How much depth must jump to be outlined, in percent of the depth and beyond what the surface's slope "
                    "explains. Lower it for more outlines; 100 draws none but the border of the mask.",
                ),
                io.Float.Input(
                    "crease_degrees",
                    default=30.0,
                    min=2.0,
                    max=180.0,
                    step=1.0,
                    tooltip="How far a surface must turn to be drawn as a crease, in degrees. Lower it for more inner lines, "
                    "raise it where noise is drawn; 180 draws none.",
                ),
                io.Float.Input(
                    "smoothing",
                    default=1.2,
                    min=0.5,
                    max=8.0,
                    step=0.1,
                    tooltip="Blur in pixels of the pointmap (not of the photo) before edges are sought. Raise it for soft or noisy "
                    "geometry: 2 to 3 for the built-in preview.",
                ),
                io.Boolean.Input(
                    "invert",
                    default=False,
                    tooltip="Off: white lines on black, as line-art ControlNets want. On: black lines on white, to look at.",
                ),
            ],
            outputs=[io.Image.Output(display_name="lines", tooltip="The drawing, 0 to 1, at the photo's size.")],
        )

    @classmethod
    def execute(cls, pointmap, width, jump_percent, crease_degrees, smoothing, invert) -> io.NodeOutput:
        def drawing(frames, part):
            lines = line_art(frames, width, jump_percent, crease_degrees, smoothing)
            return ((1 - lines) if invert else lines,)

        (lines,) = host.by_chunk(pointmap, drawing)
        return io.NodeOutput(image_from_scalar(lines))
