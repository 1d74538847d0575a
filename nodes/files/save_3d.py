from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.files import AXES, FORMATS, save_files, writers_of
from .. import host_folders
from ..mesh_socket import meshes_from_payload
from ..sockets import CATEGORY, PointCloudType, schema


class Save3D(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_Save3D",
            display_name="Save 3D",
            category=f"{CATEGORY}/3D",
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
                io.MultiType.Input(
                    "model",
                    types=[io.Mesh, PointCloudType],
                    tooltip="From Pointmap To Mesh, Displaced Plane or Pointmap To Point Cloud, or a mesh of another node. Every "
                    "frame goes to a file of its own.",
                ),
                io.String.Input(
                    "filename_prefix",
                    default="3d/sam3d_geometry",
                    tooltip="Beginning of the file's name in ComfyUI's output folder, with subfolders if wanted; a counter is added.",
                ),
                io.Combo.Input(
                    "format",
                    options=list(FORMATS),
                    default=FORMATS[0],
                    tooltip="glb: one file with the photo inside, for nearly every program and ComfyUI's Preview 3D; ply: exact points or mesh "
                    "with a colour per vertex; obj: text with a material file and the photo beside it.",
                ),
                io.Combo.Input(
                    "axes",
                    options=list(AXES),
                    default="gltf",
                    tooltip="Axes of the numbers in a ply or obj. gltf: y up, z toward the viewer; blender: z up, y into the scene; unreal: z up, x "
                    "forward, left-handed, centimetres; unity: y up, z forward, left-handed. A glb is always gltf: programs turn it on import.",
                ),
            ],
            outputs=[
                io.String.Output(
                    display_name="path",
                    is_output_list=True,
                    tooltip="Where the file is, relative to the output folder, one per frame. Wire it to ComfyUI's Preview 3D (glb, obj).",
                ),
                io.Custom("FILE_3D,FILE_3D_GLB,FILE_3D_PLY,FILE_3D_OBJ,FILE_3D_POINT_CLOUD_ANY").Output(
                    display_name="file",
                    is_output_list=True,
                    tooltip="The same files for ComfyUI's nodes that take 3D files. Older ComfyUI has no such files; the nodes behind it then do "
                    "not run.",
                ),
            ],
        )

    @classmethod
    def execute(cls, model, filename_prefix, format, axes) -> io.NodeOutput:
        models = model if isinstance(model, list) else meshes_from_payload(model)
        paths = []
        for item, (base, subfolder) in zip(models, host_folders.numbered_outputs(filename_prefix, len(models))):
            saved = save_files(base, writers_of(item, format, axes, base.name))[0]
            paths.append((saved, subfolder))
        shown = [{"filename": path.name, "subfolder": folder, "type": "output"} for path, folder in paths]
        relative = [f"{folder}/{path.name}" if folder else path.name for path, folder in paths]
        return io.NodeOutput(relative, [host_folders.file_3d(path, format) for path, _ in paths], ui={"3d": shown})
