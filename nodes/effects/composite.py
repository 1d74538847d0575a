from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.light.composite import Compositing
from ...sam3d_geometry.effects.light.layer import WHERE, LayerPlacement
from ...sam3d_geometry.effects.light.layer_source import Insertion, Meshes, Picture
from ...sam3d_geometry.effects.light.lights import place_lights
from ...sam3d_geometry.effects.quality import pixels_at, smoothing_at
from ...sam3d_geometry.geometry.picture_forms import plain_image
from ...sam3d_geometry.geometry.pointmap import require_frames
from ...sam3d_geometry.geometry.resize import require_photo
from .. import host_chunks
from ..fields import field, result
from ..photo_surface import surface_at_photo
from ..shared_inputs import follow_surface_input, photo_input, render_quality_input, smoothing_input
from ..sockets import CATEGORY, image_from_scalar, schema


def layer_source(layer, layer_mask, invert_layer_mask: bool, frames: int) -> Picture | Meshes:
    """What came on `layer`, an IMAGE with its mask or a MESH, for a clip of that many frames."""
    if not hasattr(layer, "vertices"):
        layer = plain_image("layer", layer)
        require_frames("layer", layer, frames)
        require_frames("layer_mask", layer_mask, frames)
        return Picture(layer, layer_mask, invert_layer_mask)
    if layer_mask is not None:
        raise ValueError(
            "layer_mask came with a mesh, which has no mask; unwire layer_mask, or wire a picture to layer."
        )
    require_frames("layer", layer.vertices, frames)
    return Meshes(layer.vertices, layer.faces, getattr(layer, "vertex_colors", None))


def placement_from(
    *, placement, unit, x, y, layer_distance, layer_size, yaw_degrees, pitch_degrees, roll_degrees, stand_upright
) -> LayerPlacement:
    """The place that the inputs of that name say."""
    return LayerPlacement(
        where=placement,
        pixel=(x, y),
        distance=layer_distance,
        size=layer_size,
        yaw=yaw_degrees,
        pitch=pitch_degrees,
        roll=roll_degrees,
        upright=stand_upright,
        unit=unit,
    )


def mixing_at(
    quality: str, feather: float, edge_refine: int, shadow_strength: float, shadow_catcher: str
) -> Compositing:
    """How the inputs of these names let the layer meet the scene; a draft has its lengths in pixels halved."""
    return Compositing(
        feather=feather,
        edge_refine=pixels_at(quality, edge_refine),
        shadow_strength=shadow_strength,
        catcher=shadow_catcher,
        shadow_resolution=pixels_at(quality, Compositing.shadow_resolution),
    )


class CompositeIntoScene(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_CompositeIntoScene",
            display_name="Composite Into Scene",
            category=f"{CATEGORY}/effects",
            description="Puts a picture (as a flat card) or a mesh into the photo; depth decides what covers what.",
            search_aliases=[
                "composite",
                "occlusion composite",
                "mesh composite",
                "behind",
                "depth composite",
                "text behind subject",
                "card",
                "layer",
                "insert object",
                "3d object",
                "glb",
            ],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field(
                    "layer",
                    "What to put in: a picture, with or without an alpha channel, or a mesh in glTF axes (x right, y up), such as "
                    "from Hunyuan3D or a pointmap, with vertex colors if it has them. One for each frame or one for all.",
                ),
                field(
                    "placement",
                    "surface: stands with its foot on what is seen at x, y; distance: its middle over x, y, as far away as "
                    "layer_distance says; as is: a mesh that is in this camera's own space already.",
                    options=WHERE,
                ),
                field("unit"),
                field("x"),
                field("y", default=0.7),
                field(
                    "layer_distance",
                    "For placement distance: how far from the camera along the view axis (0.001 or more); 1 scene depth is the "
                    "middle of the scene.",
                ),
                field(
                    "layer_size",
                    "Height of a card, whose width follows from the picture, or largest side of a mesh (0.001 or more). Not used "
                    "for as is.",
                ),
                field("yaw_degrees", "Turn about its upright axis (-180 to 180); 0 faces the camera."),
                field(
                    "pitch_degrees",
                    "Turn about its horizontal axis (-180 to 180): positive leans its top towards the viewer.",
                    is_advanced=True,
                ),
                field("roll_degrees", "Turn in the picture plane, clockwise (-180 to 180).", is_advanced=True),
                field(
                    "stand_upright",
                    "On: its up is the scene's up, found by the ground. Off: it is the camera's, so that it faces the picture.",
                ),
                field(
                    "feather",
                    "Depth over which scene and layer blend where they meet (0 or more); 0 cuts hard.",
                    default=0.01,
                ),
                field(
                    "edge_refine",
                    "Radius in photo pixels within which edges of the photo (hair, leaves) refine the cut (0 to 64); 0 turns this "
                    "off.",
                ),
                smoothing_input(default=8),
                field(
                    "ambient",
                    "For meshes: light on them from everywhere, when lights are wired (0 to 2).",
                    default=0.4,
                ),
                field(
                    "shadow_strength",
                    "Strength of the shadow it casts (0 to 1): from lights, or without any a soft one at its foot if it stands on "
                    "a surface. 0 is none.",
                    default=0.6,
                ),
                field(
                    "shadow_catcher",
                    "What the shadow falls on. ground plane: a level plane through its foot, smooth; scene: every surface as "
                    "estimated; none: no shadow.",
                    is_advanced=True,
                ),
                follow_surface_input(),
                field(
                    "invert_layer_mask",
                    "On: black is visible, as in the mask of Load Image, which is white where the picture is transparent.",
                    is_advanced=True,
                ),
                photo_input(),
                field(
                    "layer_mask",
                    "For pictures: which part of the layer is visible (white). Any size; one for each frame or one for all.",
                    optional=True,
                ),
                field(
                    "lights",
                    "From Scene Light: they shine on a mesh and cast the layer's shadow. Without them a mesh is lit from the "
                    "camera; a picture keeps its own colors.",
                    optional=True,
                ),
                render_quality_input(),
            ],
            outputs=[
                result("image", "The picture with the layer in it, at the size of the image."),
                result("coverage", "Where the layer is visible, after what stands in front of it has covered it."),
                result("shadow", "How much the layer's shadow darkens the scene: 0 not at all, 1 fully."),
                result(
                    "distance",
                    "Distance of the layer along the view axis in the pointmap's unit, also where it is covered; 0 where it is "
                    "not. Save it as float (EXR).",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        layer,
        feather,
        edge_refine,
        smoothing,
        ambient,
        shadow_strength,
        shadow_catcher,
        follow_surface,
        invert_layer_mask,
        image=None,
        layer_mask=None,
        lights=None,
        render_quality="final",
        **placing,
    ) -> io.NodeOutput:
        require_photo(pointmap, image)
        source = layer_source(layer, layer_mask, invert_layer_mask, len(pointmap))
        places = source.place(placement_from(**placing), pointmap, follow_surface)
        mixing = mixing_at(render_quality, feather, edge_refine, shadow_strength, shadow_catcher)
        placed = place_lights(lights or (), pointmap, follow_surface)
        radius = smoothing_at(render_quality, smoothing, pointmap, image)
        inserted = Insertion(source, places, mixing, placed, ambient=ambient)

        def mixed(frames, part):
            surface = surface_at_photo(pointmap, frames, part, image, render_quality, smoothing=radius)
            return inserted.onto(surface, part)

        picture, coverage, shadow, distance = host_chunks.by_chunk(pointmap, mixed)
        return io.NodeOutput(picture, coverage, shadow, image_from_scalar(distance))
