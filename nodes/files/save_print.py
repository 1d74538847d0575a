from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.files import save_files
from ...sam3d_geometry.files.print_files import print_writers
from ...sam3d_geometry.geometry.pointmap import Pointmap
from ...sam3d_geometry.shapes.printing import print_solid, relief_solid
from .. import host_chunks, host_folders
from ..fields import field, result
from ..mesh_socket import meshes_from_payload
from ..sockets import CATEGORY, schema


class SavePrint(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SavePrint",
            display_name="Save Print",
            category=f"{CATEGORY}/files",
            description="Saves a photo as a relief on a plate, or a closed mesh, as STL or 3MF in millimeters for 3D printing.",
            search_aliases=["stl", "3mf", "3d print", "3d printing", "relief", "lithophane", "slicer", "bas-relief"],
            is_output_node=True,
            inputs=[
                field(
                    "printed",
                    "A pointmap becomes a relief on a plate; a closed mesh (Pointmap To Mesh with a back, Complete Object, Bodies To Mesh) "
                    "stands upright. Every frame goes to a file of its own.",
                ),
                field(
                    "filename_prefix",
                    "Beginning of the file's name in ComfyUI's output folder, with subfolders if wanted; a counter is added.",
                    default="3d/sam3d_geometry",
                ),
                field(
                    "print_format",
                    "3mf: says that its numbers are millimeters; stl: for every program, which takes them for such.",
                ),
                field("size_mm", "Longest side in millimeters (1 to 10000): of the relief's plate, or of the mesh."),
                field(
                    "relief_mm", "Height of a relief above its plate in millimeters (0.1 to 1000). A mesh has its own."
                ),
                field(
                    "base_mm",
                    "Thickness of the plate below in millimeters (0 to 100). A relief needs one; 0 is none for a mesh.",
                ),
                field(
                    "curve",
                    "What a relief's height is even in. linear: distance; disparity (1 / distance): more of what is near; log: in between.",
                    default="linear",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result("path", "Where the file is, relative to the output folder, one per frame.", is_list=True),
                result("absolute_path", is_list=True),
            ],
        )

    @classmethod
    def execute(cls, printed, filename_prefix, print_format, size_mm, relief_mm, base_mm, curve) -> io.NodeOutput:
        def relief(frame, _):
            return relief_solid(frame, size_mm, relief_mm, base_mm, curve)

        if isinstance(printed, Pointmap):
            solids = host_chunks.by_frame(printed, relief)
        else:
            solids = [print_solid(mesh, size_mm, base_mm) for mesh in meshes_from_payload(printed)]
        bases = host_folders.next_outputs(filename_prefix, len(solids))
        saved = [save_files(base, print_writers(solid, print_format))[0] for solid, base in zip(solids, bases)]
        return io.NodeOutput([host_folders.in_output_folder(path) for path in saved], [str(path) for path in saved])
