from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.bodies.body_parts import BODY_PARTS
from ...sam3d_geometry.bodies.shot import Steadying
from ...sam3d_geometry.bodies.steady_clip import steady_clip
from ...sam3d_geometry.bodies.steady_report import contacts_json
from ...sam3d_geometry.effects.camera.camera_path import keys_from_json
from ..body_model import rig_from_model
from ..body_payload import payload_from_bodies, read_payload
from ..fields import field, result
from ..sockets import CATEGORY, schema

PART_DEFAULTS = dict.fromkeys(BODY_PARTS, "as smoothing_hz has it") | {"hands": "two thirds of smoothing_hz"}


class SteadyBodies(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SteadyBodies",
            display_name="Steady Bodies",
            category=f"{CATEGORY}/bodies",
            description="People of a clip held steady: one size each, no trembling and no delay, and feet that stand still where they "
            "stand.",
            search_aliases=[
                "sam 3d body",
                "foot lock",
                "foot sliding",
                "foot skate",
                "smooth pose",
                "jitter",
                "stabilize body",
                "contacts",
                "mocap cleanup",
            ],
            inputs=[
                field("pose_data", "The people of a clip: from Place Bodies In Scene, ComfyUI's own prediction or Load Bodies."),
                field("fps", "Frames per second (0.1 to 1000) of the clip."),
                field(
                    "lock_size",
                    "On: each person keeps one size, the median of its frames, and moves nearer or farther for it, so that nothing moves "
                    "in the picture.",
                ),
                field(
                    "plant_feet",
                    "On: a foot that stands does not slide and stands on the floor; the person is moved for it, by little in the "
                    "picture and by more in depth.",
                ),
                field(
                    "smoothing_hz",
                    "What trembles faster than this (0 to 60 times a second) is taken out of poses and turns, without a delay; "
                    "lower is smoother, 0 leaves them. Needs more than twice as many frames per second.",
                ),
                field(
                    "pointmap",
                    "Of the same clip, or of its first frame: tells which way is up and where the floor is, and by its pictures where cuts "
                    "are. Not needed after Place Bodies In Scene.",
                    optional=True,
                ),
                field(
                    "camera_path",
                    "From Align Sequence of the same clip, in meters, where the camera moves. Empty: it stands still.",
                    optional=True,
                ),
                field(
                    "sam3d_body_model",
                    "From ComfyUI's Load SAM3D Body Model: joints are turned, knees bend, bones keep one length, and the mesh follows by the "
                    "model's own skin. Without it shapes are smoothed as they are.",
                    optional=True,
                ),
                field(
                    "fit_smoothing",
                    "On: where a clip trembles so much that slower cut-offs tell its movement better, they are taken, each part of the "
                    "body for itself. Off: exactly the frequencies that are given.",
                    optional=True,
                ),
                *(
                    field(
                        f"{part}_hz",
                        f"smoothing_hz (0 to 60) of the {part} alone; 0: {said}.",
                        optional=True,
                        is_advanced=True,
                    )
                    for part, said in PART_DEFAULTS.items()
                ),
            ],
            outputs=[
                result("pose_data", "The steadied people, for ComfyUI's nodes and ours."),
                result("contacts", "When feet stand: for each person and foot the first and last frame of each time, as JSON."),
                result("report", "For each person how unsteady its size was, and how fast standing feet slide, before and after."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, pose_data, fps, pointmap=None, camera_path="", sam3d_body_model=None, fit_smoothing=True, **how
    ) -> io.NodeOutput:
        came = read_payload(pose_data)
        parts = {part: hz for part in BODY_PARTS if (hz := how.pop(f"{part}_hz", 0.0)) > 0}
        how = Steadying(fps=fps, fit_smoothing=fit_smoothing, parts_hz=parts, **how)
        poses = keys_from_json(camera_path).world_from_camera if camera_path else None
        done = steady_clip(came.bodies, how, pointmap=pointmap, poses=poses, rig=rig_from_model(sam3d_body_model))
        contacts = contacts_json(done.contacts, came.bodies.track_ids, fps)
        return io.NodeOutput(payload_from_bodies(done.bodies, came.data), contacts, done.report)
