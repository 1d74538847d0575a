from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.ground import find_ground
from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.range_masks import height_mask
from .. import host_chunks
from ..fields import field, result
from ..shared_inputs import up_input, up_rotation
from ..sockets import CATEGORY, schema


class HeightMaskFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_HeightMaskFromPointmap",
            display_name="Height Mask From Pointmap",
            category=f"{CATEGORY}/masks",
            description="Selects what lies in a range of heights above the ground, however the camera was tilted.",
            search_aliases=["height mask", "above ground", "floor", "altitude", "elevation", "gravity", "level"],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                up_input(),
                field("unit"),
                field("bottom", "Where the range begins, above the ground; negative values are below the ground."),
                field("upper", "Where the range ends, above the ground; must be greater than bottom."),
                field(
                    "feather",
                    "Height over which the selection goes from 0 to 1, centered on bottom and on upper (0 or more).",
                    default=0.02,
                ),
                field(
                    "camera_height",
                    "Height of the camera above the ground (0 or more); 0 finds the ground: the lowest level at which many points "
                    "face up.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result("selection", "1 inside the range, at the photo's size."),
                result("camera_height", "Height of the camera above the ground, in the pointmap's unit."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, up, unit, bottom, upper, feather, camera_height) -> io.NodeOutput:
        rotation = up_rotation(pointmap, up)
        low, high, soft, above = (length_in_units(pointmap, v, unit) for v in (bottom, upper, feather, camera_height))
        if not above:
            instead = "set camera_height to the camera's height above the ground"
            above = float(find_ground(pointmap, rotation, instead=instead).camera_height[0])

        def chosen(frames, part):
            return (height_mask(frames, rotation[part], above, low, high, soft),)

        (selection,) = host_chunks.by_chunk(pointmap, chosen)
        return io.NodeOutput(selection, above)
