from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.axes import encode_normals
from ...sam3d_geometry.geometry.normals import normals_from_pointmap
from .. import host_chunks
from ..fields import field, result
from ..shared_inputs import UP_BY_ANGLES, up_rotation_by_angles
from ..sockets import CATEGORY, mask_from_bool, require_option, schema
from ..vocabulary import VOCABULARY

_, WORLD = SPACES = VOCABULARY["space"].options


class NormalsFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_NormalsFromPointmap",
            display_name="Normals From Pointmap",
            category=f"{CATEGORY}/maps",
            description="A normal map in a named convention, without streaks at depth edges.",
            search_aliases=[
                "normal",
                "normal map",
                "controlnet",
                "controlnet normal",
                "normalbae",
                "bump",
                "surface",
                "moge",
            ],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field(
                    "convention",
                    "What the colors mean. opengl: red right, green up (Blender, Unity, glTF); directx: red right, green down "
                    "(Unreal); controlnet: red LEFT, green up, as ControlNet 1.1 normalbae was trained.",
                ),
                field(
                    "space",
                    "camera: axes of the camera, for ControlNets and relighting. world: level axes, so that a floor has the "
                    "same color however the camera was tilted.",
                ),
                field(
                    "up",
                    "For space world: which way is up. ground whole clip: by the ground, once (steady); ground per frame: for a "
                    "moving camera; pitch and roll: by the two angles below.",
                    options=UP_BY_ANGLES,
                    is_advanced=True,
                ),
                field(
                    "camera_pitch_degrees",
                    "How far the camera looked up, in degrees (-90 to 90), when up is pitch and roll.",
                    is_advanced=True,
                ),
                field(
                    "camera_roll_degrees",
                    "How far the camera was turned clockwise, in degrees (-180 to 180), when up is pitch and roll.",
                    is_advanced=True,
                ),
                field(
                    "smoothing",
                    "Radius in pointmap pixels over which normals are averaged (0 to 64; steps at powers of 2), never across "
                    "depth edges or creases. 0 keeps them as estimated; raise it for noisy geometry.",
                    default=0,
                ),
                field(
                    "source",
                    "auto: the network's own normals where the model gives them (moge-2 -normal), otherwise from the points; "
                    "network or geometry force one of them.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result("normals", "The normal map; flat blue where there is no geometry."),
                result("mask", "1 where there is geometry, 0 for sky and what is masked out."),
            ],
        )

    @classmethod
    def execute(
        cls, pointmap, convention, space, up, camera_pitch_degrees, camera_roll_degrees, smoothing, source
    ) -> io.NodeOutput:
        require_option("space", space, SPACES)
        rotation = None
        if space == WORLD:
            rotation = up_rotation_by_angles(pointmap, up, camera_pitch_degrees, camera_roll_degrees, source)

        def normal_maps(frames, part):
            turned = None if rotation is None else rotation[part]
            normals, mask = normals_from_pointmap(frames, source, smoothing, turned)
            return encode_normals(normals, convention, mask), mask

        colors, mask = host_chunks.by_chunk(pointmap, normal_maps)
        return io.NodeOutput(colors, mask_from_bool(mask))
