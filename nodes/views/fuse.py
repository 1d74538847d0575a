from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.views.cloud import cloud_of_views
from ...sam3d_geometry.views.fuse import PROGRESS_STEPS, FusionSettings, fuse_views
from .. import host_chunks
from ..fields import field, result
from ..mesh_socket import MeshBatch
from ..sockets import CATEGORY, require_option, schema
from ..view_sets import require_views
from ..vocabulary import VOCABULARY


class FuseViews(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_FuseViews",
            display_name="Fuse Views",
            category=f"{CATEGORY}/views",
            description="One textured mesh and one point cloud of all photos that Pose Views has placed: depths are held against one "
            "another, so that the surface has no double walls.",
            search_aliases=[
                "photogrammetry",
                "tsdf",
                "multi view to mesh",
                "scan",
                "reconstruction",
                "photos to glb",
                "merge meshes",
            ],
            inputs=[
                field("views", "From Pose Views. The largest group of photos counts."),
                field(
                    "voxels",
                    "Cells along the longest side of what is seen (16 to 1024). More shows finer detail where the photos have it, and takes "
                    "more memory and time.",
                ),
                field(
                    "triangles",
                    "Number of triangles to reduce the surface to; 0 keeps all. Needs the Python package fast-simplification.",
                    default=200000,
                ),
                field(
                    "smallest_island",
                    "Loose pieces of fewer triangles than this are left out (0 to 1000000); 0 keeps all.",
                ),
                field(
                    "paint",
                    "How the mesh carries the photos. texture: the photos in one picture, with their brightness leveled; vertex colors: for "
                    "programs that do not show textures; none: plain.",
                ),
                field(
                    "long_edge",
                    "Long edge in pixels of each photo in the texture (64 to 16384); 0 takes the photos' own.",
                    is_advanced=True,
                ),
                field("max_points", "Most points of the cloud (100 to 10000000), thinned evenly.", is_advanced=True),
            ],
            outputs=[
                result(
                    "mesh",
                    "One mesh, y up, in the world of the cameras of Pose Views; open where no photo saw anything.",
                ),
                result(
                    "point_cloud", "One cloud of all photos in the same world, without what other photos see through."
                ),
                result(
                    "report",
                    "Triangles, how much was seen by one, two and three photos, and how each photo agrees with the surface.",
                ),
            ],
        )

    @classmethod
    def execute(cls, views, voxels, triangles, smallest_island, paint, long_edge, max_points) -> io.NodeOutput:
        require_option("paint", paint, VOCABULARY["paint"].options)
        posed = require_views(views)
        edge = long_edge or max((max(view.photo.shape[:2]) for view in posed.views), default=1)
        settings = FusionSettings(voxels, triangles, smallest_island, paint, edge)
        with host_chunks.cancellable(PROGRESS_STEPS) as on_progress:
            fused = fuse_views(posed.views, settings, on_progress)
            cloud = cloud_of_views(posed.views, max_points)
        return io.NodeOutput(MeshBatch([fused.mesh]), [cloud], fused.report())
