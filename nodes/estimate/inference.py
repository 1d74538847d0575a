from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.estimate.inference import infer_pointmap
from ...sam3d_geometry.geometry.camera import (
    fov_degrees_from_intrinsics,
    fov_x_degrees_from_focal_mm,
    fov_x_degrees_from_focal_pixels,
)
from .. import host
from ..core.interop import handle_of, model_input
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, require_option, schema

CAMERAS = ["from the picture", "field of view", "focal length in mm", "focal length in pixels"]


class PointmapInference(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapInference",
            display_name="Pointmap Inference",
            category=CATEGORY,
            description="One 3D point for every pixel of every image. Depth, normals and effects are made from its output.",
            search_aliases=["moge", "depth", "pointmap", "point cloud", "geometry", "depth estimation", "3d"],
            inputs=[
                model_input(
                    "The model from Load SAM3D Geometry, or from ComfyUI's own Load MoGe Model where it has one."
                ),
                io.Image.Input("images", tooltip="One photo, or the frames of a clip: any size, any number."),
                io.Int.Input(
                    "resolution",
                    default=512,
                    min=256,
                    max=1024,
                    step=16,
                    tooltip="Long edge in pixels at which the geometry is computed and kept (256 to 1024; never more than the "
                    "photo has). Sets the cost: higher gives finer detail and takes longer. MoGe does not go below 1200 "
                    "tokens, about 650 x 365 pixels, so smaller values save memory but no more time.",
                ),
                io.Int.Input(
                    "frames_per_batch",
                    default=4,
                    min=1,
                    max=64,
                    tooltip="Frames that go through the network at once (1 to 64). Lower it for less GPU memory; it is "
                    "halved by itself when memory runs out.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Keeps only the points of an object (white). One mask for all frames or one each; any size. "
                    "The camera is still found from the whole photo. Load Image's mask is white where the photo is "
                    "transparent: put Invert Mask in between to keep the object.",
                ),
                io.Combo.Input(
                    "camera",
                    options=CAMERAS,
                    default=CAMERAS[0],
                    tooltip="Where the camera's field of view comes from. Give it by hand for wide-angle or cropped photos, "
                    "or when you know the lens; only the value with the matching name below is used.",
                ),
                advanced(
                    io.Float.Input(
                        "fov_x_degrees",
                        default=60.0,
                        min=1.0,
                        max=170.0,
                        step=0.1,
                        tooltip="Horizontal field of view in degrees (1 to 170), used when camera is 'field of view'.",
                    )
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
                        tooltip="Width of the sensor in mm for focal_mm: 36 for full frame and for '35 mm equivalent' values, "
                        "about 23.5 for APS-C. Turn it down in proportion for a cropped photo.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "focal_pixels",
                        default=1000.0,
                        min=1.0,
                        max=100000.0,
                        step=1.0,
                        tooltip="Focal length in pixels of the images as they come in, used when camera is 'focal length in "
                        "pixels'.",
                    )
                ),
            ],
            outputs=[
                PointmapType.Output(display_name="pointmap", tooltip="The points, for all other nodes of the pack."),
                io.Float.Output(
                    display_name="fov_x_degrees",
                    tooltip="Horizontal field of view in degrees, the median over the frames.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        model,
        images,
        resolution,
        frames_per_batch,
        camera,
        fov_x_degrees,
        focal_mm,
        sensor_width_mm,
        focal_pixels,
        mask=None,
    ) -> io.NodeOutput:
        frames, height, width = images.shape[:3]
        known_fov = {
            CAMERAS[0]: lambda: None,
            CAMERAS[1]: lambda: fov_x_degrees,
            CAMERAS[2]: lambda: fov_x_degrees_from_focal_mm(focal_mm, sensor_width_mm),
            CAMERAS[3]: lambda: fov_x_degrees_from_focal_pixels(focal_pixels, width),
        }
        require_option("camera", camera, CAMERAS)
        model = handle_of(model)
        network = model.load().ready((height, width), resolution, min(frames, frames_per_batch))
        with host.progress_bar(frames) as on_progress:
            pointmap = infer_pointmap(
                network,
                images,
                mask=mask,
                resolution=resolution,
                fov_x_degrees=known_fov[camera](),
                frames_per_batch=frames_per_batch,
                on_progress=on_progress,
            )
        model.release()
        return io.NodeOutput(pointmap, float(fov_degrees_from_intrinsics(pointmap.intrinsics)[0].median()))
