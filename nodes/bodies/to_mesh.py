from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.bodies.body_mesh import NO_SCENE, meshes_of_frames
from .. import host_chunks
from ..body_payload import bodies_from_payload
from ..fields import field, result
from ..mesh_socket import MeshBatch
from ..sockets import CATEGORY, schema


class BodiesToMesh(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_BodiesToMesh",
            display_name="Bodies To Mesh",
            category=f"{CATEGORY}/bodies",
            description="People as meshes, each in a color of its own, with or without the scene around them.",
            search_aliases=["sam 3d body", "body mesh", "mhr mesh", "human mesh", "preview 3d", "people to 3d"],
            inputs=[
                field(
                    "pose_data", "From Place Bodies In Scene, so that they stand where they are; or as they were found."
                ),
                field(
                    "scene",
                    "none: the people alone. whole: with the scene's surface, which shows them a second time. without people: with "
                    "the scene's surface but for what it shows of them.",
                ),
                field("person", "One of the people, counted from 0 (as Check Bodies numbers them); -1 takes all."),
                field(
                    "pointmap",
                    "The pointmap of Place Bodies In Scene, in meters as the people are; needed for a scene.",
                    optional=True,
                ),
            ],
            outputs=[
                result(
                    "mesh",
                    "One mesh for each frame in which somebody is there, y up, the camera at the origin; for Preview 3D, Save 3D and "
                    "Composite Into Scene (placement as is).",
                )
            ],
        )

    @classmethod
    def execute(cls, pose_data, scene, person, pointmap=None) -> io.NodeOutput:
        bodies = bodies_from_payload(pose_data)
        with host_chunks.cancellable(len(bodies)) as on_progress:
            meshes = meshes_of_frames(
                bodies,
                person=None if person < 0 else person,
                scene=scene,
                pointmap=None if scene == NO_SCENE else pointmap,
                on_progress=on_progress,
            )
        return io.NodeOutput(MeshBatch(meshes))
