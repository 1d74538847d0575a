from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.bodies.check import check_bodies, describe_bodies
from ...sam3d_geometry.bodies.check_pictures import PictureStyle, look_at_people, size_of_pictures
from .. import host, host_chunks
from ..body_payload import read_payload
from ..fields import field, result
from ..sockets import CATEGORY, image_from_scalar, schema


class CheckBodies(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_CheckBodies",
            display_name="Check Bodies",
            category=f"{CATEGORY}/bodies",
            description="Shows people found by SAM 3D Body over the photo, numbered, with their depth, masks, skeletons and normals, and "
            "says what does not fit.",
            search_aliases=["sam 3d body", "mhr", "openpose", "person mask", "overlay bodies", "pose", "skeleton"],
            inputs=[
                field("pose_data", "From Place Bodies In Scene, Load Bodies or ComfyUI's own prediction."),
                field("opacity", "How much of the people shows over the photo (0 to 1)."),
                field(
                    "skeleton_style",
                    "openpose: 18 points of the body, for ControlNets; openpose with hands: with 21 points of each hand; all "
                    "keypoints: the 70 that SAM 3D Body finds, green on the left and orange on the right.",
                ),
                field("convention", "What the colors of the normal map mean, as in Normals From Pointmap."),
                field(
                    "long_edge",
                    "Long edge of the pictures in pixels (0 to 16384); 0: the photo's. Lower it for long clips, which take about 60 "
                    "bytes a pixel and frame.",
                    default=0,
                    is_advanced=True,
                ),
                field("image", "The photo or clip; without it people are shown on black.", optional=True),
                field(
                    "pointmap",
                    "The pointmap of Place Bodies In Scene, in meters: whom the scene hides, and how far people are from its surface.",
                    optional=True,
                ),
            ],
            outputs=[
                result(
                    "image",
                    "The people over the photo, each with a number and dots where the keypoints are in the picture.",
                ),
                result("distance", "Depth of the people's surface in meters; 0 where nobody is."),
                result(
                    "person_masks",
                    "Where each person is seen, hidden neither by others nor by the scene.",
                    is_list=True,
                ),
                result("hidden", "Where the scene hides people; empty without a pointmap in meters."),
                result("skeleton", "Stick figures on black, for ControlNets."),
                result("normals", "The people's normals; flat blue elsewhere."),
                result("report", "Who is there, and a line for each check, beginning with ok or look."),
            ],
        )

    @classmethod
    def execute(
        cls, pose_data, opacity, skeleton_style, convention, long_edge, image=None, pointmap=None
    ) -> io.NodeOutput:
        came = read_payload(pose_data, leave_out_broken=True)
        size = size_of_pictures(came.bodies, image, long_edge)
        style = PictureStyle(size=size, opacity=opacity, skeleton_style=skeleton_style, convention=convention)
        made = look_at_people(came.bodies, style, photo=image, pointmap=pointmap, device=host.compute_device())
        parts = ((p.overlay[None], p.distance[None], p.person_masks[None], p.hidden[None], p.skeleton[None], p.normals[None]) for p in made)  # fmt: skip
        shown, distance, masks, *others = host_chunks.collected(parts, len(came.bodies))
        report = describe_bodies(came.bodies) + "\n" + check_bodies(came.bodies, pointmap, came.faults)
        return io.NodeOutput(shown, image_from_scalar(distance), list(masks.unbind(1)), *others, report)
