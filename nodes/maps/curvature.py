from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.scene_scale import length_in_units
from ...sam3d_geometry.maps.curvature import curvature_at_photo
from .. import host
from ..shared_inputs import unit_input
from ..sockets import CATEGORY, PointmapType, image_from_scalar, schema


class CurvatureMap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_CurvatureMap",
            display_name="Curvature Map",
            category=f"{CATEGORY}/Effects",
            description="How surfaces bend: a cavity map that is grey where flat, bright on ridges and dark in hollows.",
            search_aliases=["curvature", "cavity", "convexity", "edge wear", "dirt", "ridges", "valleys", "detail"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Float.Input(
                    "feature_size",
                    default=0.05,
                    min=0.0001,
                    max=1000.0,
                    step=0.005,
                    tooltip="Radius of a ball that comes out at 0.75, half way from flat to white, in the unit below. Lower it for "
                    "less contrast, raise it to show gentle bends.",
                ),
                unit_input("feature_size"),
                io.Int.Input(
                    "smoothing",
                    default=4,
                    min=0,
                    max=64,
                    tooltip="Radius in pixels of the pointmap over which normals are averaged first (0 to 64), never across depth "
                    "edges. Raise it for noisy geometry and wider ridges.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="cavity",
                    tooltip="0 to 1: 0.5 flat or no geometry, brighter on ridges, darker in hollows.",
                ),
                io.Image.Output(
                    display_name="curvature",
                    tooltip="Mean curvature itself, in 1 / unit of the pointmap: 1 / R on a ball of radius R, negative in hollows. "
                    "Not for looking at; save it as float (EXR).",
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, feature_size, unit, smoothing) -> io.NodeOutput:
        size = length_in_units(pointmap, feature_size, unit)
        cavity, curvature = host.by_chunk(pointmap, lambda frames, part: curvature_at_photo(frames, size, smoothing))
        return io.NodeOutput(image_from_scalar(cavity), image_from_scalar(curvature))
