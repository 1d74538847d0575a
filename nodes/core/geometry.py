from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.resize import pointmap_at_image
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, require_frames, require_option, schema
from .interop import (
    DA3GeometryType,
    MogeGeometryType,
    moge_geometry,
    moge_tensors,
    pointmap_from_da3_geometry,
    pointmap_from_moge_geometry,
)

SIZES = ["photo", "pointmap"]
MOGE_UNITS = {"auto": None, "metres": True, "unknown": False}
DA3_UNITS = {"unknown": False, "metres": True}


class PointmapToMoGeGeometry(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapToMoGeGeometry",
            display_name="Pointmap To MoGe Geometry",
            category=f"{CATEGORY}/Interop",
            description="A pointmap for the nodes that take core's MOGE_GEOMETRY, such as Render MoGe Geometry and Convert MoGe Point "
            "Map to Mesh.",
            search_aliases=["moge", "core", "convert", "interop", "moge geometry", "mesh"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="Any pointmap."),
                io.Combo.Input(
                    "size",
                    options=SIZES,
                    default="photo",
                    tooltip="photo: brought to the photo's size, as core's own inference gives it, edges kept. pointmap: as held, "
                    "smaller and faster, for long clips and light meshes.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo at full size, for the mesh's texture, when size is photo: one for each frame, or one for "
                    "all. Without it the pointmap's own smaller picture is enlarged.",
                ),
            ],
            outputs=[
                MogeGeometryType.Output(
                    display_name="moge_geometry",
                    tooltip="With core's keys (points, depth, intrinsics, mask, image, normal where the model gave any; inf where "
                    "there is nothing), and metric and source_size beside them.",
                )
            ],
        )

    @classmethod
    def execute(cls, pointmap, size, image=None) -> io.NodeOutput:
        require_option("size", size, SIZES)
        require_frames("image", image, len(pointmap))

        def tensors(frames, part):
            if size == "photo":
                frames = pointmap_at_image(frames, host.frames_of(image, part, frames.device))
            return moge_tensors(frames)

        return io.NodeOutput(moge_geometry(host.by_chunk(pointmap, tensors), pointmap, pointmap.source_size))


class MoGeGeometryToPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_MoGeGeometryToPointmap",
            display_name="MoGe Geometry To Pointmap",
            category=f"{CATEGORY}/Interop",
            description="The output of core's Run MoGe Inference for all nodes of this pack.",
            search_aliases=["moge", "core", "convert", "interop", "moge geometry", "pointmap"],
            inputs=[
                MogeGeometryType.Input(
                    "moge_geometry", tooltip="From core's Run MoGe Inference (not from a panorama)."
                ),
                io.Combo.Input(
                    "unit",
                    options=list(MOGE_UNITS),
                    default="auto",
                    tooltip="Core does not say whether it is metres. auto: metres when it came from a pointmap in metres or from a model "
                    "with normals (MoGe 2 and 3). metres: for moge-2-vitl, which has none. unknown: for MoGe 1.",
                ),
            ],
            outputs=[
                PointmapType.Output(
                    display_name="pointmap",
                    tooltip="The same points, held at core's size; Pointmap Resize makes it lighter.",
                )
            ],
        )

    @classmethod
    def execute(cls, moge_geometry, unit) -> io.NodeOutput:
        require_option("unit", unit, list(MOGE_UNITS))
        return io.NodeOutput(pointmap_from_moge_geometry(moge_geometry, MOGE_UNITS[unit]))


class DA3GeometryToPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DA3GeometryToPointmap",
            display_name="DA3 Geometry To Pointmap",
            category=f"{CATEGORY}/Interop",
            description="The output of core's Run Depth Anything 3 for all nodes of this pack.",
            search_aliases=["depth anything", "da3", "core", "convert", "interop", "pointmap"],
            inputs=[
                DA3GeometryType.Input("da3_geometry", tooltip="From core's Run Depth Anything 3."),
                io.Combo.Input(
                    "unit",
                    options=list(DA3_UNITS),
                    default="unknown",
                    tooltip="unknown: one unknown scale, which is right for Small, Base and Mono. metres: only when you know that "
                    "the depths are metres (DA3-Metric, by core's description).",
                ),
                io.Float.Input(
                    "fov_x_degrees",
                    default=60.0,
                    min=1.0,
                    max=170.0,
                    step=0.1,
                    tooltip="Horizontal field of view in degrees (1 to 170) where the geometry brings no camera, which is always so in "
                    "mono mode: wire Pointmap Inference's here, or give your lens's. Not used where the network found one (multiview).",
                ),
                advanced(
                    io.Float.Input(
                        "drop_uncertain_percent",
                        default=0.0,
                        min=0.0,
                        max=90.0,
                        step=1.0,
                        tooltip="Share of each frame's pixels, in percent, that is masked out for having the least confidence (0 to 90), "
                        "where the model tells it (Small and Base). Raise it against stray points at edges.",
                    )
                ),
            ],
            outputs=[
                PointmapType.Output(
                    display_name="pointmap",
                    tooltip="Points for the depths, each view in its own camera's axes; sky masked out.",
                )
            ],
        )

    @classmethod
    def execute(cls, da3_geometry, unit, fov_x_degrees, drop_uncertain_percent) -> io.NodeOutput:
        require_option("unit", unit, list(DA3_UNITS))
        return io.NodeOutput(
            pointmap_from_da3_geometry(da3_geometry, fov_x_degrees, DA3_UNITS[unit], drop_uncertain_percent)
        )
