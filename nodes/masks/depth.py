from __future__ import annotations

import math

from comfy_api.latest import io

from ...sam3d_geometry.geometry.ground import find_ground
from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.range_masks import MEASURES, depth_mask, height_mask
from .. import host
from ..fields import advanced
from ..shared_inputs import unit_input, upright_input, upright_rotation
from ..sockets import CATEGORY, PointmapType, schema


class DepthMask(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DepthMask",
            display_name="Depth Mask",
            category=f"{CATEGORY}/Masks",
            description="A mask of what lies in a range of distances, with a feather in the same unit.",
            search_aliases=[
                "depth mask",
                "distance mask",
                "depth range",
                "threshold",
                "foreground",
                "background",
                "z mask",
            ],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Float.Input(
                    "near",
                    default=0.0,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="Where the range begins, in the unit below; 0 takes in everything up to the camera.",
                ),
                io.Float.Input(
                    "far",
                    default=1.0,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="Where the range ends, in the unit below; must be greater than near. 0 leaves it open.",
                ),
                io.Float.Input(
                    "feather",
                    default=0.05,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="Depth over which the mask goes from 0 to 1, centred on near and on far, in the unit below; 0 gives hard "
                    "ends.",
                ),
                unit_input("near, far and feather"),
                advanced(
                    io.Combo.Input(
                        "measure",
                        options=list(MEASURES),
                        default=MEASURES[0],
                        tooltip="depth: along the view axis, as in depth pictures; distance: straight from the camera.",
                    )
                ),
                advanced(
                    io.Boolean.Input(
                        "sky",
                        default=False,
                        tooltip="Whether pixels without geometry (sky, outside the mask) belong to the mask.",
                    )
                ),
            ],
            outputs=[io.Mask.Output(display_name="mask", tooltip="1 inside the range, at the photo's size.")],
        )

    @classmethod
    def execute(cls, pointmap, near, far, feather, unit, measure, sky) -> io.NodeOutput:
        first, last, soft = (length_in_units(pointmap, v, unit) for v in (near, far or math.inf, feather))
        (mask,) = host.by_chunk(pointmap, lambda f, part: (depth_mask(f, first, last, soft, measure, sky),))
        return io.NodeOutput(mask)


class HeightMask(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_HeightMask",
            display_name="Height Mask",
            category=f"{CATEGORY}/Masks",
            description="A mask of what lies in a range of heights above the ground, however the camera was tilted.",
            search_aliases=["height mask", "above ground", "floor", "altitude", "elevation", "gravity", "level"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Float.Input(
                    "bottom",
                    default=0.05,
                    min=-1e6,
                    max=1e6,
                    step=0.01,
                    tooltip="Where the range begins, above the ground, in the unit below; negative values are below the ground.",
                ),
                io.Float.Input(
                    "top",
                    default=1.0,
                    min=-1e6,
                    max=1e6,
                    step=0.01,
                    tooltip="Where the range ends, above the ground, in the unit below; must be greater than bottom.",
                ),
                io.Float.Input(
                    "feather",
                    default=0.02,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="Height over which the mask goes from 0 to 1, centred on bottom and on top, in the unit below.",
                ),
                unit_input("bottom, top and feather"),
                upright_input(),
                advanced(
                    io.Float.Input(
                        "camera_height",
                        default=0.0,
                        min=0.0,
                        max=1e6,
                        step=0.01,
                        tooltip="Height of the camera above the ground, in the unit above; 0 finds the ground: the lowest level at "
                        "which many points face up.",
                    )
                ),
            ],
            outputs=[
                io.Mask.Output(display_name="mask", tooltip="1 inside the range, at the photo's size."),
                io.Float.Output(
                    display_name="ground_distance",
                    tooltip="How far below the camera the ground lies, in the pointmap's unit (metres for metric models).",
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, bottom, top, feather, unit, upright, camera_height) -> io.NodeOutput:
        rotation = upright_rotation(pointmap, upright)
        low, high, soft, above = (length_in_units(pointmap, v, unit) for v in (bottom, top, feather, camera_height))
        if not above:
            instead = "set camera_height to the camera's height above the ground"
            above = float(find_ground(pointmap, rotation, instead=instead).camera_height[0])

        def masks(frames, part):
            return (height_mask(frames, rotation[part], above, low, high, soft),)

        (mask,) = host.by_chunk(pointmap, masks)
        return io.NodeOutput(mask, above)
