from __future__ import annotations

from dataclasses import replace

from comfy_api.latest import io

from ...sam3d_geometry.geometry.transform import TURNS, mirror_pointmap, scale_pointmap, turn_pointmap, with_fov_x
from ...sam3d_geometry.geometry.transform import shift_depth as moved
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, require_option, schema

UNITS = {"as it came": None, "metres": True, "unknown": False}


class TransformPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_TransformPointmap",
            display_name="Transform Pointmap",
            category=f"{CATEGORY}/Camera",
            description="Changes the unit, the lens, the depth or the orientation of a pointmap so that every point stays on the ray "
            "of its pixel.",
            search_aliases=[
                "scale",
                "rotate",
                "mirror",
                "flip",
                "fov",
                "field of view",
                "shift depth",
                "metres",
                "centimetres",
            ],
            inputs=[
                PointmapType.Input("pointmap", tooltip="Any pointmap."),
                io.Float.Input(
                    "scale",
                    default=1.0,
                    min=1e-6,
                    max=1e6,
                    step=0.01,
                    tooltip="All distances times this (0.000001 to 1000000): 100 turns metres into centimetres, 1.05 makes "
                    "everything 5 % larger. The camera stays.",
                ),
                io.Combo.Input(
                    "unit",
                    options=list(UNITS),
                    default="as it came",
                    tooltip="What the new unit is. metres: you know that the scaled distances are metres; unknown: they are not, "
                    "for instance after turning them into centimetres.",
                ),
                io.Combo.Input(
                    "rotate",
                    options=list(TURNS),
                    default="none",
                    tooltip="Turns picture, points and camera, for photos that lie on their side.",
                ),
                io.Boolean.Input(
                    "mirror",
                    default=False,
                    tooltip="On: left and right are exchanged, before rotating. Up and down: mirror and rotate 180 degrees.",
                ),
                advanced(
                    io.Float.Input(
                        "fov_x_degrees",
                        default=0.0,
                        min=0.0,
                        max=170.0,
                        step=0.1,
                        tooltip="New horizontal field of view in degrees (up to 170) of the picture as it comes in; depths stay, "
                        "widths and heights follow. 0 leaves it as it is. For a lens that you know and the model misjudged.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "shift_depth",
                        default=0.0,
                        min=-1e6,
                        max=1e6,
                        step=0.01,
                        tooltip="Added to every depth before scaling, in the pointmap's unit: moves the whole scene away from the "
                        "camera (or, negative, nearer; what comes to lie behind it is dropped).",
                    )
                ),
            ],
            outputs=[PointmapType.Output(display_name="pointmap", tooltip="The changed pointmap.")],
        )

    @classmethod
    def execute(cls, pointmap, scale, unit, rotate, mirror, fov_x_degrees, shift_depth) -> io.NodeOutput:
        require_option("unit", unit, list(UNITS))
        require_option("rotate", rotate, list(TURNS))
        if shift_depth:
            pointmap = moved(pointmap, shift_depth)
        pointmap = scale_pointmap(pointmap, scale)
        if fov_x_degrees:
            pointmap = with_fov_x(pointmap, fov_x_degrees)
        if mirror:
            pointmap = mirror_pointmap(pointmap)
        metric = pointmap.metric if UNITS[unit] is None else UNITS[unit]
        return io.NodeOutput(replace(turn_pointmap(pointmap, TURNS[rotate]), metric=metric))
