from __future__ import annotations

import math

from comfy_api.latest import io

from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.region import region_at_photo
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, schema


class RegionMaskFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_RegionMaskFromPointmap",
            display_name="Region Mask From Pointmap",
            category=f"{CATEGORY}/masks",
            description="Selects the thing or surface at a picked place, grown in 3D up to where depth jumps.",
            search_aliases=[
                "region from point",
                "magic wand",
                "flood fill",
                "region growing",
                "pick",
                "select object",
                "segment",
                "mask from point",
            ],
            inputs=[
                field(
                    "pointmap", "From Pointmap Inference. A frame without geometry at x, y gives an empty selection."
                ),
                field("x"),
                field("y"),
                field(
                    "jump_percent",
                    "A jump of depth that ends the region, in percent of the depth (0.1 to 100) and beyond what the slope "
                    "explains. Lower it if the region leaks into the background.",
                ),
                field("unit"),
                field(
                    "radius",
                    "How far from the place the region may reach (0 or more); 0 sets no limit.",
                    default=0.0,
                ),
                field(
                    "angle_degrees",
                    "How far the surface may turn away from how it faces at the place, in degrees (0 to 180): 15 keeps to a floor "
                    "or a wall, 180 sets no limit.",
                ),
            ],
            outputs=[result("selection", "1 inside the region, at the photo's size.")],
        )

    @classmethod
    def execute(cls, pointmap, x, y, jump_percent, unit, radius, angle_degrees) -> io.NodeOutput:
        reach = length_in_units(pointmap, radius or math.inf, unit)
        limits = {"jump_percent": jump_percent, "radius": reach, "angle_degrees": angle_degrees}
        return io.NodeOutput(
            *host_chunks.by_chunk(pointmap, lambda frames, part: (region_at_photo(frames, x, y, **limits),))
        )
