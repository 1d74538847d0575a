from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.side_by_side import side_by_side
from ..fields import field, result
from ..sockets import CATEGORY, schema


class SideBySide(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SideBySide",
            display_name="Side By Side",
            category=f"{CATEGORY}/maps",
            description="Two pictures or clips next to each other, such as depth and normals.",
            search_aliases=["side by side", "compare", "concat", "stitch", "both", "split"],
            inputs=[
                field("first", "Left (or top) picture or clip; the other is scaled to its size."),
                field("second", "Right (or bottom) picture or clip. A single one stands beside every frame."),
                field("direction", "horizontal: left and right; vertical: top and bottom."),
                field("gap", "Black pixels between the two (0 to 512)."),
            ],
            outputs=[result("image", "Both in one picture.")],
        )

    @classmethod
    def execute(cls, first, second, direction, gap) -> io.NodeOutput:
        return io.NodeOutput(side_by_side(first, second, direction, gap))
