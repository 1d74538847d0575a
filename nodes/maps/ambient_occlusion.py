from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.ambient_occlusion import QUALITIES, occlusion_at_photo
from .. import host
from ..fields import advanced
from ..shared_inputs import unit_input
from ..sockets import CATEGORY, PointmapType, image_from_scalar, require_option, schema


class AmbientOcclusion(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_AmbientOcclusion",
            display_name="Ambient Occlusion",
            category=f"{CATEGORY}/Effects",
            description="How open each surface is to light from all around: dark in corners, under things and in folds.",
            search_aliases=["ambient occlusion", "ao", "ssao", "gtao", "hbao", "contact shadow", "crevices"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Float.Input(
                    "radius",
                    default=0.15,
                    min=0.0001,
                    max=1000.0,
                    step=0.01,
                    tooltip="How far away things still darken, in the unit below. Small for folds and contacts, large for rooms.",
                ),
                unit_input("radius"),
                io.Float.Input(
                    "strength",
                    default=1.0,
                    min=0.0,
                    max=8.0,
                    step=0.1,
                    tooltip="Power of the map (0 to 8): 1 is the true openness, 2 and more darken, 0 is white all over.",
                ),
                io.Combo.Input(
                    "quality",
                    options=list(QUALITIES),
                    default="normal",
                    tooltip="How many directions and points are looked at: fast 4 x 6, normal 8 x 8, high 16 x 16. Time grows with "
                    "the product; high comes within about 1 % of the exact value in a corner.",
                ),
                io.Int.Input(
                    "smoothing",
                    default=4,
                    min=0,
                    max=64,
                    tooltip="Radius in pixels of the pointmap over which depth is averaged first (0 to 64), never across depth edges. "
                    "Raise it for rippled geometry (16 for the built-in preview), 0 for exact geometry.",
                ),
                advanced(
                    io.Float.Input(
                        "thickness",
                        default=0.5,
                        min=0.01,
                        max=10.0,
                        step=0.05,
                        tooltip="How deep things are taken to be behind what is seen of them, as a share of the radius. Lower it "
                        "if things in front leave dark halos on walls behind, raise it if corners come out too bright.",
                    )
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="ambient_occlusion",
                    tooltip="0 to 1 at the photo's size: 1 open, and where there is no geometry. Multiply a picture with it (Blend, "
                    "mode multiply).",
                ),
                io.Mask.Output(
                    display_name="mask", tooltip="The same as a mask: wire it to ambient_occlusion of Relight."
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, radius, unit, strength, quality, smoothing, thickness) -> io.NodeOutput:
        require_option("quality", quality, list(QUALITIES))
        reach = length_in_units(pointmap, radius, unit)

        def occlusion(frames, part):
            return (occlusion_at_photo(frames, reach, thickness, quality, smoothing) ** strength,)

        (openness,) = host.by_chunk(pointmap, occlusion)
        return io.NodeOutput(image_from_scalar(openness), openness)
