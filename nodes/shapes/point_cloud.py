from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.files import writers_of
from ...sam3d_geometry.shapes.point_cloud import point_cloud_from_pointmap
from ...sam3d_geometry.shapes.surface import only_masked
from .. import host, host_folders
from ..sockets import CATEGORY, PointCloudType, PointmapType, schema
from .mesh import OBJECT


class PointmapToPointCloud(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapToPointCloud",
            display_name="Pointmap To Point Cloud",
            category=f"{CATEGORY}/3D",
            description="The points of a pointmap with colours and normals, thinned and without strays.",
            search_aliases=["point cloud", "points", "ply", "3d", "voxel", "downsample", "outlier", "moge"],
            inputs=[
                PointmapType.Input(
                    "pointmap", tooltip="From Pointmap Inference. Every frame becomes a cloud of its own."
                ),
                io.Int.Input(
                    "stride",
                    default=1,
                    min=1,
                    max=64,
                    tooltip="Takes every n-th row and column (1 to 64); 1 takes every pixel.",
                ),
                io.Float.Input(
                    "voxel",
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.001,
                    tooltip="Edge of the cubes in which points are merged into one, relative to the median depth (0 to 1): an even "
                    "density near and far. 0 is off; 0.01 is a good start.",
                ),
                io.Float.Input(
                    "outlier_deviations",
                    default=2.0,
                    min=0.0,
                    max=10.0,
                    step=0.1,
                    tooltip="Points further from their neighbours than the mean by more than this many standard deviations are "
                    "removed (0 to 10). Lower removes more; 0 is off.",
                ),
                OBJECT,
            ],
            outputs=[
                PointCloudType.Output(display_name="point_cloud", tooltip="One cloud per frame, for Save 3D."),
                io.Custom("FILE_3D_PLY,FILE_3D_POINT_CLOUD_ANY").Output(
                    display_name="file",
                    is_output_list=True,
                    tooltip="A PLY per frame in memory, y up, for ComfyUI's Preview Point Cloud and Save Point Cloud. Older ComfyUI has no such "
                    "files; the nodes behind it then do not run.",
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, stride, voxel, outlier_deviations, mask=None) -> io.NodeOutput:
        def cloud(frame, _):
            return point_cloud_from_pointmap(frame, stride, voxel, outlier_deviations)

        clouds = host.by_frame(only_masked(pointmap, mask), cloud)
        files = [host_folders.file_3d(writers_of(cloud, "ply", "gltf", "cloud")[".ply"], "ply") for cloud in clouds]
        return io.NodeOutput(clouds, files)
