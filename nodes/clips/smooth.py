from __future__ import annotations

from collections import OrderedDict

from comfy_api.latest import io

from ...sam3d_geometry.clips.cuts import CUT_THRESHOLD
from ...sam3d_geometry.clips.plain_average import MAX_STRENGTH, smooth_images, smooth_pointmap
from ...sam3d_geometry.clips.smooth_geometry import smooth_along_motion
from ...sam3d_geometry.clips.smooth_images import smooth_images_along_motion
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, require_option, schema

MAX_STREAMS = 32
_streams: OrderedDict[tuple[str, str], object] = OrderedDict()

BOTH_WAYS, CAUSAL, AVERAGE = MODES = ("follow motion, both ways", "follow motion", "average")


def recall(kind: str, stream: str, restart: bool) -> object | None:
    """What a stream's last run left, or None."""
    return None if restart or not stream else _streams.get((kind, stream))


def remember(kind: str, stream: str, state: object) -> None:
    """Keeps a stream's state for its next run; the stream unused for longest goes when there are too many."""
    if not stream:
        return
    _streams[kind, stream] = state
    _streams.move_to_end((kind, stream))
    while len(_streams) > MAX_STREAMS:
        _streams.popitem(last=False)


def stream_inputs() -> list[io.Input]:
    """How cuts are found, and the name under which a live graph goes on from run to run."""
    return [
        advanced(
            io.Float.Input(
                "cut_threshold",
                default=CUT_THRESHOLD,
                min=0.0,
                max=1.0,
                step=0.01,
                tooltip="How different two frames must look to count as a cut, where everything starts again (0 to 1; 1 never).",
            )
        ),
        advanced(
            io.String.Input(
                "stream",
                default="",
                tooltip="A name under which the last frame is kept for the next run, for live graphs that run frame by frame. "
                "Empty: every run starts anew. Two nodes of one kind need two names.",
            )
        ),
        advanced(
            io.Boolean.Input("restart", default=False, tooltip="On: forgets the stream's last frame and starts anew.")
        ),
    ]


def _strength() -> io.Input:
    return io.Float.Input(
        "strength",
        default=0.8,
        min=0.0,
        max=MAX_STRENGTH,
        step=0.01,
        tooltip="How much of the past stays, 0 (off) to 0.95: averages reach over 1 / (1 - strength) frames, 0.8 over 5. With "
        "mode average take less, such as 0.3: it smears what moves.",
    )


def _mode() -> io.Input:
    return io.Combo.Input(
        "mode",
        options=list(MODES),
        default=BOTH_WAYS,
        tooltip="follow motion: averages move with what they show, no ghosts; both ways looks at later frames too, steadier and "
        "without lag (one way for live streams); average: each pixel with the same pixel of the last frame.",
    )


class TemporalSmooth(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_TemporalSmooth",
            display_name="Temporal Smooth",
            category=CATEGORY,
            description="Steadies a clip of depth, normals or any picture: what was seen before is carried along the motion and "
            "averaged with the new frame, starting again at a cut.",
            search_aliases=["temporal", "smooth", "flicker", "deflicker", "ema", "video", "stabilize", "optical flow"],
            inputs=[
                io.Image.Input("images", tooltip="The frames to smooth, such as depth or normals."),
                _strength(),
                *stream_inputs(),
                _mode(),
                io.Image.Input(
                    "guide",
                    optional=True,
                    tooltip="The original frames, in which motion and cuts are found: depth shows little of either. As many "
                    "frames as images.",
                ),
            ],
            outputs=[io.Image.Output(display_name="images", tooltip="The smoothed frames.")],
        )

    @classmethod
    def execute(cls, images, strength, cut_threshold, stream, restart, mode, guide=None) -> io.NodeOutput:
        require_option("mode", mode, MODES)
        kind = "average" if mode == AVERAGE else "motion"
        state = recall(f"images {kind}", stream, restart)
        if mode == AVERAGE:
            smoothed, state = smooth_images(images, strength, guide, state, cut_threshold)
        else:
            direction = "zero lag" if mode == BOTH_WAYS else "causal"
            with host.progress_bar(len(images)) as on_progress:
                smoothed, state = smooth_images_along_motion(
                    images,
                    strength,
                    guide,
                    state,
                    direction=direction,
                    cut_threshold=cut_threshold,
                    on_progress=on_progress,
                )
        remember(f"images {kind}", stream, state)
        return io.NodeOutput(smoothed)


class TemporalSmoothPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_TemporalSmoothPointmap",
            display_name="Temporal Smooth Pointmap",
            category=CATEGORY,
            description="Steadies the geometry of a clip itself, so that depth and normals made from it stay consistent. Best "
            "after Align Sequence.",
            search_aliases=["temporal", "smooth", "flicker", "deflicker", "ema", "video", "pointmap", "optical flow"],
            inputs=[
                PointmapType.Input(
                    "pointmap", tooltip="The pointmap of a clip, from Align Sequence or Pointmap Inference."
                ),
                _strength(),
                *stream_inputs(),
                _mode(),
            ],
            outputs=[PointmapType.Output(display_name="pointmap", tooltip="The smoothed pointmap.")],
        )

    @classmethod
    def execute(cls, pointmap, strength, cut_threshold, stream, restart, mode) -> io.NodeOutput:
        require_option("mode", mode, MODES)
        kind = "average" if mode == AVERAGE else "motion"
        state = recall(f"pointmap {kind}", stream, restart)
        if mode == AVERAGE:
            smoothed, state = smooth_pointmap(pointmap, strength, state, cut_threshold)
        else:
            direction = "zero lag" if mode == BOTH_WAYS else "causal"
            with host.progress_bar(len(pointmap)) as on_progress:
                smoothed, state = smooth_along_motion(
                    pointmap,
                    strength,
                    state,
                    direction=direction,
                    cut_threshold=cut_threshold,
                    on_progress=on_progress,
                )
        remember(f"pointmap {kind}", stream, state)
        return io.NodeOutput(smoothed)
