from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.resize import pointmap_at_image, require_photo
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, DA3_METRIC, metric_from_choice, require_option, schema
from ..vocabulary import VOCABULARY
from .interop import moge_geometry, moge_tensors, pointmap_from_geometry

PHOTO, POINTMAP = OUTPUT_SIZES = VOCABULARY["output_size"].options


class GeometryToPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_GeometryToPointmap",
            display_name="Geometry To Pointmap",
            category=f"{CATEGORY}/core",
            description="The output of core's Run MoGe Inference or Run Depth Anything 3, for all nodes of this pack.",
            search_aliases=[
                "moge geometry",
                "da3 geometry",
                "depth anything",
                "da3",
                "moge",
                "core",
                "convert",
                "interop",
            ],
            inputs=[
                field("geometry", "From core's Run MoGe Inference (not from a panorama) or Run Depth Anything 3."),
                field(
                    "metric",
                    "Whether the distances are meters, which core does not say. auto: yes where it came from a pointmap in meters or "
                    "from a MoGe with normals (2 and 3), no for Depth Anything. yes: for moge-2-vitl. no: for MoGe 1. da3-metric: for "
                    "DA3-Metric, whose depth is meters only after times focal / 300, with fov_x_degrees and network_edge.",
                ),
                field(
                    "fov_x_degrees",
                    "0 takes the geometry's own camera; above 0 this horizontal field of view in degrees replaces it. Depth "
                    "Anything in mono mode has none: wire Pointmap Inference or Field Of View From Lens here.",
                    is_advanced=True,
                ),
                field(
                    "drop_uncertain_percent",
                    "Share of each frame's pixels, in percent, that is masked out for having the least confidence (0 to 90), where "
                    "the model tells it. Raise it against stray points at edges.",
                    is_advanced=True,
                ),
                field(
                    "validity",
                    "Which pixels have geometry. mask: not sky, nor what MoGe masks out, even with core's apply_mask off. all "
                    "finite: all with a distance, where backgrounds are wrongly left out; for MoGe, turn core's apply_mask off too.",
                    is_advanced=True,
                ),
                field(
                    "network_edge",
                    "With da3-metric: longer side in pixels of the picture that the network saw (14 to 16384). The resolution "
                    "of core's node; with lower_bound_resize it is resolution x long side / short side of the photo.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result(
                    "pointmap",
                    "The same points, held at core's size, each view in its own camera's axes; sky masked out. Resize Pointmap "
                    "makes it lighter.",
                )
            ],
        )

    @classmethod
    def execute(cls, geometry, metric, fov_x_degrees, drop_uncertain_percent, validity, network_edge) -> io.NodeOutput:
        given = {"fov_x_degrees": fov_x_degrees, "drop_uncertain_percent": drop_uncertain_percent, "validity": validity}
        if metric == DA3_METRIC:
            return io.NodeOutput(pointmap_from_geometry(geometry, True, **given, da3_network_edge=network_edge))
        return io.NodeOutput(pointmap_from_geometry(geometry, metric_from_choice(metric), **given))


class PointmapToMoGeGeometry(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapToMoGeGeometry",
            display_name="Pointmap To MoGe Geometry",
            category=f"{CATEGORY}/core",
            description="A pointmap for the nodes that take core's MOGE_GEOMETRY, such as Render MoGe Geometry and Convert MoGe Point "
            "Map to Mesh.",
            search_aliases=["moge", "core", "convert", "interop", "moge geometry", "mesh"],
            inputs=[
                field("pointmap", "Any pointmap."),
                field(
                    "output_size",
                    "photo: brought to the photo's size, as core's own inference gives it, edges kept. pointmap: as held, smaller "
                    "and faster, for long clips and light meshes.",
                ),
                field(
                    "image",
                    "The photo at full size, for the mesh's texture, when output_size is photo: one for each frame, or one for "
                    "all. Without it the pointmap's own smaller picture is enlarged.",
                    optional=True,
                ),
            ],
            outputs=[
                result(
                    "moge_geometry",
                    "With core's keys (points, depth, intrinsics, mask, image, normal where the model gave any; inf where there is "
                    "nothing), and metric and source_size beside them.",
                )
            ],
        )

    @classmethod
    def execute(cls, pointmap, output_size, image=None) -> io.NodeOutput:
        require_option("output_size", output_size, OUTPUT_SIZES)
        require_photo(pointmap, image)

        def tensors(frames, part):
            if output_size == PHOTO:
                frames = pointmap_at_image(frames, host_chunks.frames_of(image, part, frames.device))
            return moge_tensors(frames)

        return io.NodeOutput(
            moge_geometry(host_chunks.by_chunk(pointmap, tensors, show=False), pointmap, pointmap.source_size)
        )
