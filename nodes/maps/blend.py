from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.resize import resize_image
from ...sam3d_geometry.maps.blend import MODES, SIZE_MATCH, blend
from ..fields import advanced
from ..sockets import CATEGORY, schema


class Blend(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Blend",
            display_name="Blend",
            category=CATEGORY,
            description="Lays a picture, such as coloured depth, over the original.",
            search_aliases=["blend", "overlay", "opacity", "multiply", "screen", "soft light", "mix", "composite"],
            inputs=[
                io.Image.Input("base", tooltip="The picture below, such as the original photo or clip."),
                io.Image.Input("layer", tooltip="The picture on top. A single one serves all frames of base."),
                io.Float.Input(
                    "opacity",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="How much of the layer shows: 0 is the base alone, 1 the full effect.",
                ),
                io.Combo.Input(
                    "mode",
                    options=list(MODES),
                    default="normal",
                    tooltip="normal mixes; multiply darkens; screen lightens; overlay and soft light add contrast.",
                ),
                advanced(
                    io.Combo.Input(
                        "size_match",
                        options=list(SIZE_MATCH),
                        default=SIZE_MATCH[0],
                        tooltip="What happens when the two differ in size: one is resized to the other, or it is refused.",
                    )
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Where the layer shows (white). One for all frames or one each; any size.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The blended picture.")],
        )

    @classmethod
    def execute(cls, base, layer, opacity, mode, size_match, mask=None) -> io.NodeOutput:
        if mask is not None:
            size = (layer if size_match == "resize base to layer" else base).shape[1:3]
            mask = resize_image(mask[..., None], size)[..., 0]
        return io.NodeOutput(blend(base, layer, opacity, mode, size_match, mask))
