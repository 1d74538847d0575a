from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.crop import Window, crop_clip
from ..fields import field, result
from ..sockets import CATEGORY, schema


class CropPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_CropPointmap",
            display_name="Crop Pointmap",
            category=f"{CATEGORY}/pointmap",
            description="Cuts a pointmap, and the photo with it, to a rectangle or to what a mask selects. Nothing is resampled; the "
            "camera follows.",
            search_aliases=[
                "crop",
                "depth crop",
                "pointmap crop",
                "crop to subject",
                "bounding box",
                "crop foreground",
                "trim",
                "principal point",
            ],
            inputs=[
                field("pointmap", "Any pointmap."),
                field(
                    "left", "Left edge of the crop in pixels of the photo, counted from 0. Not used with a selection."
                ),
                field(
                    "top", "Upper edge of the crop in pixels of the photo, counted from 0. Not used with a selection."
                ),
                field("width", "Width of the crop in pixels of the photo; 0 reaches to the right edge."),
                field("height", "Height of the crop in pixels of the photo; 0 reaches to the lower edge."),
                field(
                    "margin_percent",
                    "Room left around the selection, in percent of its longer side (0 to 100).",
                ),
                field(
                    "clip_percent",
                    "Share of the selected pixels, in percent, that may fall outside at each side (0 to 20), so that a few stray "
                    "ones do not widen the box. 0 holds all of them.",
                    default=0.0,
                    is_advanced=True,
                ),
                field(
                    "multiple",
                    "Width and height become multiples of this many pixels (1 to 256) where the photo has room. Samplers want 8.",
                ),
                field(
                    "selection",
                    "Crop to what is white in it, over all its frames, instead of to the rectangle: from a mask node such as "
                    "Depth Mask From Pointmap. Any size.",
                    optional=True,
                ),
                field(
                    "image",
                    "The photo at full size, to be cut the same way. Without it the pointmap's own smaller picture is enlarged.",
                    optional=True,
                ),
            ],
            outputs=[
                result("pointmap", "The part; its points stay where they were."),
                result("image", "The same part of the photo."),
                result("selection", "The same part of the selection; white everywhere without one."),
                result("left", "Left edge of the part in the photo, in pixels."),
                result("top", "Upper edge of the part in the photo, in pixels."),
                result("width", "Width of the part in pixels of the photo."),
                result("height", "Height of the part in pixels of the photo."),
            ],
        )

    @classmethod
    def execute(
        cls, pointmap, left, top, width, height, margin_percent, clip_percent, multiple, selection=None, image=None
    ) -> io.NodeOutput:
        part = crop_clip(
            pointmap,
            Window(left, top, width, height),
            selection=selection,
            margin_percent=margin_percent,
            clip_percent=clip_percent,
            multiple=multiple,
            image=image,
        )
        return io.NodeOutput(part.pointmap, part.image, part.selection, *part.window)
