from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.estimate.edge_refinement import refine_depth_edges
from ...sam3d_geometry.geometry.resize import require_photo
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, schema
from ..streams import STREAMS, stream_inputs


class RefineEdges(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_RefineEdges",
            display_name="Refine Edges",
            category=f"{CATEGORY}/pointmap",
            description="Brings a pointmap to the photo's own resolution with its depth edges on the photo's edges: nothing floats "
            "between two surfaces, thin things stay, and flat surfaces are untouched.",
            search_aliases=[
                "edges",
                "sharpen",
                "upscale depth",
                "upsample",
                "guided filter",
                "joint bilateral",
                "flying pixels",
                "matting",
                "pointmap",
            ],
            inputs=[
                field("pointmap", "From Pointmap Inference, of a photo or of a clip."),
                field(
                    "long_edge",
                    "Long edge of the result in points, never more than the photo has; 0 takes the photo's size. A frame of 1920 x "
                    "1080 takes 77 MB: for long clips lower it.",
                    default=0,
                ),
                *stream_inputs(),
                field(
                    "image",
                    "The photo or clip at full size, whose colors show where the edges are: one for each frame, or one for all. "
                    "Without it the pointmap's own, smaller picture is used, and its size kept.",
                    optional=True,
                ),
            ],
            outputs=[result("pointmap", "The same surfaces with sharp edges, held at the photo's size.")],
        )

    @classmethod
    def execute(cls, pointmap, long_edge, cut_threshold, stream, restart, image=None) -> io.NodeOutput:
        require_photo(pointmap, image)
        state = STREAMS.recall("edges", stream, restart)

        def refined(frames, part):
            nonlocal state
            photo = host_chunks.frames_of(image, part, frames.device)
            result, state = refine_depth_edges(frames, photo, long_edge, state, cut_threshold=cut_threshold)
            return result

        sharp = host_chunks.pointmap_by_chunk(pointmap, refined)
        STREAMS.remember("edges", stream, state)
        return io.NodeOutput(sharp)
