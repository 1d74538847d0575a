from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.clips.steady import steady_images
from .. import host
from ..fields import field, result
from ..sockets import CATEGORY, schema
from ..streams import STREAMS, steady_inputs, stream_inputs


class TemporalSmooth(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_TemporalSmooth",
            display_name="Temporal Smooth",
            category=f"{CATEGORY}/clips",
            description="Steadies a clip of depth, normals or any picture: what was seen before is carried along the motion and "
            "averaged with the new frame, starting again at a cut.",
            search_aliases=["temporal", "smooth", "flicker", "deflicker", "ema", "video", "stabilize", "optical flow"],
            inputs=[
                field("image", "The frames to smooth, such as depth or normals."),
                *steady_inputs(),
                *stream_inputs(),
                field(
                    "guide",
                    "The original frames, in which motion and cuts are found: depth shows little of either. As many frames as "
                    "image.",
                    optional=True,
                ),
            ],
            outputs=[result("image", "The smoothed frames.")],
        )

    @classmethod
    def execute(cls, image, steady_by, strength, cut_threshold, stream, restart, guide=None) -> io.NodeOutput:
        kind = f"image {steady_by}"  # a state continues only by the way it came from
        with host.progress_bar(len(image)) as on_progress:
            smoothed, state = steady_images(
                image,
                steady_by=steady_by,
                strength=strength,
                guide=guide,
                state=STREAMS.recall(kind, stream, restart),
                cut_threshold=cut_threshold,
                on_progress=on_progress,
            )
        STREAMS.remember(kind, stream, state)
        return io.NodeOutput(smoothed)
