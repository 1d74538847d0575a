from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.line_art import line_art
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, image_from_scalar, schema


class LineArtFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_LineArtFromPointmap",
            display_name="Line Art From Pointmap",
            category=f"{CATEGORY}/maps",
            description="A line drawing of the geometry: outlines where depth jumps, creases where surfaces turn; no texture.",
            search_aliases=[
                "line art",
                "lineart",
                "edges",
                "outline",
                "canny",
                "contour",
                "scribble",
                "controlnet",
                "controlnet lineart",
            ],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field(
                    "line_width",
                    "Width of the lines in pixels of the photo (0.5 to 32). Line-art ControlNets like 2 to 3.",
                ),
                field(
                    "jump_percent",
                    "How much depth must jump to be outlined, in percent of the depth and beyond what the surface's slope "
                    "explains (0.1 to 100). Lower it for more outlines; 100 draws none but the border of the mask.",
                ),
                field(
                    "crease_degrees",
                    "How far a surface must turn to be drawn as a crease, in degrees (2 to 180). Lower it for more inner lines, "
                    "raise it where noise is drawn; 180 draws none.",
                ),
                field(
                    "smoothing",
                    "Radius in pointmap pixels over which the geometry is blurred before edges are sought (0 to 64). Raise it "
                    "for soft or noisy geometry: 4 to 5 for the built-in preview.",
                    default=2,
                ),
                field("invert", "Off: white lines on black, as line-art ControlNets want. On: black lines on white."),
            ],
            outputs=[result("lines", "The drawing, 0 to 1, at the photo's size.")],
        )

    @classmethod
    def execute(cls, pointmap, line_width, jump_percent, crease_degrees, smoothing, invert) -> io.NodeOutput:
        def drawing(frames, part):
            lines = line_art(frames, line_width, jump_percent, crease_degrees, smoothing)
            return ((1 - lines) if invert else lines,)

        (lines,) = host_chunks.by_chunk(pointmap, drawing)
        return io.NodeOutput(image_from_scalar(lines))
