from __future__ import annotations

import math
from dataclasses import replace

from comfy_api.latest import io

from ...sam3d_geometry.geometry.resize import resize_image
from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.depth_crop import crop_to_range
from ...sam3d_geometry.maps.range_masks import depth_mask
from .. import host
from ..fields import advanced
from ..shared_inputs import unit_input
from ..sockets import CATEGORY, PointmapType, schema


class DepthCrop(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DepthCrop",
            display_name="Depth Crop",
            category=f"{CATEGORY}/Masks",
            description="Crops a picture to what lies in a range of distances; one box for all frames of a clip.",
            search_aliases=["crop", "depth crop", "crop to subject", "bounding box", "crop foreground", "trim"],
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
                unit_input("near and far"),
                io.Float.Input(
                    "margin_percent",
                    default=5.0,
                    min=0.0,
                    max=100.0,
                    step=1.0,
                    tooltip="Room left around, in percent of the box's longer side (0 to 100).",
                ),
                io.Int.Input(
                    "multiple",
                    default=8,
                    min=1,
                    max=256,
                    tooltip="Width and height become multiples of this many pixels where the picture has room. Samplers want 8 "
                    "or more.",
                ),
                advanced(
                    io.Float.Input(
                        "clip_percent",
                        default=0.5,
                        min=0.0,
                        max=20.0,
                        step=0.1,
                        tooltip="Share of the pixels in range, in percent, that may fall outside at each side (0 to 20), so that a few "
                        "stray points do not widen the box.",
                    )
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The picture to crop, at any size; one for all frames or one each. Without it the pointmap's own "
                    "picture is enlarged.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="The cropped picture."),
                io.Mask.Output(display_name="mask", tooltip="1 inside the range, cropped alike."),
                io.Int.Output(display_name="x", tooltip="Left edge of the box, in pixels of the picture."),
                io.Int.Output(display_name="y", tooltip="Top edge of the box, in pixels of the picture."),
                io.Int.Output(display_name="width", tooltip="Width of the box in pixels."),
                io.Int.Output(display_name="height", tooltip="Height of the box in pixels."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, near, far, unit, margin_percent, multiple, clip_percent, image=None) -> io.NodeOutput:
        first, last = (length_in_units(pointmap, v, unit) for v in (near, far or math.inf))
        if image is not None:
            if len(image) not in (1, len(pointmap)):
                raise ValueError(
                    f"Input image has {len(image)} frames and the pointmap {len(pointmap)}; give as many, or a single one."
                )
            pointmap = replace(pointmap, source_size=tuple(image.shape[1:3]))
        box = crop_to_range(pointmap, first, last, margin_percent, multiple, clip_percent)

        def crops(frames, part):
            picture = host.frames_of(image, part, frames.device)
            picture = resize_image(frames.image, frames.source_size) if picture is None else picture
            return (
                box.of(picture).expand(len(frames), -1, -1, -1),
                box.of(depth_mask(frames, first, last)),
            )

        picture, mask = host.by_chunk(pointmap, crops)
        return io.NodeOutput(picture, mask, box.x, box.y, box.width, box.height)
