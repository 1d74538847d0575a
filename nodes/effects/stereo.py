from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.camera.stereo import FORMATS, PHOTO_IS, stereo
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, schema


class Stereo(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Stereo",
            display_name="Stereo",
            category=f"{CATEGORY}/Effects",
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
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference, of a photo or a clip."),
                io.Combo.Input(
                    "format",
                    options=list(FORMATS),
                    default=FORMATS[0],
                    tooltip="How the two pictures are laid out. half: squeezed to the photo's size, for 3D television; anaglyph: for "
                    "red (left) and cyan glasses, Dubois with least ghosting, half colour as of old; left then right: two frames.",
                ),
                io.Float.Input(
                    "eye_distance_mm",
                    default=65.0,
                    min=0.0,
                    max=10000.0,
                    step=1.0,
                    tooltip="Distance of the eyes in millimetres (0 to 10000) for metric models. For others 65 stands for a thirtieth "
                    "of the median depth. Raise it for landscapes, lower it for close-ups.",
                ),
                io.Float.Input(
                    "convergence",
                    default=0.0,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="Distance that appears on the screen: metres for metric models, otherwise the model's unit. Nearer things "
                    "stand out before it. 0 takes the scene's median.",
                ),
                io.Boolean.Input(
                    "swap_eyes", default=False, tooltip="Exchanges the eyes: for looking at side by side cross-eyed."
                ),
                io.Boolean.Input(
                    "fill_holes",
                    default=True,
                    tooltip="On: what comes into sight is painted with the surface behind. Off: it stays black, for an inpainting "
                    "model that takes the mask.",
                ),
                advanced(
                    io.Combo.Input(
                        "photo_is",
                        options=list(PHOTO_IS),
                        default="between the eyes",
                        tooltip="Where the photo's camera stands. between the eyes halves the holes; left eye or right eye keeps the "
                        "photo itself for that eye, shifted to the convergence distance.",
                    )
                ),
                advanced(
                    io.Int.Input(
                        "edge_margin",
                        default=4,
                        min=0,
                        max=64,
                        tooltip="Pixels behind depth edges that are painted over beside a hole (0 to 64), because their colours are "
                        "mixed. Raise it where an outline of the foreground stays behind.",
                    )
                ),
                advanced(
                    io.Boolean.Input(
                        "sharpen_edges",
                        default=True,
                        tooltip="Makes steps of blurred depth edges, so that nothing is stretched. Off for exact depth.",
                    )
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo or clip at full size; without it the pointmap's own, smaller picture is used.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="stereo", tooltip="The pictures of both eyes in the format asked for."),
                io.Mask.Output(
                    display_name="holes",
                    tooltip="1 where the photo shows nothing to an eye, laid out like the picture; of an anaglyph that of both.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        format,
        eye_distance_mm,
        convergence,
        swap_eyes,
        fill_holes,
        photo_is,
        edge_margin,
        sharpen_edges,
        image=None,
    ) -> io.NodeOutput:
        views = stereo(
            pointmap,
            image,
            format,
            eye_distance_mm,
            convergence,
            photo_is,
            swap_eyes,
            fill_holes,
            edge_margin,
            sharpen_edges,
            host.compute_device(),
        )
        return io.NodeOutput(*host.collected(views, len(pointmap)))
