from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.files.camera_formats import camera_writer
from ...sam3d_geometry.files.camera_track import camera_track
from ...sam3d_geometry.files.whole_files import save_files
from .. import host_folders
from ..fields import field, result
from ..sockets import CATEGORY, schema


class SaveCamera(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SaveCamera",
            display_name="Save Camera",
            category=f"{CATEGORY}/files",
            description="Saves the camera of a photo, or how it moved through a clip, for Blender, Nuke, After Effects and others; it "
            "fits the meshes and points that Save 3D writes of the same pointmap.",
            search_aliases=[
                "export camera",
                "camera track",
                "matchmove",
                "camera tracking",
                "nuke",
                "chan",
                "after effects",
                "blender camera",
                "transforms.json",
                "nerf",
            ],
            is_output_node=True,
            inputs=[
                field("pointmap", "The photo's, or the aligned clip's from Align Sequence."),
                field(
                    "filename_prefix",
                    "Beginning of the file's name in ComfyUI's output folder, with subfolders if wanted; a counter is added.",
                    default="3d/sam3d_geometry",
                ),
                field(
                    "camera_format",
                    "glb: for Blender, game engines and viewers, with keyframes where the camera moves; json: transforms.json, as NeRF and "
                    "splat trainers read it; chan: for Nuke, and for Blender with its Nuke add-on; after effects: a text whose "
                    "content is pasted onto a camera layer.",
                ),
                field("fps", "Frames per second (0.1 to 1000) of the clip."),
                field(
                    "camera_path",
                    "From Align Sequence: how the camera moved through the clip. From Camera Move: the path that was made. "
                    "Empty: the camera of one photo, at the origin.",
                    optional=True,
                    multiline=True,
                ),
            ],
            outputs=[
                result("path", "The file, relative to the output folder."),
                result("absolute_path"),
                result("report", "Frames, field of view, how far the camera went, and what the format cannot hold."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, filename_prefix, camera_format, fps, camera_path="") -> io.NodeOutput:
        track = camera_track(pointmap, camera_path or "", fps)
        suffix, write = camera_writer(track, camera_format)
        base = host_folders.next_outputs(filename_prefix)[0]
        (saved,) = save_files(base, {suffix: write})
        return io.NodeOutput(*host_folders.both_paths(saved), track.report())
