from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.estimate.inference import REFINEMENTS, infer_pointmap
from ...sam3d_geometry.geometry.camera import fov_degrees_from_intrinsics
from .. import host
from ..core.interop import handle_of
from ..fields import field, result
from ..sockets import CATEGORY, schema


class PointmapInference(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapInference",
            display_name="Pointmap Inference",
            category=CATEGORY,
            description="One 3D point for every pixel of every image. Depth, normals and effects are made from its output.",
            search_aliases=[
                "moge",
                "depth",
                "depth map",
                "photo to depth",
                "pointmap",
                "point cloud",
                "geometry",
                "depth estimation",
                "3d",
            ],
            inputs=[
                field(
                    "model",
                    "The model from Load SAM3D Geometry, or from ComfyUI's own Load MoGe Model where it has one.",
                ),
                field("image", "One photo, or the frames of a clip: any size, any number."),
                field(
                    "resolution",
                    "Long edge in pixels at which the geometry is computed and kept (64 to 1024; never more than the photo has). Sets "
                    "the cost: higher gives finer detail and takes longer. MoGe does not go below 1200 tokens, so under about 650 x 365 "
                    "it costs the same.",
                ),
                field(
                    "batch_size",
                    "Frames that go through the network at once (1 to 64). Lower it for less GPU memory; the result is the same.",
                ),
                field(
                    "fov_x_degrees",
                    "Horizontal field of view in degrees (up to 170); 0 finds it from the picture. Give it where it is known, from "
                    "Field Of View From Lens: depth is then truer.",
                    is_advanced=True,
                ),
                field(
                    "validity",
                    "Which pixels have geometry. mask: what the network does not take for sky. all finite: all that it gave a "
                    "point, where a blurred, white or plain background is wrongly left out; sky then lies at some great distance.",
                    is_advanced=True,
                ),
                field(
                    "refine_edges",
                    "Brings depth edges onto the photo's edges at this resolution. auto: for the built-in network, whose edges are soft; "
                    "on: for every model; off: as the network gives them. Refine Edges does it at the photo's own resolution.",
                    options=REFINEMENTS,
                    is_advanced=True,
                ),
                field(
                    "mask",
                    "Keeps what is white, so that an object comes out alone; the camera is still found from the whole photo. One for "
                    "each frame or one for all, any size. Mask Pointmap does the same afterwards.",
                    optional=True,
                ),
            ],
            outputs=[
                result("pointmap", "Points, mask and camera, for all other nodes of the pack."),
                result("fov_x_degrees", "Horizontal field of view in degrees, the median over the frames."),
            ],
        )

    @classmethod
    def execute(cls, model, image, resolution, batch_size, fov_x_degrees, mask=None, **choices) -> io.NodeOutput:
        model = handle_of(model)
        network = model.load().ready(tuple(image.shape[1:3]), resolution, min(len(image), batch_size))
        with host.progress_bar(len(image)) as on_progress:
            pointmap = infer_pointmap(
                network,
                image,
                mask=mask,
                resolution=resolution,
                fov_x_degrees=fov_x_degrees or None,
                **choices,
                frames_per_batch=batch_size,
                on_progress=on_progress,
            )
        model.release()
        return io.NodeOutput(pointmap, float(fov_degrees_from_intrinsics(pointmap.intrinsics)[0].median()))
