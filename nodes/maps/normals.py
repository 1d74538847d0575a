from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.axes import NORMAL_MAP_SIGNS, encode_normals
from ...sam3d_geometry.geometry.gravity import level_world, world_from_pitch_roll
from ...sam3d_geometry.geometry.normals import SOURCES, normals_from_pointmap
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, mask_from_bool, require_option, schema

SPACES = ["camera", "world"]
WORLDS = ["ground, whole batch", "ground, per frame", "pitch and roll"]


class NormalsFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_NormalsFromPointmap",
            display_name="Normals From Pointmap",
            category=CATEGORY,
            description="A normal map in a named convention, without streaks at depth edges.",
            search_aliases=["normal", "normal map", "controlnet normal", "normalbae", "bump", "surface", "moge"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Combo.Input(
                    "convention",
                    options=list(NORMAL_MAP_SIGNS),
                    default="opengl",
                    tooltip="What the colours mean. opengl: red right, green up (Blender, Unity, glTF); directx: red right, "
                    "green down (Unreal); controlnet: red LEFT, green up, as ControlNet 1.1 normalbae was trained.",
                ),
                io.Combo.Input(
                    "space",
                    options=SPACES,
                    default="camera",
                    tooltip="camera: axes of the camera, for ControlNets and relighting. world: level axes, so that a floor has "
                    "the same colour however the camera was tilted.",
                ),
                io.Int.Input(
                    "smoothing",
                    default=0,
                    min=0,
                    max=64,
                    tooltip="Radius in pixels of the pointmap over which normals are averaged (0 to 64; steps at powers of 2), "
                    "never across depth edges or creases. Raise it for noisy geometry.",
                ),
                advanced(
                    io.Combo.Input(
                        "source",
                        options=list(SOURCES),
                        default="auto",
                        tooltip="auto: the network's own normals where the model gives them (moge-2 -normal), otherwise from "
                        "the points; network or geometry force one of them.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "world",
                        options=WORLDS,
                        default=WORLDS[0],
                        tooltip="For space world: find the ground once for the whole batch (steady), for each frame (moving "
                        "camera), or use the pitch and roll below.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "pitch_degrees",
                        default=0.0,
                        min=-90.0,
                        max=90.0,
                        step=0.5,
                        tooltip="How far the camera looked up, in degrees, when world is 'pitch and roll'.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "roll_degrees",
                        default=0.0,
                        min=-180.0,
                        max=180.0,
                        step=0.5,
                        tooltip="How far the camera was turned clockwise, in degrees, when world is 'pitch and roll'.",
                    )
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="normals", tooltip="The normal map; flat blue where there is no geometry."
                ),
                io.Mask.Output(
                    display_name="mask", tooltip="1 where there is geometry, 0 for sky and outside the mask."
                ),
            ],
        )

    @classmethod
    def execute(
        cls, pointmap, convention, space, smoothing, source, world, pitch_degrees, roll_degrees
    ) -> io.NodeOutput:
        require_option("space", space, SPACES)
        require_option("world", world, WORLDS)
        rotation = None
        if space == "world" and world == "pitch and roll":
            rotation = world_from_pitch_roll(pitch_degrees, roll_degrees, len(pointmap))
        elif space == "world":
            rotation = level_world(pointmap, shared=world == WORLDS[0], source=source)

        def normal_maps(frames, part):
            turned = None if rotation is None else rotation[part]
            normals, mask = normals_from_pointmap(frames, source, smoothing, turned)
            return encode_normals(normals, convention, mask), mask

        colours, mask = host.by_chunk(pointmap, normal_maps)
        return io.NodeOutput(colours, mask_from_bool(mask))
