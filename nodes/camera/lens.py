from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.lens import LENS_KINDS, fov_x_degrees_of_lens
from ..fields import field, result
from ..sockets import CATEGORY, schema


class FieldOfViewFromLens(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_FieldOfViewFromLens",
            display_name="Field Of View From Lens",
            category=f"{CATEGORY}/camera and scale",
            description="Turns the lens of a photo (mm and sensor, 35 mm equivalent, or pixels) into its field of view, for every "
            "input called fov_x_degrees.",
            search_aliases=["fov", "field of view", "focal length", "lens", "camera", "intrinsics", "35 mm", "exif"],
            inputs=[
                field(
                    "lens_kind",
                    "What is known. focal mm: focal_mm and sensor_width_mm; 35 mm equivalent: focal_mm as phones and EXIF tell it, "
                    "and the picture's shape; focal pixels: focal_pixels and the picture's width.",
                    options=LENS_KINDS,
                ),
                field("focal_mm", "Focal length in mm (up to 2000): of the lens, or its 35 mm equivalent."),
                field(
                    "sensor_width_mm",
                    "For focal mm: width of the sensor in mm (1 to 500). 36 full frame, 23.5 APS-C, 7 a phone.",
                ),
                field(
                    "focal_pixels",
                    "For focal pixels: focal length in pixels of the photo (1 to 100000), fx of other tools.",
                ),
                field("width", "Width of the photo in pixels, where no image is wired.", is_advanced=True),
                field("height", "Height of the photo in pixels, where no image is wired.", is_advanced=True),
                field("image", "The photo, for its size in pixels. Not needed for focal mm.", optional=True),
            ],
            outputs=[result("fov_x_degrees", "Horizontal field of view in degrees.")],
        )

    @classmethod
    def execute(cls, lens_kind, focal_mm, sensor_width_mm, focal_pixels, width, height, image=None) -> io.NodeOutput:
        size = (height, width) if image is None else tuple(image.shape[1:3])
        lens = {"focal_mm": focal_mm, "sensor_width_mm": sensor_width_mm, "focal_pixels": focal_pixels}
        return io.NodeOutput(fov_x_degrees_of_lens(lens_kind, **lens, size=size))
