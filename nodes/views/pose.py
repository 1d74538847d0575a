from __future__ import annotations

import json

from comfy_api.latest import io

from ...sam3d_geometry.files.camera_sets import cameras_record
from ...sam3d_geometry.geometry.transform import with_fov_x
from ...sam3d_geometry.views.colmap_engine import OWN
from ...sam3d_geometry.views.photo_set import views_of_photos
from ...sam3d_geometry.views.posed_report import posed_report
from ...sam3d_geometry.views.poses import PoseSettings
from ...sam3d_geometry.views.upright import upright
from .. import view_sets
from ..fields import field, result
from ..sockets import CATEGORY, schema


class PoseViews(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PoseViews",
            display_name="Pose Views",
            category=f"{CATEGORY}/views",
            description="Finds where the cameras of several photos of one thing or place stood, and says of every photo that it could "
            "not place why.",
            search_aliases=[
                "structure from motion",
                "sfm",
                "colmap",
                "camera pose",
                "photogrammetry",
                "multi view",
                "multiple photos",
                "extrinsics",
                "nerf",
                "turntable",
            ],
            inputs=[
                field(
                    "image",
                    "The photos, two or more, at full size and not cropped: what moves between them is measured.",
                ),
                field(
                    "pointmap", "From Pointmap Inference for the same photos: one frame for each. It gives the scale."
                ),
                field(
                    "cameras_from",
                    "photos: found from what the photos have in common. file: read from path. ring: a guess, equal steps about the "
                    "object, for a turntable whose object has too few features.",
                ),
                field(
                    "match_on",
                    "What of a photo is compared with others when there is a selection. auto: all of it, or the object alone where what "
                    "is behind it stands still, as on a turntable; whole photo; mask: the object alone.",
                ),
                field(
                    "in_order",
                    "On: the photos are a clip or a walk, so neighbors are compared first. Off for loose photos.",
                ),
                field(
                    "one_camera",
                    "On: photos of one size have one lens, whose field of view is found from all of them. Off: each its own (zoomed).",
                ),
                field(
                    "fov_x_degrees",
                    "Horizontal field of view of all photos where you know it (0 to 170): it is then kept. 0 finds it.",
                ),
                field(
                    "stand_upright",
                    "On: up in the result is up in the scene, by the ground or by level cameras. Off: the first photo's camera is kept.",
                ),
                field(
                    "long_edge",
                    "Long edge in pixels at which photos are compared (64 to 16384); 0 takes the photo's. 1600 finds more and takes "
                    "longer.",
                    is_advanced=True,
                ),
                field(
                    "sweep_degrees",
                    "For ring: the angle from the first photo to the last, the camera going to its right (-360 to 360); 360 is a whole "
                    "turn whose last photo stands one step before the first. Negative: to its left.",
                    is_advanced=True,
                ),
                field(
                    "elevation_degrees",
                    "For ring: how far the camera looked down on the object (-90 to 90).",
                    default=15.0,
                    is_advanced=True,
                ),
                field(
                    "selection",
                    "White on the object in each photo, one mask for each. With it, the object alone is built later.",
                    optional=True,
                ),
                field(
                    "path",
                    "For file: cameras.json or transforms.json in the input folder, or a folder there with COLMAP's cameras.txt and "
                    "images.txt.",
                    optional=True,
                ),
                field(
                    "photo_names",
                    "A name for each photo, one a line, by which a file of cameras and the report call it. Empty: photo 1, photo 2, ...",
                    optional=True,
                    multiline=True,
                ),
                field(
                    "engine",
                    "For photos: own: needs nothing else, and is made for few photos. pycolmap: needs pip install pycolmap, and many "
                    "sharp photos. auto: pycolmap where it is installed, there are 5 photos or more and it places all, else own.",
                    optional=True,
                    is_advanced=True,
                ),
            ],
            outputs=[
                result("views", "The photos with their cameras and depth, for Fuse Views and Novel Views."),
                result("image", "The photos that were placed, one for each of the cameras and in their order."),
                result("cameras", is_list=True),
                result(
                    "cameras_json",
                    "All photos by name: size, world_from_camera (4 x 4, x right, y down, z forward) and intrinsics in pixels, or the "
                    "reason why there is no camera.",
                ),
                result("report", "How many were placed, how well, and the reason for each that was not."),
            ],
        )

    @classmethod
    def execute(
        cls,
        image,
        pointmap,
        cameras_from,
        match_on,
        in_order,
        one_camera,
        fov_x_degrees,
        stand_upright,
        long_edge,
        sweep_degrees,
        elevation_degrees,
        selection=None,
        path=None,
        photo_names=None,
        engine=OWN,
    ) -> io.NodeOutput:
        edge = long_edge or max(image.shape[1:3])
        settings = PoseSettings(long_edge=edge, match_on=match_on, one_lens=one_camera, ordered=in_order)
        seen = with_fov_x(pointmap, fov_x_degrees) if fov_x_degrees else pointmap
        names = (photo_names or "").splitlines()
        views = views_of_photos(image, seen, selection, names, known_focal=fov_x_degrees > 0)
        posed = view_sets.posed_by(
            cameras_from, views, settings, path or "", (sweep_degrees, elevation_degrees), engine
        )
        posed = upright(posed) if stand_upright else posed
        cameras, photos = view_sets.cameras_and_photos(posed)
        record = json.dumps(cameras_record(posed), indent=1)
        return io.NodeOutput(posed, photos, cameras, record, posed_report(posed))
