from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.transform import transform_pointmap
from ..fields import field, result
from ..sockets import CATEGORY, metric_from_choice, schema


class TransformPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_TransformPointmap",
            display_name="Transform Pointmap",
            category=f"{CATEGORY}/pointmap",
            description="Changes the unit, the lens, the distances or the orientation of a pointmap so that every point stays on the "
            "ray of its pixel.",
            search_aliases=[
                "scale",
                "rotate",
                "mirror",
                "flip",
                "fov",
                "field of view",
                "shift depth",
                "meters",
                "centimeters",
            ],
            inputs=[
                field("pointmap", "Any pointmap."),
                field(
                    "scale",
                    "All distances times this (0.000001 to 1000000): 100 turns meters into centimeters, 1.05 makes everything 5 % "
                    "larger. The camera stays.",
                ),
                field(
                    "metric",
                    "Whether the scaled distances are meters. auto: as they came; yes: you know that they are; no: they are not, "
                    "for instance after turning them into centimeters.",
                    options=("auto", "yes", "no"),
                ),
                field(
                    "mirror",
                    "On: left and right are exchanged, before the rotation. Up and down: mirror and 180 degrees.",
                ),
                field("rotation", "Turns picture, points and camera clockwise, for photos that lie on their side."),
                field(
                    "fov_x_degrees",
                    "New horizontal field of view in degrees (up to 170) of the picture as it comes in; distances along the view "
                    "axis stay, widths and heights follow. 0 keeps it. For a lens that you know and the model misjudged.",
                    is_advanced=True,
                ),
                field(
                    "distance_shift",
                    "Added to every distance along the view axis before scaling, in the pointmap's unit: moves the whole scene "
                    "away from the camera (or, negative, nearer; what comes to lie behind it is dropped).",
                    is_advanced=True,
                ),
            ],
            outputs=[result("pointmap", "The changed pointmap.")],
        )

    @classmethod
    def execute(cls, pointmap, scale, metric, mirror, rotation, fov_x_degrees, distance_shift) -> io.NodeOutput:
        return io.NodeOutput(
            transform_pointmap(
                pointmap,
                scale=scale,
                metric=metric_from_choice(metric),
                mirror=mirror,
                rotation=rotation,
                fov_x_degrees=fov_x_degrees,
                distance_shift=distance_shift,
            )
        )
