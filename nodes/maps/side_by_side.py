from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.side_by_side import DIRECTIONS, side_by_side
from ..sockets import CATEGORY, schema


class SideBySide(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SideBySide",
            display_name="Side By Side",
            category=CATEGORY,
            description="Two pictures or clips next to each other, such as depth and normals.",
            search_aliases=["side by side", "compare", "concat", "stitch", "both", "split"],
            inputs=[
                io.Image.Input("first", tooltip="Left (or top) picture or clip; its size counts."),
                io.Image.Input(
                    "second",
                    tooltip="Right (or bottom) picture or clip, scaled to fit. A single one stands beside every frame.",
                ),
                io.Combo.Input(
                    "direction",
                    options=list(DIRECTIONS),
                    default="horizontal",
                    tooltip="horizontal: left and right; vertical: top and bottom.",
                ),
                io.Int.Input("gap", default=0, min=0, max=512, tooltip="Black pixels between the two (0 to 512)."),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="Both in one picture.")],
        )

    @classmethod
    def execute(cls, first, second, direction, gap) -> io.NodeOutput:
        return io.NodeOutput(side_by_side(first, second, direction, gap))
