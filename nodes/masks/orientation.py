from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.orientation import orientation_at_photo
from .. import host
from ..fields import advanced
from ..shared_inputs import upright_input, upright_rotation
from ..sockets import CATEGORY, PointmapType, schema


class OrientationMasks(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_OrientationMasks",
            display_name="Orientation Masks",
            category=f"{CATEGORY}/Masks",
            description="Masks of floor, walls and ceiling, and of what faces the camera, however the camera was tilted.",
            search_aliases=[
                "floor",
                "wall",
                "ceiling",
                "ground",
                "facing ratio",
                "orientation",
                "segmentation",
                "normal mask",
            ],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Float.Input(
                    "tolerance_degrees",
                    default=30.0,
                    min=1.0,
                    max=90.0,
                    step=1.0,
                    tooltip="How far from straight up, level, straight down or the camera a surface may face, in degrees.",
                ),
                io.Float.Input(
                    "softness_degrees",
                    default=10.0,
                    min=0.0,
                    max=90.0,
                    step=1.0,
                    tooltip="Width in degrees of the soft edge about the tolerance; 0 gives hard edges.",
                ),
                advanced(
                    io.Int.Input(
                        "smoothing",
                        default=4,
                        min=0,
                        max=64,
                        tooltip="Radius in pixels of the pointmap over which normals are averaged first (0 to 64), never across depth "
                        "edges or creases. Raise it for noisy geometry.",
                    )
                ),
                upright_input(),
            ],
            outputs=[
                io.Mask.Output(display_name="floor", tooltip="What faces up: floors, roads, table tops."),
                io.Mask.Output(
                    display_name="walls", tooltip="What faces sideways: walls, fronts of furniture, people."
                ),
                io.Mask.Output(display_name="ceiling", tooltip="What faces down: ceilings, undersides."),
                io.Mask.Output(display_name="facing", tooltip="What faces the camera."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, tolerance_degrees, softness_degrees, smoothing, upright) -> io.NodeOutput:
        rotation = upright_rotation(pointmap, upright)

        def masks(frames, part):
            found = orientation_at_photo(frames, rotation[part], tolerance_degrees, softness_degrees, smoothing)
            return found.floor, found.walls, found.ceiling, found.facing

        return io.NodeOutput(*host.by_chunk(pointmap, masks))
