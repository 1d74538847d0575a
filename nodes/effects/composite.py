from __future__ import annotations

import torch
from comfy_api.latest import io

from ...sam3d_geometry.effects.light.composite import CATCHERS, Compositing, composite
from ...sam3d_geometry.effects.light.layer import WHERE, Placement, card_layer, mesh_layer, place_layer
from ...sam3d_geometry.effects.light.lights import UNITS, place_lights
from ...sam3d_geometry.effects.light.relight import surface_at_image
from ...sam3d_geometry.geometry.resize import resize_image
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, LightsType, PointmapType, image_from_scalar, require_frames, require_option, schema

CARD_WHERE = [where for where in WHERE if where != "as it is"]
NORMAL_SMOOTHING = 8


def _placement_inputs(where: list[str], size: str) -> list[io.Input]:
    return [
        io.Combo.Input(
            "where",
            options=where,
            default=where[0],
            tooltip="on the surface: stands with its foot on what is seen at x, y; at a distance: its middle over x, y, as far away "
            "as distance says"
            + ("; as it is: the mesh is in this camera's own space already." if len(where) > 2 else "."),
        ),
        io.Float.Input(
            "x", default=0.5, min=0.0, max=1.0, step=0.005, tooltip="Place in the picture: 0 left edge, 1 right edge."
        ),
        io.Float.Input(
            "y", default=0.7, min=0.0, max=1.0, step=0.005, tooltip="Place in the picture: 0 top edge, 1 bottom edge."
        ),
        io.Float.Input(
            "distance",
            default=1.0,
            min=0.001,
            max=1000.0,
            step=0.01,
            tooltip="For at a distance: how far from the camera, in the unit below; with scene depth 1 is the median distance of "
            "what is seen.",
        ),
        io.Float.Input("size", default=0.4, min=0.001, max=1000.0, step=0.01, tooltip=size),
        io.Float.Input(
            "yaw_degrees",
            default=0.0,
            min=-180.0,
            max=180.0,
            step=1.0,
            tooltip="Turn about its upright axis; 0 faces the camera.",
        ),
        advanced(
            io.Float.Input(
                "pitch_degrees",
                default=0.0,
                min=-180.0,
                max=180.0,
                step=1.0,
                tooltip="Turn about its horizontal axis: positive leans its top towards the viewer.",
            )
        ),
        advanced(
            io.Float.Input(
                "roll_degrees",
                default=0.0,
                min=-180.0,
                max=180.0,
                step=1.0,
                tooltip="Turn in the picture plane, clockwise.",
            )
        ),
        io.Boolean.Input(
            "upright",
            default=True,
            tooltip="On: its up is the scene's up, found by the ground. Off: it is the camera's, so that it faces the picture.",
        ),
        io.Combo.Input(
            "unit",
            options=list(UNITS),
            default=UNITS[0],
            tooltip="Of all lengths: scene depth (1 is the median distance of what is seen; fits every model) or metres, for models "
            "that give metres.",
        ),
    ]


def _meeting_inputs() -> list[io.Input]:
    return [
        io.Float.Input(
            "softness",
            default=0.01,
            min=0.0,
            max=1000.0,
            step=0.005,
            tooltip="Depth over which scene and layer give way to each other where they meet, in the unit above; 0 cuts hard.",
        ),
        io.Int.Input(
            "edge_refine",
            default=4,
            min=0,
            max=64,
            tooltip="Radius in pixels in which the photo's own edges sharpen the cut (hair, leaves); 0 leaves it as the geometry has "
            "it.",
        ),
        io.Float.Input(
            "shadow",
            default=0.6,
            min=0.0,
            max=1.0,
            step=0.01,
            tooltip="Strength of the shadow it casts: from lights, or without any a soft one at its foot if it stands on a surface. 0 "
            "is none.",
        ),
        advanced(
            io.Combo.Input(
                "shadow_catcher",
                options=list(CATCHERS),
                default=CATCHERS[0],
                tooltip="What the shadow falls on. ground plane: a level plane through its foot, smooth; scene: every surface as "
                "estimated; none.",
            )
        ),
        advanced(
            io.Boolean.Input(
                "follow_surface",
                default=False,
                tooltip="In a clip. Off: it stays where the first frame put it; on: it follows what is seen at x, y.",
            )
        ),
        io.Image.Input(
            "image",
            optional=True,
            tooltip="The photo or clip at full size. Without it the pointmap's own picture is used. A single one serves all frames.",
        ),
    ]


def _layer_outputs() -> list[io.Output]:
    return [
        io.Image.Output(display_name="image", tooltip="The picture with the layer in it, at the picture's size."),
        io.Mask.Output(
            display_name="layer_mask", tooltip="Where the layer is seen, after what stands before it has covered it."
        ),
        io.Mask.Output(display_name="shadow", tooltip="How much the layer's shadow darkens the scene, 0 to 1."),
    ]


def _rgba(layer: torch.Tensor, mask: torch.Tensor | None, invert_mask: bool) -> torch.Tensor:
    """IMAGE (B, H, W, 3 or 4) and MASK of any size -> (B, H, W, 4)."""
    alpha = layer[..., 3:4] if layer.shape[-1] == 4 else torch.ones_like(layer[..., :1])
    if mask is not None:
        cover = resize_image(mask[..., None], layer.shape[1:3])
        alpha = alpha * ((1 - cover) if invert_mask else cover)
    frames = max(len(layer), len(alpha))
    return torch.cat([layer[..., :3].expand(frames, -1, -1, -1), alpha.expand(frames, -1, -1, -1)], -1)


class OcclusionComposite(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_OcclusionComposite",
            display_name="Occlusion Composite",
            category=f"{CATEGORY}/Effects",
            description="Puts a picture into the scene as a flat card; the scene's depth decides what covers what.",
            search_aliases=[
                "composite",
                "behind",
                "occlusion",
                "depth composite",
                "text behind subject",
                "card",
                "layer",
            ],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Image.Input(
                    "layer",
                    tooltip="The picture to put in, with or without an alpha channel. One for all frames or one each.",
                ),
                *_placement_inputs(
                    CARD_WHERE, "Height of the card, in the unit below; its width follows from the picture."
                ),
                *_meeting_inputs(),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Which part of the layer is seen (white). Any size; one for all frames or one each.",
                ),
                io.Boolean.Input(
                    "invert_mask",
                    default=False,
                    optional=True,
                    tooltip="On: black is seen, as in the mask of Load Image, which is white where the picture is transparent.",
                ),
                LightsType.Input(
                    "lights", optional=True, tooltip="Lights that cast the card's shadow; it stays in its own colours."
                ),
            ],
            outputs=_layer_outputs(),
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        layer,
        where,
        x,
        y,
        distance,
        size,
        yaw_degrees,
        pitch_degrees,
        roll_degrees,
        upright,
        unit,
        softness,
        edge_refine,
        shadow,
        shadow_catcher,
        follow_surface,
        image=None,
        mask=None,
        invert_mask=False,
        lights=(),
    ) -> io.NodeOutput:
        require_option("where", where, CARD_WHERE)
        for name, images in (("layer", layer), ("mask", mask), ("image", image)):
            require_frames(name, images, len(pointmap))
        placement = Placement(where, (x, y), distance, size, yaw_degrees, pitch_degrees, roll_degrees, upright, unit)
        placed = place_layer(placement, pointmap, follow_surface)
        shone = place_lights(lights or (), pointmap, follow_surface)
        how = Compositing(softness, edge_refine, shadow, shadow_catcher)

        def mixed(frames, part):
            device = frames.device
            surface = surface_at_image(frames, host.frames_of(image, part, device), NORMAL_SMOOTHING)
            picture = _rgba(host.frames_of(layer, part, device), host.frames_of(mask, part, device), invert_mask)
            here = placed[part].to(device)
            card = card_layer(picture, here, surface)
            return composite(surface, card, here, how, [light[part].to(device) for light in shone])

        return io.NodeOutput(*host.by_chunk(pointmap, mixed))


class MeshComposite(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_MeshComposite",
            display_name="Mesh Composite",
            category=f"{CATEGORY}/Effects",
            description="Puts a mesh into the photo; the depth of both decides what covers what.",
            search_aliases=["composite", "mesh", "3d object", "glb", "insert object", "occlusion", "depth composite"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Mesh.Input(
                    "mesh",
                    tooltip="A mesh in glTF axes (x right, y up), such as from Hunyuan3D or a pointmap; with vertex colours if it has "
                    "them. One for all frames or one each.",
                ),
                *_placement_inputs(list(WHERE), "Largest side of the mesh, in the unit below; not used for as it is."),
                *_meeting_inputs(),
                LightsType.Input(
                    "lights",
                    optional=True,
                    tooltip="Lights that shine on the mesh and cast its shadow. Without them it is lit from the camera.",
                ),
                io.Float.Input(
                    "ambient",
                    default=0.4,
                    min=0.0,
                    max=2.0,
                    step=0.01,
                    optional=True,
                    tooltip="Light on the mesh from everywhere, when lights are connected (0 to 2).",
                ),
            ],
            outputs=[
                *_layer_outputs(),
                io.Image.Output(
                    display_name="depth",
                    tooltip="Distance of the mesh along the view axis in the pointmap's unit, also where it is covered; 0 where it "
                    "is not. Save it as float (EXR).",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        mesh,
        where,
        x,
        y,
        distance,
        size,
        yaw_degrees,
        pitch_degrees,
        roll_degrees,
        upright,
        unit,
        softness,
        edge_refine,
        shadow,
        shadow_catcher,
        follow_surface,
        image=None,
        lights=(),
        ambient=0.4,
    ) -> io.NodeOutput:
        require_frames("image", image, len(pointmap))
        require_frames("mesh", mesh.vertices, len(pointmap))
        placement = Placement(where, (x, y), distance, size, yaw_degrees, pitch_degrees, roll_degrees, upright, unit)
        placed = place_layer(placement, pointmap, follow_surface)
        shone = place_lights(lights or (), pointmap, follow_surface)
        how = Compositing(softness, edge_refine, shadow, shadow_catcher)
        colours = getattr(mesh, "vertex_colors", None)

        def mixed(frames, part):
            device = frames.device
            surface = surface_at_image(frames, host.frames_of(image, part, device), NORMAL_SMOOTHING)
            vertices, faces, shades = (host.frames_of(t, part, device) for t in (mesh.vertices, mesh.faces, colours))
            here, lamps = placed[part].to(device), [light[part].to(device) for light in shone]
            seen = mesh_layer(vertices, faces, here, surface, shades, lamps, ambient)
            return (*composite(surface, seen, here, how, lamps), seen.depth)

        picture, covered, shade, depth = host.by_chunk(pointmap, mixed)
        return io.NodeOutput(picture, covered, shade, image_from_scalar(depth))
