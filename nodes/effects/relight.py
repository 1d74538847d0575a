from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.light.lights import place_lights
from ...sam3d_geometry.effects.light.relight import Relighting, relight_surface
from ...sam3d_geometry.effects.quality import pixels_at, smoothing_at
from ...sam3d_geometry.geometry.resize import require_photo
from .. import host_chunks
from ..fields import field, result
from ..inspections import live_scene
from ..photo_surface import surface_at_photo
from ..shared_inputs import follow_surface_input, photo_input, render_quality_input, smoothing_input
from ..sockets import CATEGORY, schema


class RelightScene(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_RelightScene",
            display_name="Relight Scene",
            category=f"{CATEGORY}/effects",
            description="Adds lights to a photo or clip: shading from its surfaces, highlights and cast shadows.",
            search_aliases=["relight", "light", "shadow", "lighting", "ic-light", "rim light", "specular", "normals"],
            has_intermediate_output=True,  # the page gets what the live control shows also when nothing runs anew
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field("lights", "From Scene Light; several of them are chained into one wire."),
                field(
                    "ambient",
                    "How much of the photo's own light stays (0 to 2): 1 keeps the photo, 0.3 makes it dusk, 0 leaves the added "
                    "light alone.",
                ),
                field(
                    "even_out",
                    "How far large differences of brightness in the photo, which are mostly its own light, are taken out before "
                    "light is added (0 to 1). Raise it where the added light hardly shows in dark areas.",
                ),
                field(
                    "specular",
                    "Strength of the highlights (0 to 4): 0 matt, 1 as on plastic, more for wet and polished things.",
                ),
                field("roughness", "Width of the highlights (0.05 to 1): 0.1 small and bright, 1 very broad."),
                smoothing_input(default=16),
                field(
                    "shadow_strength",
                    "How much of a light its cast shadow keeps away (0 to 1): 0 no shadows (fastest), 1 all of it.",
                ),
                field(
                    "thickness_percent",
                    "How far things extend behind what the camera sees, in percent of their distance (0.1 to 100). Lower it when "
                    "a thing in front throws too wide a shadow far behind it.",
                    is_advanced=True,
                ),
                field(
                    "shadow_bias_percent",
                    "Gap between a surface and the start of its shadow rays, in percent of the distance (0 to 20). Raise it when "
                    "surfaces shade themselves in spots or stripes.",
                    is_advanced=True,
                ),
                field(
                    "shadow_resolution",
                    "Long edge in pixels at which shadows are found (0 to 8192), then brought to the picture along its depth "
                    "edges; 0 for the picture's own size. Time grows with its square.",
                    is_advanced=True,
                ),
                field(
                    "shadow_samples",
                    "Places on a light with a radius from which shadows are cast (1 to 64): more gives smoother soft shadows and "
                    "takes longer.",
                    is_advanced=True,
                ),
                follow_surface_input(),
                photo_input(),
                field(
                    "ambient_occlusion",
                    "Where surfaces are open (white) or closed in (black), from Ambient Occlusion From Pointmap: added light is "
                    "weaker in corners. Any size; one for each frame or one for all.",
                    optional=True,
                ),
                render_quality_input(),
            ],
            outputs=[
                result("image", "The relit picture, at the size of the image."),
                result("light", "The added light alone on black, to be graded and laid over (screen or add)."),
                result("shadow", "Share of the added light that cast shadows keep away: 0 lit, 1 all in shadow."),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        lights,
        smoothing,
        follow_surface,
        thickness_percent,
        shadow_bias_percent,
        image=None,
        ambient_occlusion=None,
        render_quality="final",
        **shading,
    ) -> io.NodeOutput:
        require_photo(pointmap, image)
        require_photo(pointmap, ambient_occlusion, "ambient_occlusion")
        shading["shadow_resolution"] = pixels_at(render_quality, shading["shadow_resolution"])
        how = Relighting(thickness=thickness_percent / 100, bias=shadow_bias_percent / 100, **shading)
        placed = place_lights(lights, pointmap, follow_surface)
        radius = smoothing_at(render_quality, smoothing, pointmap, image)

        def lit(frames, part):
            occlusion = host_chunks.frames_of(ambient_occlusion, part, frames.device)
            surface = surface_at_photo(pointmap, frames, part, image, render_quality, smoothing=radius)
            return relight_surface(surface, [light[part] for light in placed], how, occlusion)

        return io.NodeOutput(*host_chunks.by_chunk(pointmap, lit), ui=live_scene(pointmap))
