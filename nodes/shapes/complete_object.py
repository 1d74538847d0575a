from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.views.completion import complete_object
from ...sam3d_geometry.views.sweep import picture_of_sweep
from .. import host_chunks
from ..fields import field, result
from ..mesh_socket import MeshBatch
from ..sockets import CATEGORY, schema


class CompleteObject(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_CompleteObject",
            display_name="Complete Object",
            category=f"{CATEGORY}/3d",
            description="Completes the side of an object that a photo does not show: mirrored where a mirror plane holds, else guessed.",
            search_aliases=[
                "unseen side",
                "back side",
                "mcc",
                "single view reconstruction",
                "symmetry",
                "solid",
                "occupancy",
            ],
            inputs=[
                field("pointmap", "Of the photo that shows the object; one frame."),
                field("selection", "White on the pixels of the photo that show the object, and nothing else."),
                field(
                    "volume_resolution",
                    "Voxels (16 to 256) along the longest side of the object. Raise it for thin parts; time grows with its cube.",
                ),
                field(
                    "passes",
                    "Parts (1 to 64) in which the volume is swept; after each the node shows what is found so far.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result(
                    "mesh", "The whole object, closed, in the photo's camera, for Save 3D and Composite Into Scene."
                ),
                result("point_cloud", "The seen points as they came, and points of the sides that were added."),
                result(
                    "report", "Whether a mirror plane holds, and how much of the surface is seen, mirrored and guessed."
                ),
                result("completion", "All passes of the sweep, for Save Rerun Recording."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, selection, volume_resolution, passes) -> io.NodeOutput:
        with host_chunks.cancellable(passes) as on_progress:
            found = complete_object(
                *(pointmap, selection, volume_resolution, passes),
                on_pass=lambda sweep: on_progress(sweep.done, sweep.total, picture_of_sweep(sweep)),
            )
        return io.NodeOutput(MeshBatch([found.mesh]), [found.cloud], found.describe(), found)
