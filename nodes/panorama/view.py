from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.panorama import panorama_view, view_sizes
from ..fields import field, result
from ..sockets import CATEGORY, schema


class PanoramaView(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PanoramaView",
            display_name="Panorama View",
            category=f"{CATEGORY}/panorama",
            description="What a common camera sees of a panorama in one direction: a pointmap and its picture, for all other nodes.",
            search_aliases=["panorama crop", "perspective view", "equirectangular to perspective", "360 to flat"],
            inputs=[
                field("panorama", "From Panorama Inference."),
                field(
                    "azimuth_degrees",
                    "Where the view looks (-180 to 180): 0 at the panorama's middle, 90 to the right of it, 180 behind.",
                    default=0.0,
                ),
                field(
                    "elevation_degrees",
                    "How far above the horizon it looks (-90 to 90); negative looks down.",
                    default=0.0,
                ),
                field("fov_x_degrees", "Horizontal field of view in degrees, above 0 and up to 150.", default=90.0),
                field(
                    "width",
                    "Width of the picture in pixels; 0 takes about what the panorama's photo has in such a view.",
                ),
                field("height", "Height of the picture in pixels; 0 the same as the width."),
                field(
                    "resolution",
                    "Long edge in pixels at which the view's geometry is held (64 to 1024); the panorama has about a third of its width "
                    "in 90 degrees.",
                ),
                field(
                    "image",
                    "The panorama's photo at full size. Without it its own, smaller picture is used.",
                    optional=True,
                ),
            ],
            outputs=[
                result("pointmap", "The view's points, mask and camera, for all other nodes of the pack."),
                result("image", "The view's picture, for nodes that take the photo beside the pointmap."),
            ],
        )

    @classmethod
    def execute(
        cls, panorama, azimuth_degrees, elevation_degrees, fov_x_degrees, width, height, resolution, image=None
    ) -> io.NodeOutput:
        size, picture_size = view_sizes(panorama, fov_x_degrees, (height, width), resolution)
        pointmap, picture = panorama_view(
            panorama,
            image,
            azimuth_degrees=azimuth_degrees,
            elevation_degrees=elevation_degrees,
            fov_x_degrees=fov_x_degrees,
            size=size,
            picture_size=picture_size,
        )
        return io.NodeOutput(pointmap, picture)
