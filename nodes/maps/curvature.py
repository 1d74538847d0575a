from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.curvature import curvature_at_photo
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, image_from_scalar, schema


class CurvatureFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_CurvatureFromPointmap",
            display_name="Curvature From Pointmap",
            category=f"{CATEGORY}/maps",
            description="How surfaces bend: a cavity map that is gray where flat, bright on ridges and dark in hollows.",
            search_aliases=["curvature map", "cavity", "convexity", "edge wear", "dirt", "ridges", "valleys", "detail"],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field("unit"),
                field(
                    "feature_size",
                    "Radius of a ball that is shown at 0.75, half way from flat to white. Lower it for less contrast, raise it to "
                    "show gentle bends.",
                ),
                field(
                    "smoothing",
                    "Radius in pointmap pixels over which normals are averaged first (0 to 64), never across edges. Raise it for "
                    "noisy geometry and wider ridges.",
                ),
            ],
            outputs=[
                result("cavity", "0 to 1: 0.5 flat or no geometry, brighter on ridges, darker in hollows."),
                result(
                    "curvature",
                    "Mean curvature itself, in 1 / unit of the pointmap: 1 / R on a ball of radius R, negative in hollows. Not for "
                    "looking at; save it as float (EXR).",
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, unit, feature_size, smoothing) -> io.NodeOutput:
        size = length_in_units(pointmap, feature_size, unit)
        cavity, curvature = host_chunks.by_chunk(
            pointmap, lambda frames, part: curvature_at_photo(frames, size, smoothing)
        )
        return io.NodeOutput(image_from_scalar(cavity), image_from_scalar(curvature))
