from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.light.lights import place_lights
from ...sam3d_geometry.effects.light.relight import Relighting, relight, surface_at_image
from ...sam3d_geometry.geometry.resize import resize_image
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, LightsType, PointmapType, require_frames, schema


class Relight(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Relight",
            display_name="Relight",
            category=f"{CATEGORY}/Effects",
            description="Adds lights to a photo or clip: shading from its surfaces, highlights and cast shadows.",
            search_aliases=["relight", "light", "shadow", "lighting", "ic-light", "rim light", "specular", "normals"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                LightsType.Input("lights", tooltip="From Light; several Lights are chained into one wire."),
                io.Float.Input(
                    "ambient",
                    default=0.5,
                    min=0.0,
                    max=2.0,
                    step=0.01,
                    tooltip="How much of the photo's own light stays: 1 keeps the photo, 0.3 makes it dusk, 0 leaves the added light "
                    "alone.",
                ),
                io.Float.Input(
                    "even_out",
                    default=0.3,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="How far large differences of brightness in the photo, which are mostly its own light, are taken out before "
                    "light is added (0 to 1). Raise it where the added light hardly shows in dark areas.",
                ),
                io.Float.Input(
                    "specular",
                    default=0.3,
                    min=0.0,
                    max=4.0,
                    step=0.05,
                    tooltip="Strength of the highlights: 0 matt, 1 as on plastic, more for wet and polished things.",
                ),
                io.Float.Input(
                    "roughness",
                    default=0.5,
                    min=0.05,
                    max=1.0,
                    step=0.01,
                    tooltip="Width of the highlights: 0.1 small and bright, 1 very broad.",
                ),
                io.Float.Input(
                    "shadow_strength",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="How much of a light its cast shadow keeps away: 0 no shadows (fastest), 1 all of it.",
                ),
                io.Int.Input(
                    "normal_smoothing",
                    default=16,
                    min=0,
                    max=64,
                    tooltip="Radius in pixels of the pointmap over which surface directions are averaged (0 to 64), never across edges. "
                    "Raise it when the light looks blotchy.",
                ),
                advanced(
                    io.Float.Input(
                        "thickness",
                        default=0.1,
                        min=0.0,
                        max=1.0,
                        step=0.01,
                        tooltip="How far things go on behind what the camera sees of them, as a share of their distance (0 to 1). Lower "
                        "it when a thing in front throws too wide a shadow far behind it.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "shadow_bias",
                        default=0.01,
                        min=0.0,
                        max=0.2,
                        step=0.001,
                        tooltip="How far a shadow ray starts off its surface, as a share of the distance (0 to 0.2). Raise it when "
                        "surfaces shade themselves in spots or stripes.",
                    )
                ),
                advanced(
                    io.Int.Input(
                        "shadow_resolution",
                        default=1024,
                        min=0,
                        max=8192,
                        step=64,
                        tooltip="Long edge in pixels at which shadows are found, then brought to the picture along its depth edges; 0 "
                        "for the picture's own size. Time goes with its square.",
                    )
                ),
                advanced(
                    io.Int.Input(
                        "shadow_samples",
                        default=8,
                        min=1,
                        max=64,
                        tooltip="Places on a light with a radius from which shadows are cast (1 to 64): more gives smoother soft shadows "
                        "and takes longer.",
                    )
                ),
                advanced(
                    io.Boolean.Input(
                        "follow_surface",
                        default=False,
                        tooltip="For lights over a pixel in a clip. Off: they stay where the first frame put them; on: they follow what "
                        "is seen at that pixel.",
                    )
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo or clip at full size, or another version of it. Without it the pointmap's own picture is used. "
                    "A single one serves all frames.",
                ),
                io.Mask.Input(
                    "ambient_occlusion",
                    optional=True,
                    tooltip="Where surfaces are open (white) or closed in (black), the mask of Ambient Occlusion: added light is "
                    "weaker in corners. Any size; one for all frames or one each.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="The relit picture, at the picture's size."),
                io.Image.Output(
                    display_name="light",
                    tooltip="The added light alone on black, to be graded and laid over (screen or add).",
                ),
                io.Mask.Output(
                    display_name="shadow",
                    tooltip="Share of the added light that cast shadows keep away: 0 lit, 1 all in shadow.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        lights,
        ambient,
        even_out,
        specular,
        roughness,
        shadow_strength,
        normal_smoothing,
        thickness,
        shadow_bias,
        shadow_resolution,
        shadow_samples,
        follow_surface,
        image=None,
        ambient_occlusion=None,
    ) -> io.NodeOutput:
        require_frames("image", image, len(pointmap))
        require_frames("ambient_occlusion", ambient_occlusion, len(pointmap))
        how = Relighting(
            ambient,
            even_out,
            specular,
            roughness,
            shadow_strength,
            shadow_resolution,
            shadow_samples,
            thickness,
            shadow_bias,
        )
        placed = place_lights(lights, pointmap, follow_surface)

        def lit(frames, part):
            surface = surface_at_image(frames, host.frames_of(image, part, frames.device), normal_smoothing)
            occlusion = host.frames_of(ambient_occlusion, part, frames.device)
            if occlusion is not None:
                occlusion = resize_image(occlusion[..., None], surface.size)[..., 0]
            return relight(surface, [light[part].to(frames.device) for light in placed], how, occlusion)

        return io.NodeOutput(*host.by_chunk(pointmap, lit))
