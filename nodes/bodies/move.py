from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.bodies.check import describe_bodies
from ...sam3d_geometry.bodies.hand_placement import Move, moved_by_hand
from ..body_payload import payload_from_bodies, read_payload
from ..fields import field, result
from ..sockets import CATEGORY, schema


class MoveBodies(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_MoveBodies",
            display_name="Move Bodies",
            category=f"{CATEGORY}/bodies",
            description="Moves, turns and enlarges people by hand, with their skeletons and keypoints, about their feet, hips or the camera.",
            search_aliases=["sam 3d body", "rotate body", "place by hand", "transform bodies", "translate people", "pose data"],
            inputs=[
                field("pose_data", "From Place Bodies In Scene, Load Bodies or ComfyUI's own prediction."),
                field("person", "One of the people, counted from 0 (as Check Bodies numbers them); -1 moves all, the same way."),
                field(
                    "pivot",
                    "What stays where it is when people are turned and enlarged: their feet (the floor under the hips), their hips, "
                    "both as they are first seen, or the camera.",
                ),
                field("shift_right_m", "Meters to the right of the picture (-1000 to 1000); negative is left."),
                field("shift_up_m", "Meters up (-1000 to 1000); negative is down."),
                field("shift_ahead_m", "Meters away from the camera (-1000 to 1000); negative is nearer."),
                field("yaw_degrees", "Turn about the upright axis, clockwise as seen from above (-180 to 180)."),
                field(
                    "pitch_degrees",
                    "Turn about the level axis (-180 to 180): positive leans the head toward the viewer.",
                    is_advanced=True,
                ),
                field("roll_degrees", "Turn in the picture plane, clockwise (-180 to 180).", is_advanced=True),
                field("size_factor", "How many times as large people become (0.01 to 100).", is_advanced=True),
            ],
            outputs=[
                result("pose_data", "The people in their new places, for ComfyUI's nodes and ours; without the masks of the old ones."),
                result("report", "How many people are in how many frames, how tall they are, and the camera."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, pose_data, person, pivot, shift_right_m, shift_up_m, shift_ahead_m, yaw_degrees, pitch_degrees, roll_degrees,
        size_factor,
    ) -> io.NodeOutput:  # fmt: skip
        came = read_payload(pose_data)
        turn, shift = (yaw_degrees, pitch_degrees, roll_degrees), (shift_right_m, shift_up_m, shift_ahead_m)
        move = Move(turn_degrees=turn, shift_m=shift, factor=size_factor, pivot=pivot)
        moved = moved_by_hand(came.bodies, move, None if person < 0 else person)
        return io.NodeOutput(payload_from_bodies(moved, came.data), describe_bodies(moved))
