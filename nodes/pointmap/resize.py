from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.crop import resize_pointmap
from ...sam3d_geometry.geometry.resize import require_photo, size_for_long_edge
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, schema


class ResizePointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_ResizePointmap",
            display_name="Resize Pointmap",
            category=f"{CATEGORY}/pointmap",
            description="Holds the points at another resolution without mixing surfaces across edges: more for a finer mesh, fewer "
            "for speed.",
            search_aliases=["resize", "pointmap resize", "scale", "resolution", "upscale", "downscale"],
            inputs=[
                field("pointmap", "Any pointmap."),
                field(
                    "long_edge",
                    "Long edge of the new pointmap in points, never more than the photo has; 0 takes the photo's size. More points "
                    "cost memory (up to 37 bytes each) and add no detail that the network did not see.",
                ),
                field(
                    "image",
                    "The photo at full size, for sharp colors: one for each frame, or one for all.",
                    optional=True,
                ),
            ],
            outputs=[result("pointmap", "The same surfaces, held at the new resolution.")],
        )

    @classmethod
    def execute(cls, pointmap, long_edge, image=None) -> io.NodeOutput:
        require_photo(pointmap, image)
        source = pointmap.source_size if image is None else tuple(image.shape[1:3])
        size = size_for_long_edge(source, long_edge or max(source))

        def resized(frames, part):
            return resize_pointmap(frames, size, host_chunks.frames_of(image, part, frames.device))

        return io.NodeOutput(host_chunks.pointmap_by_chunk(pointmap, resized))
