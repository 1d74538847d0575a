from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.bodies.placement import Placing, place_bodies
from .. import host_chunks
from ..body_payload import payload_from_bodies, read_payload
from ..fields import field, result
from ..shared_inputs import GROUND_WHOLE_CLIP, up_input, up_rotation
from ..sockets import CATEGORY, schema


class PlaceBodiesInScene(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PlaceBodiesInScene",
            display_name="Place Bodies In Scene",
            category=f"{CATEGORY}/bodies",
            description="Gives people found by SAM 3D Body their true size and place in the scene: their surface is laid onto the "
            "pointmap, and nothing moves in the picture.",
            search_aliases=[
                "sam 3d body",
                "mhr",
                "align body",
                "body scale",
                "human in scene",
                "size of people",
                "children",
            ],
            inputs=[
                field(
                    "pose_data",
                    "From ComfyUI's Run SAM3D Body Prediction, or Load Bodies. As many frames as the pointmap.",
                ),
                field(
                    "pointmap",
                    "Of the same photo or clip. A metric model gives everybody's size; without meters grown-ups give them.",
                ),
                field(
                    "size_from",
                    "scene: the pointmap's meters give each person's size, children's too. adult bodies: grown-ups keep their size and "
                    "the pointmap gets its meters from them. known height: one person's height is known. auto: scene where the "
                    "pointmap has meters, else adult bodies.",
                ),
                field("height_m", "For known height: how tall the person below stands upright, in meters (0.3 to 3)."),
                field(
                    "person",
                    "For known height: whose height that is, counted from 0 (as Check Bodies numbers them).",
                    default=0,
                ),
                field(
                    "ground_contact",
                    "On: the ground under the feet is looked for, helps where it agrees with the depth, and a gap is reported where it "
                    "does not. Off for close-ups.",
                ),
                up_input(),
                field(
                    "body_camera",
                    "Which camera people stay in where theirs and the pointmap's differ. bodies: nothing moves in the picture. "
                    "pointmap: they are moved so that they stand beside what they stand beside in the photo.",
                    is_advanced=True,
                ),
                field(
                    "selection",
                    "White where people are, one for each frame or one for all. Without it the masks that came with them count, or "
                    "where they are seen alone.",
                    optional=True,
                ),
            ],
            outputs=[
                result("pose_data", "The people in their places, for ComfyUI's nodes and ours."),
                result("pointmap", "The scene in meters."),
                result("scale", "What distances of the pointmap were multiplied by; 1 with scene."),
                result(
                    "report", "For each person scale, height, how well it lies on the scene, and its gap to the ground."
                ),
            ],
        )

    @classmethod
    def execute(
        cls, pose_data, pointmap, size_from, height_m, person, ground_contact, up, body_camera, selection=None
    ) -> io.NodeOutput:
        came = read_payload(pose_data)
        placing = Placing(
            size_from=size_from, height_m=height_m, person=person, ground_contact=ground_contact, camera=body_camera
        )
        with host_chunks.cancellable(len(pointmap)) as on_progress:
            placed = place_bodies(
                *(came.bodies, pointmap, placing),
                selection=selection,
                world_from_camera=up_rotation(pointmap, up) if ground_contact else None,
                shared_ground=up == GROUND_WHOLE_CLIP,
                on_progress=on_progress,
            )
        report = placed.describe()
        return io.NodeOutput(payload_from_bodies(placed.bodies, came.data), placed.pointmap, placed.scene_scale, report)
