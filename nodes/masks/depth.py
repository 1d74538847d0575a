from __future__ import annotations

import math

from comfy_api.latest import io

from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.range_masks import RANGE_MEASURES, depth_mask
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, schema


class DepthMaskFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DepthMaskFromPointmap",
            display_name="Depth Mask From Pointmap",
            category=f"{CATEGORY}/masks",
            description="Selects what lies in a range of distances, with a soft border.",
            search_aliases=[
                "depth mask",
                "mask by depth",
                "mask by distance",
                "distance mask",
                "depth range",
                "threshold",
                "foreground",
                "background",
                "z mask",
            ],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field("unit"),
                field(
                    "near", "Where the range begins (0 or more); 0 includes everything up to the camera.", default=0.0
                ),
                field(
                    "far", "Where the range ends (0 or more); must be greater than near. 0 leaves it open.", default=1.0
                ),
                field(
                    "feather",
                    "Depth over which the selection goes from 0 to 1, centered on near and on far (0 or more); 0 gives hard ends.",
                ),
                field(
                    "measure",
                    "z: along the view axis, as in depth pictures; ray: straight from the camera.",
                    options=RANGE_MEASURES,
                    is_advanced=True,
                ),
                field(
                    "include_sky",
                    "On: pixels without geometry (sky, masked out) belong to the selection.",
                    is_advanced=True,
                ),
            ],
            outputs=[result("selection", "1 inside the range, at the photo's size.")],
        )

    @classmethod
    def execute(cls, pointmap, unit, near, far, feather, measure, include_sky) -> io.NodeOutput:
        first, last, soft = (length_in_units(pointmap, v, unit) for v in (near, far or math.inf, feather))

        def chosen(frames, part):
            return (depth_mask(frames, first, last, soft, measure=measure, sky=include_sky),)

        return io.NodeOutput(*host_chunks.by_chunk(pointmap, chosen))
