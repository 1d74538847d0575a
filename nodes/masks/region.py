from __future__ import annotations

import math

from comfy_api.latest import io

from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.region import region_at_photo
from .. import host
from ..shared_inputs import unit_input
from ..sockets import CATEGORY, PointmapType, schema


class RegionFromPoint(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_RegionFromPoint",
            display_name="Region From Point",
            category=f"{CATEGORY}/Masks",
            description="A mask of the thing or surface at a picked point, grown in 3D up to where depth jumps.",
            search_aliases=[
                "magic wand",
                "flood fill",
                "region growing",
                "pick",
                "select object",
                "segment",
                "mask from point",
            ],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Float.Input(
                    "x",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.005,
                    tooltip="Where the point is picked, as a share of the picture's width: 0 left, 1 right.",
                ),
                io.Float.Input(
                    "y",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.005,
                    tooltip="Where the point is picked, as a share of the picture's height: 0 top, 1 bottom. A frame without "
                    "geometry there gives an empty mask.",
                ),
                io.Float.Input(
                    "jump_percent",
                    default=5.0,
                    min=0.1,
                    max=100.0,
                    step=0.1,
                    tooltip="A jump of depth that ends the region, in percent of the depth and beyond what the slope explains. Lower "
                    "it if the region leaks into the background.",
                ),
                io.Float.Input(
                    "radius",
                    default=0.0,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="How far from the point the region may reach, in the unit below; 0 sets no limit.",
                ),
                unit_input("radius"),
                io.Float.Input(
                    "angle_degrees",
                    default=180.0,
                    min=0.0,
                    max=180.0,
                    step=1.0,
                    tooltip="How far the surface may turn away from how it faces at the point, in degrees: 15 keeps to a floor or a "
                    "wall, 180 sets no limit.",
                ),
            ],
            outputs=[io.Mask.Output(display_name="mask", tooltip="1 inside the region, at the photo's size.")],
        )

    @classmethod
    def execute(cls, pointmap, x, y, jump_percent, radius, unit, angle_degrees) -> io.NodeOutput:
        reach = length_in_units(pointmap, radius or math.inf, unit)
        limits = {"jump_percent": jump_percent, "radius": reach, "angle_degrees": angle_degrees}
        (mask,) = host.by_chunk(pointmap, lambda frames, part: (region_at_photo(frames, x, y, **limits),))
        return io.NodeOutput(mask)
