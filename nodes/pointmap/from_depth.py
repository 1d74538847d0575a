from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.estimate.depth_to_pointmap import MEANINGS, pointmap_from_depth
from ...sam3d_geometry.geometry.camera import (
    fov_x_degrees_from_focal_mm,
    fov_x_degrees_from_focal_pixels,
    intrinsics_from_fov_x_degrees,
)
from ...sam3d_geometry.maps.depth import CURVES
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, require_option, schema

CAMERAS = ["field of view", "focal length in mm", "focal length in pixels"]


class DepthToPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DepthToPointmap",
            display_name="Depth To Pointmap",
            category=f"{CATEGORY}/Camera",
            description="Makes a pointmap of any depth and a camera, so that every node of the pack works on depth of Depth "
            "Anything, ZoeDepth, Marigold, a renderer or a scanner.",
            search_aliases=[
                "depth anything",
                "unproject",
                "back-project",
                "depth to points",
                "zoedepth",
                "midas",
                "rgbd",
                "depth to 3d",
            ],
            inputs=[
                io.Image.Input("depth", tooltip="A depth map, or a clip of them; the first channel is used."),
                io.Combo.Input(
                    "meaning",
                    options=list(MEANINGS),
                    default=MEANINGS[0],
                    tooltip="What the values are. Distances: from Load Depth (exact), true_depth, metric depth of other nodes; "
                    "along the ray: of some renderers and scanners. A picture: 0 to 1, as Depth Anything and ControlNets have it; "
                    "give near, far and curve for it.",
                ),
                io.Float.Input(
                    "near",
                    default=0.5,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="For a picture: distance of the nearest value. Depth Anything's relative depth does not know it: try, "
                    "and look at the result in 3D.",
                ),
                io.Float.Input(
                    "far",
                    default=20.0,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="For a picture: distance of the farthest value; must be greater than near.",
                ),
                io.Combo.Input(
                    "curve",
                    options=list(CURVES),
                    default="disparity",
                    tooltip="For a picture: what is linear in it. disparity (1 / distance): MiDaS, Depth Anything, ControlNet; "
                    "linear: distance, as Marigold's and ZoeDepth's pictures.",
                ),
                io.Combo.Input(
                    "camera",
                    options=CAMERAS,
                    default=CAMERAS[0],
                    tooltip="How the camera is given; only the value with the matching name below is used. A wrong one makes the "
                    "scene too deep or too flat.",
                ),
                io.Float.Input(
                    "fov_x_degrees",
                    default=55.0,
                    min=1.0,
                    max=170.0,
                    step=0.1,
                    tooltip="Horizontal field of view in degrees (1 to 170). 55 to 70 for phones; wire it from Pointmap Inference if "
                    "unknown.",
                ),
                io.Boolean.Input(
                    "metric",
                    default=False,
                    tooltip="On when the distances are metres; nodes that measure then say metres.",
                ),
                advanced(
                    io.Float.Input(
                        "focal_mm",
                        default=35.0,
                        min=1.0,
                        max=2000.0,
                        step=0.1,
                        tooltip="Focal length in mm (1 to 2000), used when camera is 'focal length in mm'.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "sensor_width_mm",
                        default=36.0,
                        min=1.0,
                        max=200.0,
                        step=0.1,
                        tooltip="Width of the sensor in mm for focal_mm (1 to 200): 36 for full frame and '35 mm equivalent' values.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "focal_pixels",
                        default=1000.0,
                        min=1.0,
                        max=100000.0,
                        step=1.0,
                        tooltip="Focal length in pixels of the depth map (1 to 100000), used when camera is 'focal length in pixels'.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "centre_x",
                        default=0.5,
                        min=-1.0,
                        max=2.0,
                        step=0.001,
                        tooltip="Principal point across, as a share of the width (-1 to 2): 0.5 unless the picture is a crop.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "centre_y",
                        default=0.5,
                        min=-1.0,
                        max=2.0,
                        step=0.001,
                        tooltip="Principal point down, as a share of the height (-1 to 2): 0.5 unless the picture is a crop.",
                    )
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo, of any size: pictures made from the pointmap come out at its size. Without it a picture of "
                    "the depth is used.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="White where there is geometry; one for all frames or one each. Distances of 0 are left out anyway; in a "
                    "picture black is a distance too, so give a mask for the sky.",
                ),
            ],
            outputs=[
                PointmapType.Output(display_name="pointmap", tooltip="The points, for all other nodes of the pack."),
            ],
        )

    @classmethod
    def execute(
        cls, depth, meaning, near, far, curve, camera, fov_x_degrees, metric, focal_mm, sensor_width_mm, focal_pixels, centre_x,
        centre_y, image=None, mask=None,
    ) -> io.NodeOutput:  # fmt: skip
        require_option("camera", camera, CAMERAS)
        height, width = depth.shape[1:3]
        known_fov = {
            CAMERAS[0]: lambda: fov_x_degrees,
            CAMERAS[1]: lambda: fov_x_degrees_from_focal_mm(focal_mm, sensor_width_mm),
            CAMERAS[2]: lambda: fov_x_degrees_from_focal_pixels(focal_pixels, width),
        }
        intrinsics = intrinsics_from_fov_x_degrees(known_fov[camera](), height, width)
        intrinsics[:, 0, 2], intrinsics[:, 1, 2] = centre_x, centre_y
        return io.NodeOutput(
            pointmap_from_depth(depth[..., 0], intrinsics, meaning, near, far, curve, metric, image, mask)
        )
