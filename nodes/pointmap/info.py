from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.summary import describe, summarise
from ..core.interop import photo_camera
from ..fields import field, result
from ..sockets import CATEGORY, schema


class PointmapInfo(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapInfo",
            display_name="Pointmap Info",
            category=f"{CATEGORY}/pointmap",
            description="The camera and the geometry of a pointmap in numbers: to read, and to wire to other nodes.",
            search_aliases=[
                "fov",
                "field of view",
                "focal length",
                "camera",
                "intrinsics",
                "near far",
                "metric",
                "info",
            ],
            is_output_node=True,
            inputs=[
                field("pointmap", "Any pointmap."),
                field(
                    "sensor_width_mm",
                    "Width of the sensor in mm that focal_mm is told for (1 to 500): 36 for full frame, about 23.5 for APS-C. Set it "
                    "to your 3D program's camera sensor.",
                ),
                field(
                    "frame",
                    "Which frame of a clip the numbers are of, counted from 0. Choose the most typical one. The report tells the "
                    "range over all frames too.",
                    is_advanced=True,
                ),
                field(
                    "clip_percent",
                    "Share of pixels, in percent, left out at each end of near and far (0 to 20), as in Depth From Pointmap. 0 gives "
                    "the very nearest and farthest.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result("fov_x_degrees", "Horizontal field of view in degrees."),
                result(
                    "fov_y_degrees",
                    "Vertical field of view in degrees, for nodes that ask for it, such as SAM3D Body's in newer ComfyUI.",
                ),
                result("focal_pixels", "Focal length in pixels of the photo, for tools that ask for fx."),
                result("focal_mm", "Focal length in mm for the sensor width above."),
                result("near", "Nearest distance: meters when metric, otherwise the model's own unit."),
                result("far", "Farthest distance, in the same unit."),
                result("is_metric"),
                result("valid_share", "Share of the pixels that have geometry, 0 to 1."),
                result("report", "The same to read, with the range over all frames."),
                result(
                    "camera_info",
                    "The photo's camera for core's 3D nodes: at the origin, looking along -Z with Y up, as models saved in glTF axes "
                    "stand in front of it. Previews that scale models need preview_camera of Save 3D instead.",
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, sensor_width_mm, frame, clip_percent) -> io.NodeOutput:
        summary = summarise(pointmap, clip_percent)
        report = describe(summary, frame, sensor_width_mm)
        focal_mm = summary.focal_mm(sensor_width_mm)
        of_frame = (summary.fov_x, summary.fov_y, summary.focal, focal_mm, summary.near, summary.far)
        return io.NodeOutput(
            *(float(values[frame]) for values in of_frame),
            summary.metric,
            float(summary.valid[frame]),
            report,
            photo_camera(summary, frame),
            ui={"text": [report], "up": [summary.up.record(frame)]},
        )
