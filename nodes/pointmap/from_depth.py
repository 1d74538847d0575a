from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.estimate.depth_to_pointmap import camera_of_depth, depth_from_channels, pointmap_from_depth
from ..fields import field, result
from ..sockets import CATEGORY, metric_of_depth, schema


class DepthToPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DepthToPointmap",
            display_name="Depth To Pointmap",
            category=f"{CATEGORY}/pointmap",
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
            ],
            inputs=[
                field("depth_map", "A depth map, or a clip of them, in gray: photos and colored depth are refused."),
                field(
                    "measure",
                    "What the values are. z: distances along the view axis, from Load Depth, the distance of Depth From Pointmap, "
                    "metric depth of other nodes; ray: distances along the ray, of some renderers and scanners. near white, near "
                    "black: a picture of 0 to 1, as Depth Anything and ControlNets have it; give curve, near and far for it.",
                ),
                field(
                    "curve",
                    "For a picture: what is linear in it. disparity (1 / distance): MiDaS, Depth Anything, ControlNet; linear: "
                    "distance, as Marigold's and ZoeDepth's pictures.",
                ),
                field(
                    "near",
                    "For a picture: distance of the nearest value. Depth Anything's relative depth does not know it: try, and look "
                    "at the result in 3D.",
                ),
                field("far", "For a picture: distance of the farthest value; must be greater than near."),
                field(
                    "fov_x_degrees",
                    "Horizontal field of view in degrees (above 0, up to 170): a wrong one makes the scene too deep or too flat. 55 "
                    "to 70 for phones; wire it from Field Of View From Lens or Pointmap Inference.",
                    default=55.0,
                ),
                field(
                    "metric",
                    "yes when the distances are meters; nodes that measure then say meters. da3-metric: the raw depth of Depth "
                    "Anything 3 Metric, which is meters only after times focal / 300, with fov_x_degrees and network_edge.",
                    default="no",
                    options=("yes", "no", "da3-metric"),
                ),
                field(
                    "center_x",
                    "Principal point across, as a share of the width (-1 to 2): 0.5 unless the picture is a crop.",
                    is_advanced=True,
                ),
                field(
                    "center_y",
                    "Principal point down, as a share of the height (-1 to 2): 0.5 unless the picture is a crop.",
                    is_advanced=True,
                ),
                field(
                    "network_edge",
                    "With da3-metric: longer side in pixels of the picture that the network saw (14 to 16384). 504 unless set "
                    "otherwise; with lower_bound_resize it is resolution x long side / short side of the photo.",
                    is_advanced=True,
                ),
                field(
                    "image",
                    "The photo, of any size: pictures made from the pointmap come out at its size. Without it a picture of the "
                    "depth is used.",
                    optional=True,
                ),
                field(
                    "mask",
                    "White where there is geometry; one for all frames or one each. Distances of 0 are left out anyway; in a "
                    "picture black is a distance too, so give a mask for the sky.",
                    optional=True,
                ),
            ],
            outputs=[result("pointmap", "The points, for all other nodes of the pack.")],
        )

    @classmethod
    def execute(
        cls, depth_map, measure, curve, near, far, fov_x_degrees, metric, center_x, center_y, network_edge,
        image=None, mask=None,
    ) -> io.NodeOutput:  # fmt: skip
        depth = depth_from_channels(depth_map)
        camera = camera_of_depth((depth.shape[1], depth.shape[2]), fov_x_degrees, center_x, center_y)
        values = {"measure": measure, "near": near, "far": far, "curve": curve, **metric_of_depth(metric, network_edge)}
        return io.NodeOutput(pointmap_from_depth(depth, camera, **values, image=image, mask=mask))
