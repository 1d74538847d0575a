from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.clips.steady import steady_pointmap
from .. import host
from ..fields import field, result
from ..sockets import CATEGORY, schema
from ..streams import STREAMS, steady_inputs, stream_inputs


class SteadyPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SteadyPointmap",
            display_name="Steady Pointmap",
            category=f"{CATEGORY}/clips",
            description="Steadies the geometry of a clip itself, so that depth and normals made from it stay consistent. Best "
            "after Align Sequence.",
            search_aliases=[
                "temporal smooth pointmap",
                "temporal",
                "smooth",
                "flicker",
                "deflicker",
                "ema",
                "video",
                "optical flow",
            ],
            inputs=[
                field("pointmap", "The pointmap of a clip, from Align Sequence or Pointmap Inference."),
                *steady_inputs(),
                *stream_inputs(),
            ],
            outputs=[result("pointmap", "The smoothed pointmap.")],
        )

    @classmethod
    def execute(cls, pointmap, steady_by, strength, cut_threshold, stream, restart) -> io.NodeOutput:
        kind = f"pointmap {steady_by}"  # a state continues only by the way it came from
        with host.progress_bar(len(pointmap)) as on_progress:
            smoothed, state = steady_pointmap(
                pointmap,
                steady_by=steady_by,
                strength=strength,
                state=STREAMS.recall(kind, stream, restart),
                cut_threshold=cut_threshold,
                on_progress=on_progress,
            )
        STREAMS.remember(kind, stream, state)
        return io.NodeOutput(smoothed)
