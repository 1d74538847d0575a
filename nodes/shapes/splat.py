from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.shapes.splats import splats_from_pointmap
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, schema
from ..splat_socket import SplatBatch, note_where_splats_are_unknown


class PointmapToSplat(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapToSplat",
            display_name="Pointmap To Splat",
            category=f"{CATEGORY}/3d",
            description="The surface of a photo as Gaussian splats: one for every point, flat on the surface, as large as its pixel.",
            search_aliases=["gaussian splat", "3dgs", "gaussian splatting", "splats", "ply", "spz", "photo to splat"],
            inputs=[
                field(
                    "pointmap",
                    "From Pointmap Inference; Refine Edges before it gives a splat for every pixel of the photo. A set for every frame.",
                ),
                field("stride", "Takes every n-th row and column (1 to 64), with splats as much larger."),
                field(
                    "splat_size_pixels",
                    "How wide splats are (0.1 to 4), as standard deviation in pixels of the pointmap. Raise it when gaps show from "
                    "nearby, lower it for a sharper picture from the photo's own place.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result(
                    "splat",
                    "One set of splats per frame, for Save Splats and ComfyUI's splat nodes (0.23 and newer): Render Splat, Create "
                    "3D File and others.",
                )
            ],
        )

    @classmethod
    def execute(cls, pointmap, stride, splat_size_pixels) -> io.NodeOutput:
        note_where_splats_are_unknown()
        sets = host_chunks.by_frame(pointmap, lambda frame, _: splats_from_pointmap(frame, stride, splat_size_pixels))
        return io.NodeOutput(SplatBatch(sets))
