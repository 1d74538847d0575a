from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.crop import Window, crop_pointmap, resize_pointmap, window_between, window_of_mask
from ...sam3d_geometry.geometry.resize import resize_image, size_for_long_edge
from .. import host
from ..sockets import CATEGORY, PointmapType, require_frames, schema

LARGEST = 16384


def _pixels(name: str, tooltip: str) -> io.Input:
    return io.Int.Input(name, default=0, min=0, max=LARGEST, tooltip=tooltip)


class PointmapCrop(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapCrop",
            display_name="Pointmap Crop",
            category=f"{CATEGORY}/Camera",
            description="Cuts a pointmap, and the photo with it, to a rectangle or to a mask. Nothing is resampled; the camera "
            "follows.",
            search_aliases=["crop", "cut", "region", "mask", "bounding box", "principal point", "pointmap"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="Any pointmap."),
                _pixels("left", "Left edge of the crop in pixels of the photo, counted from 0. Not used with a mask."),
                _pixels("top", "Upper edge of the crop in pixels of the photo, counted from 0. Not used with a mask."),
                _pixels("width", "Width of the crop in pixels of the photo; 0 reaches to the right edge."),
                _pixels("height", "Height of the crop in pixels of the photo; 0 reaches to the lower edge."),
                io.Int.Input(
                    "margin",
                    default=16,
                    min=0,
                    max=LARGEST,
                    tooltip="Room around the mask in pixels of the photo (0 or more). Used only with a mask.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Crop to what is white in it, over all its frames, instead of to the rectangle. Any size.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo at full size, to be cut the same way. Without it the pointmap's own smaller picture is "
                    "enlarged.",
                ),
            ],
            outputs=[
                PointmapType.Output(display_name="pointmap", tooltip="The part; its points stay where they were."),
                io.Image.Output(display_name="image", tooltip="The same part of the photo."),
                io.Int.Output(display_name="left", tooltip="Left edge of the part in the photo, in pixels."),
                io.Int.Output(display_name="top", tooltip="Upper edge of the part in the photo, in pixels."),
                io.Int.Output(display_name="width", tooltip="Width of the part in pixels of the photo."),
                io.Int.Output(display_name="height", tooltip="Height of the part in pixels of the photo."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, left, top, width, height, margin, mask=None, image=None) -> io.NodeOutput:
        window = Window(left, top, width, height)
        if mask is not None:
            window = window_of_mask(mask, pointmap.source_size, margin)
        part, shown = crop_pointmap(pointmap, window)
        if image is None:
            picture = resize_image(part.image, part.source_size)
        else:
            cut = window_between(shown, pointmap.source_size, tuple(image.shape[1:3]))
            picture = image[:, cut.top : cut.top + cut.height, cut.left : cut.left + cut.width, :3]
        return io.NodeOutput(part, picture, *shown)


class PointmapResize(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapResize",
            display_name="Pointmap Resize",
            category=f"{CATEGORY}/Camera",
            description="Holds the points at another resolution without mixing surfaces across edges: more for a finer mesh, fewer "
            "for speed.",
            search_aliases=["resize", "scale", "resolution", "upscale", "downscale", "pointmap"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="Any pointmap."),
                io.Int.Input(
                    "long_edge",
                    default=1024,
                    min=0,
                    max=LARGEST,
                    tooltip="Long edge of the new pointmap in points, never more than the photo has; 0 takes the photo's size. More "
                    "points cost memory (up to 37 bytes each) and add no detail that the network did not see.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo at full size, for sharp colours: one for each frame, or one for all.",
                ),
            ],
            outputs=[
                PointmapType.Output(display_name="pointmap", tooltip="The same surfaces, held at the new resolution.")
            ],
        )

    @classmethod
    def execute(cls, pointmap, long_edge, image=None) -> io.NodeOutput:
        require_frames("image", image, len(pointmap))
        source = pointmap.source_size if image is None else tuple(image.shape[1:3])
        size = size_for_long_edge(source, long_edge or max(source))

        def resized(frames, part):
            return resize_pointmap(frames, size, host.frames_of(image, part, frames.device))

        return io.NodeOutput(host.pointmap_by_chunk(pointmap, resized))
