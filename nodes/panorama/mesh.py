from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.shapes.panorama_surface import panorama_point_cloud, panorama_surface
from ..fields import field, result
from ..mesh_socket import MeshBatch
from ..sockets import CATEGORY, schema


class PanoramaToMesh(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PanoramaToMesh",
            display_name="Panorama To Mesh",
            category=f"{CATEGORY}/panorama",
            description="What surrounds a panorama's camera as a textured mesh and as points, closed across the picture's seam.",
            search_aliases=["panorama mesh", "360 mesh", "room", "skybox", "panorama point cloud", "vr scene"],
            inputs=[
                field("panorama", "From Panorama Inference."),
                field(
                    "jump_percent",
                    "Jump of distance, in percent of it and beyond what the slope explains, at which the surface is cut (0.1 to 100).",
                ),
                field(
                    "smallest_island",
                    "Loose pieces of fewer triangles than this are left out (0 to 1000000); 0 keeps all.",
                ),
                field(
                    "paint",
                    "How the mesh carries the photo. texture: sharp; vertex colors: for programs that do not show textures, and joined "
                    "across the seam; none: plain.",
                ),
                field("stride", "The point cloud takes every n-th row and column (1 to 64)."),
                field("image", "The panorama's photo at full size for the texture.", optional=True),
            ],
            outputs=[
                result("mesh", "The surface, y up, seen from inside, the camera at the origin; for Save 3D."),
                result("point_cloud", "The points, for Save 3D."),
            ],
        )

    @classmethod
    def execute(cls, panorama, jump_percent, smallest_island, paint, stride, image=None) -> io.NodeOutput:
        mesh = panorama_surface(panorama, image, paint, jump_percent / 100, smallest_island)
        return io.NodeOutput(MeshBatch([mesh]), [panorama_point_cloud(panorama, stride)])
