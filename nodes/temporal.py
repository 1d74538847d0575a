from __future__ import annotations

from collections import OrderedDict

from comfy_api.latest import io

from ..sam3d_geometry.cuts import CUT_THRESHOLD
from ..sam3d_geometry.temporal import MAX_STRENGTH, TemporalState, smooth_images, smooth_pointmap
from .sockets import CATEGORY, PointmapType, advanced, schema

MAX_STREAMS = 32
_streams: OrderedDict[tuple[str, str], TemporalState] = OrderedDict()


def _recall(kind: str, stream: str, restart: bool) -> TemporalState | None:
    return None if restart or not stream else _streams.get((kind, stream))


def _remember(kind: str, stream: str, state: TemporalState) -> None:
    """Keeps a stream's state on the CPU; the stream unused for longest goes when there are too many."""
    if not stream:
        return
    _streams[kind, stream] = state
    _streams.move_to_end((kind, stream))
    while len(_streams) > MAX_STREAMS:
        _streams.popitem(last=False)


def _common_inputs() -> list[io.Input]:
    return [
        io.Float.Input(
            "strength",
            default=0.3,
            min=0.0,
            max=MAX_STRENGTH,
            step=0.01,
            tooltip="How much of the last frame stays: 0 is off, 0.95 very steady but slow to follow motion.",
        ),
        advanced(
            io.Float.Input(
                "cut_threshold",
                default=CUT_THRESHOLD,
                min=0.0,
                max=1.0,
                step=0.01,
                tooltip="How different two frames must look to count as a cut, where smoothing starts again (0 to 1; 1 never).",
            )
        ),
        advanced(
            io.String.Input(
                "stream",
                default="",
                tooltip="A name under which the last frame is kept for the next run, for live graphs that run frame by frame. "
                "Empty: every run starts anew.",
            )
        ),
        advanced(
            io.Boolean.Input("restart", default=False, tooltip="On: forgets the stream's last frame and starts anew.")
        ),
    ]


class TemporalSmooth(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_TemporalSmooth",
            display_name="Temporal Smooth",
            category=CATEGORY,
            description="Steadies a clip: each frame is mixed with the one before, starting again at a cut.",
            search_aliases=["temporal", "smooth", "flicker", "deflicker", "ema", "video", "stabilize"],
            inputs=[
                io.Image.Input("images", tooltip="The frames to smooth, such as depth or normals."),
                *_common_inputs(),
                io.Image.Input(
                    "guide",
                    optional=True,
                    tooltip="The original frames, to find cuts by: depth may hardly change across one. As many frames as images.",
                ),
            ],
            outputs=[io.Image.Output(display_name="images", tooltip="The smoothed frames.")],
        )

    @classmethod
    def execute(cls, images, strength, cut_threshold, stream, restart, guide=None) -> io.NodeOutput:
        state = _recall("images", stream, restart)
        smoothed, state = smooth_images(images, strength, guide, state, cut_threshold)
        _remember("images", stream, state)
        return io.NodeOutput(smoothed)


class TemporalSmoothPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_TemporalSmoothPointmap",
            display_name="Temporal Smooth Pointmap",
            category=CATEGORY,
            description="Steadies the geometry of a clip itself, so that depth and normals made from it stay consistent.",
            search_aliases=["temporal", "smooth", "flicker", "deflicker", "ema", "video", "pointmap"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="The pointmap of a clip, from Pointmap Inference."),
                *_common_inputs(),
            ],
            outputs=[PointmapType.Output(display_name="pointmap", tooltip="The smoothed pointmap.")],
        )

    @classmethod
    def execute(cls, pointmap, strength, cut_threshold, stream, restart) -> io.NodeOutput:
        state = _recall("pointmap", stream, restart)
        smoothed, state = smooth_pointmap(pointmap, strength, state, cut_threshold)
        _remember("pointmap", stream, state)
        return io.NodeOutput(smoothed)
