from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.ground import find_ground
from ...sam3d_geometry.geometry.measure import length_between, metric_pointmap
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, require_option, schema

PER = ["whole batch", "per frame"]


def _pixel(name: str, tooltip: str) -> io.Input:
    return io.Int.Input(name, default=0, min=0, max=100000, tooltip=tooltip)


def _per(tooltip: str) -> io.Input:
    return io.Combo.Input("scale_per", options=PER, default=PER[0], tooltip=tooltip)


def _outputs(measured: str) -> list[io.Output]:
    return [
        PointmapType.Output(display_name="pointmap", tooltip="The pointmap in metres."),
        io.Float.Output(
            display_name="scale", tooltip="What distances were multiplied by (with per frame: in the first frame)."
        ),
        io.Float.Output(display_name="measured", tooltip=measured),
    ]


class SetScaleFromKnownLength(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SetScaleFromKnownLength",
            display_name="Set Scale From Known Length",
            category=f"{CATEGORY}/Camera",
            description="Makes a pointmap metric: two points of the photo and the real distance between them.",
            search_aliases=["scale", "metric", "metres", "measure", "calibrate", "real size", "known distance"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="Any pointmap, metric or not."),
                io.Float.Input(
                    "length_m",
                    default=1.0,
                    min=1e-4,
                    max=1e6,
                    step=0.01,
                    tooltip="Real distance between the two points in metres (0.0001 to 1000000), straight through the air.",
                ),
                _pixel(
                    "first_x", "First point, pixels from the left edge of the photo. The Inspector shows them on hover."
                ),
                _pixel("first_y", "First point, pixels from the upper edge of the photo."),
                _pixel("second_x", "Second point, pixels from the left edge of the photo."),
                _pixel("second_y", "Second point, pixels from the upper edge of the photo."),
                _per(
                    "whole batch: one scale for all frames, from the frame below. per frame: the two points are measured in "
                    "every frame and each gets its own scale, for a camera and points that stand still.",
                ),
                advanced(
                    io.Int.Input(
                        "frame",
                        default=0,
                        min=0,
                        max=100000,
                        tooltip="Which frame the two points are picked in, counted from 0, when one scale serves the whole batch.",
                    )
                ),
                advanced(
                    io.Int.Input(
                        "radius",
                        default=1,
                        min=0,
                        max=50,
                        tooltip="The depth of a point is the median over this many pointmap pixels around it (0 to 50). Raise it "
                        "on noisy geometry; lower it on small things.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "measured",
                        default=0.0,
                        min=0.0,
                        max=1e6,
                        step=0.0001,
                        tooltip="The same distance as it measures in the pointmap now, when you know it (from the Inspector, or "
                        "from another frame); the points are then not used. 0 measures it between the points.",
                    )
                ),
            ],
            outputs=_outputs("The distance before, in the pointmap's old unit."),
        )

    @classmethod
    def execute(
        cls, pointmap, length_m, first_x, first_y, second_x, second_y, scale_per, frame, radius, measured
    ) -> io.NodeOutput:
        require_option("scale_per", scale_per, PER)
        if not measured and scale_per == PER[0] and frame >= len(pointmap):
            raise ValueError(f"Frame {frame} was asked of a pointmap of {len(pointmap)} frames; choose a lower frame.")
        picked = pointmap if scale_per == PER[1] else pointmap[min(frame, len(pointmap) - 1)]
        height, width = pointmap.source_size
        first, second = (((x + 0.5) / width, (y + 0.5) / height) for x, y in ((first_x, first_y), (second_x, second_y)))
        length = measured or length_between(picked, first, second, radius)
        metric, scale = metric_pointmap(pointmap, length, length_m)
        return io.NodeOutput(metric, float(scale[0]), length_m / float(scale[0]))


class SetScaleFromCameraHeight(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SetScaleFromCameraHeight",
            display_name="Set Scale From Camera Height",
            category=f"{CATEGORY}/Camera",
            description="Makes a pointmap metric from how high the camera was above the ground that the photo shows.",
            search_aliases=["scale", "metric", "metres", "camera height", "eye level", "ground", "floor", "calibrate"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="A pointmap in which the ground is seen, metric or not."),
                io.Float.Input(
                    "camera_height_m",
                    default=1.6,
                    min=0.01,
                    max=10000.0,
                    step=0.01,
                    tooltip="Height of the camera above the ground in metres (0.01 to 10000): about 1.6 for a photo taken by a "
                    "standing person, 1.2 sitting.",
                ),
                _per(
                    "whole batch: one scale for all frames, no flicker. per frame: each frame its own ground and scale."
                ),
            ],
            outputs=_outputs("The camera's height before, in the pointmap's old unit."),
        )

    @classmethod
    def execute(cls, pointmap, camera_height_m, scale_per) -> io.NodeOutput:
        require_option("scale_per", scale_per, PER)
        instead = "use Set Scale From Known Length with two points instead"
        heights = find_ground(pointmap, shared=scale_per == PER[0], instead=instead).camera_height
        metric, scale = metric_pointmap(pointmap, heights, camera_height_m)
        return io.NodeOutput(metric, float(scale[0]), float(heights[0]))
