from __future__ import annotations

from comfy_api.latest import io

from .. import host
from ..fields import field, result
from ..inspections import inspection_shown
from ..sockets import CATEGORY, schema


class PointmapInspector(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapInspector",
            display_name="Pointmap Inspector",
            category=f"{CATEGORY}/pointmap",
            description="Shows photo, depth or normals and reads them off: depth, point and normal below the pointer, and the "
            "distance between two points.",
            search_aliases=["measure", "distance", "depth viewer", "probe", "ruler", "inspect", "preview", "point"],
            is_output_node=True,
            inputs=[
                field(
                    "pointmap", "From Pointmap Inference. One frame or a clip, through which a slider in the node goes."
                ),
                field(
                    "colormap",
                    "Colors of the depth. turbo and spectral show small differences; the others are even to the eye. Takes effect "
                    "with the next run.",
                    default="turbo",
                    is_advanced=True,
                ),
                field(
                    "x",
                    "Point A, as a share of the width: a click in the picture fills it. Wire the output x to other nodes.",
                    default=0.25,
                ),
                field("y", "Point A, as a share of the height: a click in the picture fills it."),
                field("x2", "Point B, as a share of the width: the second click fills it."),
                field("y2", "Point B, as a share of the height: the second click fills it."),
            ],
            outputs=[
                result("pointmap", "The pointmap as it came."),
                result("x", "Point A across, for the x of other nodes."),
                result("y", "Point A down, for the y of other nodes."),
                result("x2", "Point B across."),
                result("y2", "Point B down."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, colormap, x, y, x2, y2) -> io.NodeOutput:
        with host.progress_bar(len(pointmap)) as on_progress:
            shown = inspection_shown(pointmap, colormap, on_progress)
        return io.NodeOutput(pointmap, x, y, x2, y2, ui=shown)
