from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.depth import depth_range
from ...sam3d_geometry.shapes.displaced_plane import displaced_plane
from .. import host_chunks
from ..fields import field, result
from ..mesh_socket import MeshBatch
from ..sockets import CATEGORY, schema


class DisplacedPlane(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DisplacedPlane",
            display_name="Displaced Plane",
            category=f"{CATEGORY}/3d",
            description="A subdivided plane with the photo on it, pushed forward where the photo is near: the classic relief.",
            search_aliases=["displacement", "relief", "plane", "bas-relief", "2.5d", "parallax", "heightmap", "mesh"],
            inputs=[
                field("pointmap", "From Pointmap Inference. Every frame becomes a plane of its own."),
                field("subdivisions", "Squares along each side of the plane (1 to 2048)."),
                field(
                    "curve",
                    "What the height follows. disparity (1 / distance) gives near things most of the relief; linear: distance "
                    "itself; log: between the two.",
                ),
                field("relief", "How far the nearest point stands out, in widths of the plane (0 to 10)."),
                field(
                    "include_sky",
                    "On: the plane stays whole and is flat where there is no geometry (sky, what is masked out). Off: such "
                    "parts are left out.",
                    default=True,
                    is_advanced=True,
                ),
                field(
                    "image",
                    "The photo at full size for the texture, one for each frame or one for all. Without it the pointmap's own, "
                    "smaller picture is used.",
                    optional=True,
                ),
            ],
            outputs=[
                result(
                    "mesh",
                    "One plane per frame, 1 wide, facing the viewer; for Save 3D and ComfyUI's own mesh nodes.",
                )
            ],
        )

    @classmethod
    def execute(cls, pointmap, subdivisions, curve, relief, include_sky, image=None) -> io.NodeOutput:
        shown = depth_range(pointmap)[:1]  # one range for all frames

        def plane(frame, photo):
            return displaced_plane(
                frame, shown, photo, subdivisions=subdivisions, height=relief, curve=curve, drop_invalid=not include_sky
            )

        return io.NodeOutput(MeshBatch(host_chunks.by_frame(pointmap, plane, image)))
