from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.camera.camera_move import ViewSettings
from ...sam3d_geometry.effects.camera.stereo import Eyes, stereo
from ...sam3d_geometry.effects.quality import at_quality, pixels_at
from ...sam3d_geometry.geometry.scene_scale import length_in_units
from .. import host, host_chunks
from ..fields import field, result
from ..shared_inputs import edge_margin_input, fill_holes_input, photo_input, render_quality_input, sharpen_edges_input
from ..sockets import CATEGORY, schema


class StereoPair(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_StereoPair",
            display_name="Stereo Pair",
            category=f"{CATEGORY}/effects",
            description="The photo or clip for two eyes: side by side, over under or anaglyph, with what the eyes uncover as a mask.",
            search_aliases=[
                "stereo",
                "stereoscopic",
                "3d",
                "sbs",
                "side by side",
                "anaglyph",
                "vr",
                "over under",
                "left right",
            ],
            inputs=[
                field("pointmap", "From Pointmap Inference, of a photo or a clip."),
                field(
                    "layout",
                    "How the two pictures are laid out. half: squeezed to the photo's size, for 3D television; anaglyph: for red "
                    "(left) and cyan glasses, dubois has the least ghosting, half color is the traditional one; left then right: "
                    "two frames.",
                ),
                field(
                    "eye_distance_mm",
                    "Distance of the eyes in millimeters (0 to 10000) for metric pointmaps. For others 65 stands for a thirtieth "
                    "of the scene depth. Raise it for landscapes, lower it for close-ups.",
                ),
                field("unit"),
                field(
                    "screen_distance",
                    "Distance along the view axis that appears on the screen (0.001 or more). Nearer things stand out in front of "
                    "the screen. 1 scene depth puts the middle of the scene on it.",
                ),
                field("swap_eyes", "On: exchanges the eyes, for looking at side by side cross-eyed."),
                fill_holes_input(),
                field(
                    "photo_eye",
                    "Where the photo's camera stands. middle halves the holes; left or right keeps the photo itself for that eye, "
                    "shifted to the screen distance.",
                    is_advanced=True,
                ),
                edge_margin_input(),
                sharpen_edges_input(),
                photo_input(),
                render_quality_input(),
            ],
            outputs=[
                result("image", "The pictures of both eyes in the layout asked for."),
                result(
                    "holes",
                    "1 where the photo shows nothing to an eye, laid out like the picture; of an anaglyph that of both eyes.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        layout,
        eye_distance_mm,
        unit,
        screen_distance,
        swap_eyes,
        fill_holes,
        photo_eye,
        edge_margin,
        sharpen_edges,
        image=None,
        render_quality="final",
    ) -> io.NodeOutput:
        views = stereo(
            *at_quality(render_quality, pointmap, image),
            Eyes(
                layout=layout,
                eye_distance_mm=eye_distance_mm,
                screen_distance=length_in_units(pointmap, screen_distance, unit),
                photo_eye=photo_eye,
                swap=swap_eyes,
            ),
            ViewSettings(fill=fill_holes, margin=pixels_at(render_quality, edge_margin), sharpen=sharpen_edges),
            device=host.compute_device(),
        )
        return io.NodeOutput(*host_chunks.collected(views, len(pointmap)))
