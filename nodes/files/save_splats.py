from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.files import save_files
from ...sam3d_geometry.files.splats import splat_writers
from .. import host_folders
from ..fields import field, result
from ..sockets import CATEGORY, schema
from ..splat_socket import splats_from_payload


class SaveSplats(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SaveSplats",
            display_name="Save Splats",
            category=f"{CATEGORY}/files",
            description="Saves Gaussian splats as PLY, SPLAT or SPZ for viewers of splats.",
            search_aliases=["save splat", "export", "gaussian splat", "3dgs", "ply", "spz", "supersplat"],
            is_output_node=True,
            inputs=[
                field(
                    "splat", "From Pointmap To Splat, or splats of another node. Every frame goes to a file of its own."
                ),
                field(
                    "filename_prefix",
                    "Beginning of the file's name in ComfyUI's output folder, with subfolders if wanted; a counter is added.",
                    default="3d/sam3d_geometry",
                ),
                field(
                    "splat_format",
                    "ply: exact, the layout of 3D Gaussian Splatting, for nearly every program; splat: half the size, colors and turns "
                    "in bytes; spz: compressed, a tenth of the size. All have x right, y down, z forward, as ComfyUI's viewer expects.",
                ),
            ],
            outputs=[
                result("path", "Where the file is, relative to the output folder, one per frame.", is_list=True),
                result("absolute_path", is_list=True),
                result(
                    "splat_file",
                    "The same files for ComfyUI's Preview Splat and Get Splat. Older ComfyUI has no such files; the nodes behind it "
                    "then do not run.",
                    is_list=True,
                ),
            ],
        )

    @classmethod
    def execute(cls, splat, filename_prefix, splat_format) -> io.NodeOutput:
        sets = splats_from_payload(splat)
        bases = host_folders.next_outputs(filename_prefix, len(sets))
        saved = [save_files(base, splat_writers(splats, splat_format))[0] for splats, base in zip(sets, bases)]
        relative = [host_folders.in_output_folder(path) for path in saved]
        files = [host_folders.file_3d(path, splat_format) for path in saved]
        shown = [host_folders.as_shown(path) for path in saved]
        return io.NodeOutput(relative, [str(path) for path in saved], files, ui={"3d": shown})
