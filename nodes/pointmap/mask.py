from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.crop import mask_pointmap
from ..fields import field, result
from ..sockets import CATEGORY, schema


class MaskPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_MaskPointmap",
            display_name="Mask Pointmap",
            category=f"{CATEGORY}/pointmap",
            description="Keeps the geometry where a mask is white, so that everything behind this node sees one object alone.",
            search_aliases=["mask", "object", "cut out", "isolate", "remove background", "segment", "sam", "pointmap"],
            inputs=[
                field("pointmap", "Any pointmap."),
                field(
                    "mask",
                    "White (0.5 and more) where geometry is kept. One for each frame or one for all; any size. What had no "
                    "geometry before stays without.",
                ),
                field("invert", "On: keeps what is black instead."),
            ],
            outputs=[result("pointmap", "The pointmap with geometry only there.")],
        )

    @classmethod
    def execute(cls, pointmap, mask, invert) -> io.NodeOutput:
        return io.NodeOutput(mask_pointmap(pointmap, mask, invert))
