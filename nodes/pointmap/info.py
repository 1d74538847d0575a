from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.summary import describe, summarise
from ..core.interop import load3d_camera
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, schema


class PointmapInfo(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapInfo",
            display_name="Pointmap Info",
            category=f"{CATEGORY}/Camera",
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
                PointmapType.Input("pointmap", tooltip="Any pointmap."),
                io.Float.Input(
                    "sensor_width_mm",
                    default=36.0,
                    min=1.0,
                    max=200.0,
                    step=0.1,
                    tooltip="Width of the sensor in mm that focal_mm is told for (1 to 200): 36 for full frame and '35 mm "
                    "equivalent' values, about 23.5 for APS-C. Set it to your 3D program's camera sensor.",
                ),
                advanced(
                    io.Int.Input(
                        "frame",
                        default=0,
                        min=0,
                        max=100000,
                        tooltip="Which frame of a batch the numbers are of, counted from 0. Choose the most typical one of a "
                        "clip. The text tells the range over all frames too.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "clip_percent",
                        default=0.5,
                        min=0.0,
                        max=20.0,
                        step=0.1,
                        tooltip="Share of pixels, in percent, left out at each end of near and far (0 to 20), as in Depth From "
                        "Pointmap. 0 gives the very nearest and farthest.",
                    )
                ),
            ],
            outputs=[
                io.Float.Output(display_name="fov_x_degrees", tooltip="Horizontal field of view in degrees."),
                io.Float.Output(
                    display_name="fov_y_degrees",
                    tooltip="Vertical field of view in degrees: what the fov input of core's Run SAM3D Body Prediction wants.",
                ),
                io.Float.Output(
                    display_name="focal_pixels",
                    tooltip="Focal length in pixels of the photo, for tools that ask for fx.",
                ),
                io.Float.Output(display_name="focal_mm", tooltip="Focal length in mm for the sensor width above."),
                io.Float.Output(
                    display_name="near", tooltip="Nearest depth: metres when metric, otherwise the model's own unit."
                ),
                io.Float.Output(display_name="far", tooltip="Farthest depth, in the same unit."),
                io.Boolean.Output(display_name="metric", tooltip="On when the unit is the metre."),
                io.Float.Output(display_name="valid_share", tooltip="Share of the pixels that have geometry, 0 to 1."),
                io.String.Output(display_name="text", tooltip="The same to read, with the range over all frames."),
                io.Load3DCamera.Output(
                    display_name="camera_info",
                    tooltip="The photo's camera for core's 3D nodes: at the origin, looking along -Z with Y up, as models saved "
                    "in glTF axes stand before it. Older front ends scale models and do not match; see the help page.",
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, sensor_width_mm, frame, clip_percent) -> io.NodeOutput:
        summary = summarise(pointmap, clip_percent)
        text = describe(summary, frame, sensor_width_mm)
        focal_mm = summary.focal_mm(sensor_width_mm)
        of_frame = (summary.fov_x, summary.fov_y, summary.focal, focal_mm, summary.near, summary.far)
        return io.NodeOutput(
            *(float(values[frame]) for values in of_frame),
            summary.metric,
            float(summary.valid[frame]),
            text,
            load3d_camera(summary, frame),
            ui={"text": [text]},
        )
