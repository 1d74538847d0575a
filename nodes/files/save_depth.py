from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.files.depth_series import DepthSeries
from .. import host, host_folders
from ..fields import field, result
from ..host_metadata import workflow_texts
from ..sockets import CATEGORY, schema


class SaveDepth(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SaveDepth",
            display_name="Save Depth",
            category=f"{CATEGORY}/files",
            description="Depth in files that keep its precision, without any color transform: EXR with layers, 16-bit PNG, TIFF. "
            "Camera, unit and range are in the file and in a JSON beside it.",
            search_aliases=[
                "save exr",
                "16-bit png",
                "png16",
                "tiff",
                "z depth",
                "openexr",
                "export depth",
                "multilayer",
            ],
            is_output_node=True,
            inputs=[
                field("pointmap", "From Pointmap Inference, or from Depth To Pointmap for depth of other nodes."),
                field(
                    "filename_prefix",
                    "Folder and beginning of the file names in ComfyUI's output folder. Each frame becomes a file with the next "
                    "free number.",
                    default="depth/sam3d_geometry",
                ),
                field(
                    "depth_format",
                    "exr: floats in named channels (Z, mask, normals), for Nuke, Blender, After Effects; needs the package "
                    "OpenEXR. tiff 32-bit: the depth alone as floats. 16-bit: whole numbers, for RGB-D tools and game engines.",
                ),
                field(
                    "output_size",
                    "photo: enlarged inside surfaces only, no value lies between two of them. pointmap: as it was computed.",
                ),
                field(
                    "steps_of",
                    "16-bit formats: steps of the unit make millimeters of meters, up to 65.5 m; steps of the range use all "
                    "65535 values between near and far.",
                ),
                field(
                    "steps_per_unit",
                    "16-bit, steps of the unit: value = distance x this (0.001 to 1000000). 1000 gives millimeters, 256 is "
                    "KITTI's, 5000 TUM's. Lower it when the scene is deeper than 65535 steps.",
                    is_advanced=True,
                ),
                field(
                    "curve",
                    "16-bit, steps of the range: what the steps are even in. disparity (1 / distance) is finest near the camera.",
                    default="linear",
                    is_advanced=True,
                ),
                field(
                    "near",
                    "16-bit, steps of the range: distance of value 65535, in the pointmap's unit. near and far 0: the range of "
                    "all frames.",
                    default=0.0,
                    is_advanced=True,
                ),
                field(
                    "far",
                    "16-bit, steps of the range: distance of value 1, in the pointmap's unit; farther is clipped. 0: see near.",
                    default=0.0,
                    is_advanced=True,
                ),
                field(
                    "include_normals",
                    "EXR: unit normals as N.X N.Y N.Z, in camera axes (x right, y down, z forward).",
                    is_advanced=True,
                ),
                field(
                    "include_position",
                    "EXR: the 3D points as P.X P.Y P.Z, in camera axes; Z and the camera say the same in less room.",
                    is_advanced=True,
                ),
                field(
                    "picture",
                    "EXR: what R, G and B are, which plain viewers show. photo: in linear light, as EXR has it; depth: the depth "
                    "again, for programs that read only RGB; none: smallest, but such programs show black.",
                    is_advanced=True,
                ),
                field(
                    "invalid_depth",
                    "EXR: the distance where there is no geometry, such as sky. zero: tells it from all others; far: the frame's "
                    "farthest, for defocus and fog that take 0 for near; infinity: for programs that know it. The mask is the same.",
                    is_advanced=True,
                ),
                field(
                    "image",
                    "The photo at full size, for the EXR's picture; it also sets the size. Without it the pointmap's own smaller "
                    "image is enlarged.",
                    optional=True,
                ),
            ],
            outputs=[
                result(
                    "path",
                    "The first file, relative to the output folder; Load Depth takes it as path, and its frames from it.",
                ),
                result("absolute_path"),
            ],
        )

    @classmethod
    def execute(
        cls, pointmap, filename_prefix, depth_format, output_size, steps_of, steps_per_unit, curve, near, far,
        include_normals, include_position, picture, invalid_depth, image=None,
    ) -> io.NodeOutput:  # fmt: skip
        kind = {"depth_format": depth_format, "output_size": output_size, "steps_of": steps_of}
        steps = {"steps_per_unit": steps_per_unit, "curve": curve, "near": near, "far": far}
        layers = {"include_normals": include_normals, "include_position": include_position, "picture": picture}
        series = DepthSeries(**kind, **steps, **layers, invalid_depth=invalid_depth, texts=workflow_texts(cls))
        folder, bases = host_folders.output_folder(), host_folders.next_outputs(filename_prefix, len(pointmap))
        with host.progress_bar(len(bases)) as on_progress:
            for i, frame in enumerate(series.frames(pointmap, image)):
                folder.write(bases[i], series.description(frame), {series.suffix: series.writer(frame)})
                on_progress(i + 1, len(bases))
        return io.NodeOutput(*host_folders.both_paths(bases[0].with_name(bases[0].name + series.suffix)))
