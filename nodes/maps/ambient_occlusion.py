from __future__ import annotations

import torch
from comfy_api.latest import io

from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.ambient_occlusion import QUALITIES, occlusion_at_photo
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, image_from_scalar, require_option, schema


class AmbientOcclusionFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_AmbientOcclusionFromPointmap",
            display_name="Ambient Occlusion From Pointmap",
            category=f"{CATEGORY}/maps",
            description="How open each surface is to light from all around: dark in corners, under things and in folds.",
            search_aliases=["ambient occlusion", "ao", "ssao", "gtao", "hbao", "contact shadow", "crevices"],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field("unit"),
                field(
                    "radius",
                    "Largest distance at which things darken each other. Small for folds and contacts, large for rooms; 0 gives "
                    "white all over.",
                ),
                field(
                    "power",
                    "Exponent of the map (0 to 8): 1 is the true openness, 2 and more darken, 0 is white all over.",
                ),
                field(
                    "quality",
                    "How many directions and points are looked at: fast 4 x 6, normal 8 x 8, high 16 x 16. Time grows with the "
                    "product; high is within about 1 % of the exact value in a corner.",
                ),
                field(
                    "smoothing",
                    "Radius in pointmap pixels over which depth is averaged first (0 to 64), never across edges. Raise it for "
                    "rippled geometry (16 for the built-in preview), 0 for exact geometry.",
                ),
                field(
                    "thickness_radii",
                    "Assumed thickness of things behind what is seen of them, in radii (0.01 to 10). Lower it if things in front "
                    "leave dark halos on walls behind, raise it if corners come out too bright.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result(
                    "ambient_occlusion",
                    "1 open, and where there is no geometry: for ambient_occlusion of Relight Scene.",
                ),
                result("image", "The same as a picture. Multiply a picture with it (Blend, blend_mode multiply)."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, unit, radius, power, quality, smoothing, thickness_radii) -> io.NodeOutput:
        require_option("quality", quality, list(QUALITIES))
        reach = length_in_units(pointmap, radius, unit)

        def occlusion(frames, part):
            if not reach:
                return (torch.ones(len(frames), *frames.source_size),)
            return (occlusion_at_photo(frames, reach, thickness_radii, quality, smoothing) ** power,)

        (openness,) = host_chunks.by_chunk(pointmap, occlusion)
        return io.NodeOutput(openness, image_from_scalar(openness))
