from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.views.mesh_alignment import SEARCHES, align_mesh
from .. import host_chunks
from ..fields import field, result
from ..mesh_socket import MeshBatch, meshes_from_payload
from ..sockets import CATEGORY, schema


class AlignMeshToPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_AlignMeshToPointmap",
            display_name="Align Mesh To Pointmap",
            category=f"{CATEGORY}/3d",
            description="Puts a generated mesh back into its photo: turned, scaled and moved until it lies on the pointmap.",
            search_aliases=[
                "mesh pose",
                "register mesh",
                "icp",
                "place mesh in photo",
                "sam 3d objects",
                "hunyuan3d",
                "trellis",
                "layout",
            ],
            inputs=[
                field(
                    "mesh",
                    "Of the object, in any size and turn, from any generator. The first of a batch counts.",
                ),
                field("pointmap", "Of the photo that shows the object; one frame."),
                field(
                    "selection",
                    "White on the pixels of the photo that show the object, without what stands in front of it.",
                ),
            ],
            outputs=[
                result(
                    "mesh", "The mesh in its place in the photo's camera, for Composite Into Scene (as is) and Save 3D."
                ),
                result("scale", "What the mesh's own lengths were multiplied by."),
                result("report", "How well it lies on the photo's surface, and in which other turns it fits as well."),
            ],
        )

    @classmethod
    def execute(cls, mesh, pointmap, selection) -> io.NodeOutput:
        with host_chunks.cancellable(SEARCHES) as on_progress:
            found = align_mesh(meshes_from_payload(mesh)[0], pointmap, selection, on_progress)
        return io.NodeOutput(MeshBatch([found.mesh]), found.scale, found.describe())
