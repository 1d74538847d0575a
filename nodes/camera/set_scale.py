from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.ground import find_ground
from ...sam3d_geometry.geometry.measure import metric_pointmap, scale_from_known_length
from ..fields import field, result
from ..sockets import CATEGORY, require_option, schema
from ..vocabulary import VOCABULARY

WHOLE_CLIP, PER_FRAME = SCALE_PER = VOCABULARY["scale_per"].options


def _outputs(measured: io.Output) -> list[io.Output]:
    return [
        result("pointmap", "The pointmap in meters."),
        result("scale", "What distances were multiplied by (with per frame: in the first frame)."),
        measured,
    ]


class SetScaleFromKnownLength(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SetScaleFromKnownLength",
            display_name="Set Scale From Known Length",
            category=f"{CATEGORY}/camera and scale",
            description="Makes a pointmap metric: two places of the photo and the real distance between them.",
            search_aliases=["scale", "metric", "meters", "measure", "calibrate", "real size", "known distance"],
            inputs=[
                field("pointmap", "Any pointmap, metric or not."),
                field(
                    "length_m",
                    "Real distance between the two places in meters (0.0001 to 1000000), straight through the air.",
                ),
                field("x", "First place: 0 left edge, 1 right edge. Click it in Pointmap Inspector.", default=0.25),
                field("y", "First place: 0 top edge, 1 bottom edge."),
                field("x2", "Second place: 0 left edge, 1 right edge."),
                field("y2", "Second place: 0 top edge, 1 bottom edge."),
                field(
                    "scale_per",
                    "whole clip: one scale for all frames, from the frame below. per frame: the two places are measured in every "
                    "frame and each gets its own scale, for a camera and places that stand still.",
                ),
                field(
                    "frame",
                    "Which frame the two places are picked in, counted from 0, when one scale serves the whole clip.",
                    is_advanced=True,
                ),
                field(
                    "radius_pixels",
                    "The depth of a place is the median over this many pointmap pixels around it (0 to 64). Raise it on noisy "
                    "geometry; lower it on small things.",
                    default=1,
                    is_advanced=True,
                ),
                field(
                    "measured",
                    "The same distance as it measures in the pointmap now, when you know it (from the Inspector, or from another "
                    "frame); the places are then not used. 0 measures it between the places.",
                    is_advanced=True,
                ),
            ],
            outputs=_outputs(result("measured", "The distance before, in the pointmap's old unit.")),
        )

    @classmethod
    def execute(cls, pointmap, length_m, x, y, x2, y2, scale_per, frame, radius_pixels, measured) -> io.NodeOutput:
        require_option("scale_per", scale_per, SCALE_PER)
        metric, scale = scale_from_known_length(
            pointmap,
            length_m,
            places=((x, y), (x2, y2)),
            frame=None if scale_per == PER_FRAME else frame,
            radius=radius_pixels,
            measured=measured,
        )
        return io.NodeOutput(metric, float(scale[0]), length_m / float(scale[0]))


class SetScaleFromCameraHeight(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SetScaleFromCameraHeight",
            display_name="Set Scale From Camera Height",
            category=f"{CATEGORY}/camera and scale",
            description="Makes a pointmap metric from how high the camera was above the ground that the photo shows.",
            search_aliases=["scale", "metric", "meters", "camera height", "eye level", "ground", "floor", "calibrate"],
            inputs=[
                field("pointmap", "A pointmap in which the ground is seen, metric or not."),
                field(
                    "camera_height_m",
                    "Height of the camera above the ground in meters (0.01 to 10000): about 1.6 for a photo taken by a standing "
                    "person, 1.2 sitting.",
                ),
                field(
                    "scale_per",
                    "whole clip: one scale for all frames, no flicker. per frame: each frame its own ground and scale.",
                ),
            ],
            outputs=_outputs(result("camera_height", "The camera's height before, in the pointmap's old unit.")),
        )

    @classmethod
    def execute(cls, pointmap, camera_height_m, scale_per) -> io.NodeOutput:
        require_option("scale_per", scale_per, SCALE_PER)
        instead = "use Set Scale From Known Length with two places instead"
        heights = find_ground(pointmap, shared=scale_per == WHOLE_CLIP, instead=instead).camera_height
        metric, scale = metric_pointmap(pointmap, heights, camera_height_m)
        return io.NodeOutput(metric, float(scale[0]), float(heights[0]))
