from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.orientation import orientation_at_photo
from .. import host_chunks
from ..fields import field, result
from ..shared_inputs import smoothing_input, up_input, up_rotation
from ..sockets import CATEGORY, schema


class OrientationMasksFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_OrientationMasksFromPointmap",
            display_name="Orientation Masks From Pointmap",
            category=f"{CATEGORY}/masks",
            description="Masks of floor, walls and ceiling, and of what faces the camera, however the camera was tilted.",
            search_aliases=[
                "orientation masks",
                "floor",
                "wall",
                "ceiling",
                "ground",
                "facing ratio",
                "segmentation",
                "normal mask",
            ],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                up_input(),
                field(
                    "tolerance_degrees",
                    "How far from straight up, level, straight down or the camera a surface may face, in degrees (1 to 90).",
                ),
                field(
                    "feather_degrees",
                    "Width of the soft border around the tolerance, in degrees (0 to 90); 0 is hard.",
                ),
                smoothing_input(is_advanced=True),
            ],
            outputs=[
                result("floor", "What faces up: floors, roads, table tops."),
                result("walls", "What faces sideways: walls, fronts of furniture, people."),
                result("ceiling", "What faces down: ceilings, undersides."),
                result("facing", "What faces the camera."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, up, tolerance_degrees, feather_degrees, smoothing) -> io.NodeOutput:
        rotation = up_rotation(pointmap, up)

        def masks(frames, part):
            found = orientation_at_photo(frames, rotation[part], tolerance_degrees, feather_degrees, smoothing)
            return found.floor, found.walls, found.ceiling, found.facing

        return io.NodeOutput(*host_chunks.by_chunk(pointmap, masks))
