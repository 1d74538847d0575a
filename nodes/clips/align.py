from __future__ import annotations

import torch
from comfy_api.latest import io

from ...sam3d_geometry.clips.align import align_sequence
from ...sam3d_geometry.effects.camera.camera_path import CameraPath
from ...sam3d_geometry.views.clip_path import adjusted_path
from .. import host
from ..fields import field, result
from ..sockets import CATEGORY, schema
from ..streams import STREAMS, stream_inputs


class AlignSequence(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_AlignSequence",
            display_name="Align Sequence",
            category=f"{CATEGORY}/clips",
            description="Gives the frames of a clip one scale and one field of view, from cut to cut, so that depth does not "
            "pump: each frame is fitted to its neighbors and to keyframes, over what stands still.",
            search_aliases=[
                "align",
                "scale",
                "flicker",
                "deflicker",
                "video",
                "consistent depth",
                "pointmap",
                "camera path",
            ],
            inputs=[
                field("pointmap", "The pointmap of a clip, from Pointmap Inference."),
                field(
                    "one_camera",
                    "On: one field of view from cut to cut. Off: each frame keeps its own, for clips that zoom.",
                ),
                *stream_inputs(),
            ],
            outputs=[
                result("pointmap", "The aligned pointmap."),
                result(
                    "flicker_before",
                    "Mean relative change of depth from frame to frame where nothing but the camera moves: 0.05 is 5 %; 0 also "
                    "where no two frames could be compared.",
                ),
                result("flicker_after", "The same after alignment."),
                result("report", "One line a frame: scale, shift, what is left over, flicker, cuts."),
                result(
                    "camera_path",
                    "How the camera moved, in the aligned pointmap's unit: a pose for each frame, of which each shot's first is the "
                    "origin. For Save Camera.",
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, one_camera, cut_threshold, stream, restart) -> io.NodeOutput:
        state = STREAMS.recall("align", stream, restart)
        with host.progress_bar(len(pointmap)) as on_progress:
            aligned, state, done = align_sequence(
                pointmap,
                state,
                one_focal=one_camera,
                cut_threshold=cut_threshold,
                streaming=bool(stream),
                on_progress=on_progress,
            )
        STREAMS.remember("align", stream, state)
        poses = done.world_from_camera if stream else adjusted_path(aligned, done)
        path = CameraPath(poses, torch.ones_like(done.scale))
        return io.NodeOutput(aligned, *done.flicker, done.report(), path.to_json())
