from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.files import save_files, writers_of
from .. import host_folders
from ..fields import field, result
from ..host_metadata import workflow_texts
from ..mesh_socket import meshes_from_payload
from ..preview_camera import points_of, preview_3d_fit, preview_camera
from ..sockets import CATEGORY, schema


class Save3D(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Save3D",
            display_name="Save 3D",
            category=f"{CATEGORY}/files",
            description="Saves meshes or point clouds as GLB, PLY or OBJ, in the axes of the program that they are for.",
            search_aliases=[
                "save mesh",
                "export",
                "glb",
                "gltf",
                "ply",
                "obj",
                "blender",
                "unreal",
                "unity",
                "point cloud",
            ],
            is_output_node=True,
            inputs=[
                field(
                    "shape",
                    "From Pointmap To Mesh, Displaced Plane or Pointmap To Point Cloud, or a mesh of another node. Every frame "
                    "goes to a file of its own.",
                ),
                field(
                    "filename_prefix",
                    "Beginning of the file's name in ComfyUI's output folder, with subfolders if wanted; a counter is added.",
                    default="3d/sam3d_geometry",
                ),
                field(
                    "format",
                    "glb: one file with the photo inside, for nearly every program and ComfyUI's Preview 3D; ply: exact points "
                    "or mesh with a color per vertex; obj: text with a material file and the photo beside it.",
                ),
                field(
                    "axes",
                    "Axes of the numbers in a ply or obj. gltf: y up, z toward the viewer; blender: z up, y into the scene; "
                    "unreal: z up, x forward, left-handed, centimeters; unity: y up, z forward, left-handed. A glb is always "
                    "gltf: programs turn it on import.",
                ),
            ],
            outputs=[
                result(
                    "path",
                    "Where the file is, relative to the output folder, one per frame. Wire it to ComfyUI's Preview 3D (glb, obj).",
                    is_list=True,
                ),
                result("absolute_path", is_list=True),
                result(
                    "file_3d",
                    "The same files for ComfyUI's nodes that take a glb or obj; for its point cloud nodes there is ply_file of Pointmap To "
                    "Point Cloud. Older ComfyUI has no such files; the nodes behind it "
                    "then do not run.",
                    is_list=True,
                ),
                result(
                    "preview_camera",
                    "Shows the whole shape from beside the photo's camera: wire it to camera_info of ComfyUI's Preview 3D. It is made for the "
                    "front end that is installed, for glb, and for obj in gltf axes.",
                    is_list=True,
                ),
            ],
        )

    @classmethod
    def execute(cls, shape, filename_prefix, format, axes) -> io.NodeOutput:
        shapes = shape if isinstance(shape, list) else meshes_from_payload(shape)
        bases = host_folders.next_outputs(filename_prefix, len(shapes), spaces=format != "obj")
        texts = workflow_texts(cls)
        saved = [save_files(b, writers_of(s, format, axes, b.name, texts))[0] for s, b in zip(shapes, bases)]
        relative = [host_folders.in_output_folder(path) for path in saved]
        files = [host_folders.file_3d(path, format) for path in saved]
        shown = [host_folders.as_shown(path) for path in saved]
        cameras = [preview_camera(points_of(s), preview_3d_fit()) for s in shapes]
        return io.NodeOutput(relative, [str(path) for path in saved], files, cameras, ui={"3d": shown})
