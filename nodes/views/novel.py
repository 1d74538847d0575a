from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.views.novel_cameras import RigSettings
from ...sam3d_geometry.views.novel_views import novel_report, novel_views
from .. import host_chunks
from ..fields import field, result
from ..mesh_socket import meshes_from_payload
from ..sockets import CATEGORY, image_from_scalar, schema
from ..view_sets import largest_group, novel_camera, novel_rig, require_views


class NovelViews(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_NovelViews",
            display_name="Novel Views",
            category=f"{CATEGORY}/views",
            description="Pictures from cameras that took no photo, blended from the photos that see the surface there, with what none of "
            "them tells as a mask.",
            search_aliases=[
                "new view",
                "turntable",
                "image based rendering",
                "multi view",
                "hunyuan3d",
                "orbit",
                "nvs",
            ],
            inputs=[
                field("views", "From Pose Views."),
                field("mesh", "From Fuse Views, of the same photos. The first of a batch counts."),
                field(
                    "rig",
                    "How the cameras stand about the object, square pictures. ring: frames at equal steps; grid: 7 heights (-45 to 45 degrees) "
                    "of 12; four views: front, left, back, right, the object filling 1 / 1.1 of the frame, as generators of 3D take them.",
                ),
                field("frames", "Pictures of a ring or of camera_path (1 to 4096)."),
                field(
                    "elevation_degrees",
                    "How far the cameras of ring and four views look down (-90 to 90).",
                    default=0.0,
                ),
                field("fov_x_degrees", "Horizontal field of view of the new cameras (0 to 170); 0 is 20 degrees."),
                field("long_edge", "Long edge of the pictures in pixels (64 to 16384); 0 takes the first photo's."),
                field(
                    "camera_path",
                    "In place of rig: a path as Camera Move gives and takes it, which begins at the first placed photo's camera.",
                    optional=True,
                    multiline=True,
                ),
            ],
            outputs=[
                result(
                    "image", "One picture for each camera; what no photo tells has the mesh's own color, or is black."
                ),
                result(
                    "holes",
                    "1 where no photo tells what is seen: the mask for inpainting. Beside a selected object there are no holes.",
                ),
                result("mask", "1 where the outside of the surface is seen."),
                result("distance", "Distance of the surface along the view axis; 0 where there is none."),
                result("cameras", is_list=True),
                result(
                    "report",
                    "For each picture how much of its surface photos tell; under 30 percent it is not to be used.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls, views, mesh, rig, frames, elevation_degrees, fov_x_degrees, long_edge, camera_path=None
    ) -> io.NodeOutput:
        posed, surface = require_views(views), meshes_from_payload(mesh)[0]
        edge = long_edge or max((max(view.photo.shape[:2]) for view in posed.views), default=1)
        settings = RigSettings(rig, frames, elevation_degrees, fov_x_degrees, (edge, edge))
        cameras, size = novel_rig(posed, surface, settings, camera_path or "")
        said = []

        def parts():
            for camera, made in zip(cameras, novel_views(surface, largest_group(posed), cameras, size)):
                said.append((novel_camera(camera, made), (camera.name, made.told)))
                yield made.image[None], made.holes[None], made.mask[None].float(), made.depth[None]

        image, holes, mask, depth = host_chunks.collected(parts(), len(cameras))
        infos, shares = zip(*said)
        return io.NodeOutput(image, holes, mask, image_from_scalar(depth), list(infos), novel_report(shares))
