from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.blend import blend
from ..fields import field, result
from ..sockets import CATEGORY, schema


class Blend(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Blend",
            display_name="Blend",
            category=f"{CATEGORY}/maps",
            description="Lays a picture, such as colored depth, over the original.",
            search_aliases=["blend", "overlay", "opacity", "multiply", "screen", "soft light", "mix", "composite"],
            inputs=[
                field("base", "The picture below, such as the original photo or clip."),
                field("overlay", "The picture on top. A single one serves all frames of base."),
                field("opacity", "How much of the overlay shows (0 to 1): 0 is the base alone, 1 is the full effect."),
                field(
                    "blend_mode",
                    "normal mixes; multiply darkens; screen lightens; overlay and soft light add contrast.",
                ),
                field(
                    "size_match",
                    "What happens when the two differ in size: one is resized to the other, or both are refused.",
                    is_advanced=True,
                ),
                field(
                    "overlay_mask",
                    "Where the overlay shows (white). One for all frames or one each; any size. Without it: everywhere.",
                    optional=True,
                ),
            ],
            outputs=[result("image", "The blended picture.")],
        )

    @classmethod
    def execute(cls, base, overlay, opacity, blend_mode, size_match, overlay_mask=None) -> io.NodeOutput:
        return io.NodeOutput(blend(base, overlay, opacity, mode=blend_mode, size_match=size_match, mask=overlay_mask))
