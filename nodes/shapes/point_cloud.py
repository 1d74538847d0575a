from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.files import writers_of
from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.shapes.point_cloud import point_cloud_from_pointmap
from .. import host_chunks, host_folders
from ..fields import field, result
from ..preview_camera import preview_camera
from ..sockets import CATEGORY, schema


class PointmapToPointCloud(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapToPointCloud",
            display_name="Pointmap To Point Cloud",
            category=f"{CATEGORY}/3d",
            description="The points of a pointmap with colors and normals, thinned and without strays.",
            search_aliases=["point cloud", "points", "ply", "3d", "voxel", "downsample", "outlier", "moge"],
            inputs=[
                field(
                    "pointmap", "From Pointmap Inference, or Mask Pointmap to keep one object. A cloud for every frame."
                ),
                field("stride", "Takes every n-th row and column (1 to 64); 1 takes every pixel."),
                field("unit"),
                field(
                    "voxel_size",
                    "Edge of the cubes in which points are merged into one, in the unit above: an even density near and far. 0 "
                    "is off; 0.01 scene depths is a good start.",
                ),
                field(
                    "outlier_deviations",
                    "Points farther from their neighbors than the mean by more than this many standard deviations are removed "
                    "(0 to 10). Lower removes more; 0 is off.",
                ),
            ],
            outputs=[
                result("point_cloud", "One cloud per frame, for Save 3D."),
                result(
                    "ply_file",
                    "A PLY per frame in memory, y up, for ComfyUI's Preview Point Cloud and Save Point Cloud. Older ComfyUI has "
                    "no such files; the nodes behind it then do not run.",
                    is_list=True,
                ),
                result(
                    "preview_camera",
                    "Shows the whole cloud of ply_file from beside the photo's camera: wire it to camera_info of ComfyUI's Preview Point "
                    "Cloud, which moves clouds to the middle and scales them.",
                    is_list=True,
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, stride, unit, voxel_size, outlier_deviations) -> io.NodeOutput:
        voxel = length_in_units(pointmap, voxel_size, unit)

        def cloud(frame, _):
            return point_cloud_from_pointmap(frame, stride, voxel, outlier_deviations)

        clouds = host_chunks.by_frame(pointmap, cloud)
        files = [host_folders.file_3d(writers_of(cloud, "ply", "gltf", "cloud")[".ply"], "ply") for cloud in clouds]
        return io.NodeOutput(clouds, files, [preview_camera(cloud.points, "unit sphere") for cloud in clouds])
