from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.shapes.surface import surface_from_pointmap
from .. import host_chunks
from ..fields import field, result
from ..mesh_socket import MeshBatch
from ..sockets import CATEGORY, schema


class PointmapToMesh(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapToMesh",
            display_name="Pointmap To Mesh",
            category=f"{CATEGORY}/3d",
            description="The true surface of what the photo shows as a textured mesh, cut where one thing hides another.",
            search_aliases=[
                "mesh",
                "3d",
                "surface",
                "triangulate",
                "glb",
                "obj",
                "depth to mesh",
                "moge",
                "photo to 3d",
            ],
            inputs=[
                field(
                    "pointmap", "From Pointmap Inference, or Mask Pointmap to keep one object. A mesh for every frame."
                ),
                field(
                    "jump_percent",
                    "Jump of depth, in percent of it and beyond what the slope explains, at which the surface is cut (0.1 to "
                    "100). Lower it when objects stay joined to what is behind them; raise it when thin things fall apart.",
                ),
                field(
                    "grazing_degrees",
                    "Surfaces seen at a flatter angle than this (45 to 90 degrees from facing the camera) are cut unless they "
                    "are straight, as floors are. Lower it when edges have stretched skirts; 90 turns the test off.",
                    is_advanced=True,
                ),
                field(
                    "smallest_island",
                    "Loose pieces of fewer triangles than this are left out (0 to 1000000); 0 keeps all.",
                ),
                field(
                    "triangles",
                    "Number of triangles to reduce the surface to, before a back is added; 0 keeps two for every pixel. "
                    "Borders stay in place, so there may be more. Needs the Python package fast-simplification; newer "
                    "ComfyUI has a decimation node of its own.",
                ),
                field(
                    "paint",
                    "How the mesh carries the photo. texture: sharp, for files and renderers; vertex colors: for programs "
                    "that do not show textures; none: plain.",
                ),
                field(
                    "back",
                    "open: only what the camera saw. flat: a flat back and side walls; shell: a back that follows the front. "
                    "Both are watertight, for 3D printing.",
                ),
                field(
                    "thickness_percent",
                    "Distance from front to back in percent of the depth (0.1 to 100), when back is flat or shell.",
                    default=5.0,
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
                    "One mesh per frame, y up, the camera at the origin; for Save 3D and ComfyUI's own mesh nodes.",
                )
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        jump_percent,
        grazing_degrees,
        smallest_island,
        triangles,
        paint,
        back,
        thickness_percent,
        image=None,
    ) -> io.NodeOutput:
        def surface(frame, photo):
            return surface_from_pointmap(
                frame,
                photo,
                paint=paint,
                depth_edge=jump_percent / 100,
                grazing_degrees=grazing_degrees,
                smallest_island=smallest_island,
                triangles=triangles,
                back=back,
                thickness=thickness_percent / 100,
            )

        return io.NodeOutput(MeshBatch(host_chunks.by_frame(pointmap, surface, image)))
