from __future__ import annotations

from pathlib import Path

from comfy_api.latest import io

from ...sam3d_geometry.files.body_export import BodyExport, export_bodies
from ...sam3d_geometry.files.whole_files import write_files
from .. import host, host_folders
from ..body_model import rig_from_model
from ..body_payload import bodies_from_payload
from ..fields import field, result
from ..sockets import CATEGORY, schema


def _files_3d(paths: list[Path], body_format: str) -> list[object]:
    """The files for core's 3D nodes, which take meshes only."""
    if body_format not in ("glb", "obj", "ply"):
        return [
            host.nothing("ComfyUI's 3D nodes take glb, obj and ply files; choose one of these formats.") for _ in paths
        ]
    return [host_folders.file_3d(path, body_format) for path in paths]


class SaveBodies(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SaveBodies",
            display_name="Save Bodies",
            category=f"{CATEGORY}/bodies",
            description="Saves people found by SAM 3D Body for animation programs: GLB with skeleton, skin and movement, BVH with "
            "each person's own bones, JSON, NPZ, or a mesh for every frame.",
            search_aliases=[
                "sam 3d body",
                "export animation",
                "motion capture",
                "mocap",
                "bvh",
                "glb",
                "armature",
                "mixamo",
                "unreal",
                "unity",
                "vrm",
                "rigify",
                "retarget",
            ],
            is_output_node=True,
            inputs=[
                field("pose_data", "From Place Bodies In Scene, Load Bodies or ComfyUI's own prediction."),
                field(
                    "filename_prefix",
                    "Folder and beginning of the file names in ComfyUI's output folder; a counter is added.",
                    default="bodies/sam3d_geometry",
                ),
                field(
                    "body_format",
                    "glb: everybody with skeleton, skin and movement in one file, for Blender, Unity, Unreal and Preview 3D; bvh: a "
                    "skeleton for each person, joints within a millimeter; json: places, quaternions and angles of all bones; npz: "
                    "the people as they are, for Load Bodies; obj, ply: a mesh for each frame. FBX: import the glb into Blender and "
                    "export from there.",
                ),
                field(
                    "bone_names",
                    "glb, bvh, json: whose names, axes and rest the bones have. mhr: SAM 3D Body's own 127 joints, nothing left out; "
                    "the others have fewer bones, which carry the rest.",
                ),
                field(
                    "rest_pose",
                    "How people stand where the file keeps its rest. auto: as the program does (T for Mixamo, Unity and VRM, its own "
                    "for Rigify, else A with lowered arms).",
                ),
                field(
                    "body_world",
                    "level: upright with the floor at 0, by Place Bodies In Scene, else by the pointmap, else with the camera taken as "
                    "level. camera: as the camera saw it. in place: level, and everybody stays on the spot, for game characters.",
                ),
                field(
                    "axes",
                    "json, obj, ply: axes of the numbers. gltf: y up; blender: z up; unreal: z up, left-handed, centimeters; unity: y up, "
                    "left-handed. A glb is always gltf and a bvh y up; programs turn them on import.",
                ),
                field("fps", "Frames per second of the clip (0.1 to 1000)."),
                field(
                    "scene",
                    "glb: the surface of the pointmap's first frame, in the same world as the people. Needs a pointmap in meters.",
                    default="none",
                ),
                field(
                    "include_camera",
                    "glb: On: the camera that the people were seen with goes along, with its movement.",
                    is_advanced=True,
                ),
                field(
                    "leg_length_m",
                    "For a character of another size: length of its legs from hip to ankle in meters (0 to 100). Everything is scaled "
                    "so that feet keep to the floor. 0: the person's own.",
                    is_advanced=True,
                ),
                field(
                    "pointmap",
                    "Of the same frames, from Place Bodies In Scene: its floor, and the scene for the glb.",
                    optional=True,
                ),
                field(
                    "sam3d_body_model",
                    "From ComfyUI's Load SAM3D Body Model: the glb's skin gets the model's own weights. Without it they are told by the "
                    "shape, which is exact in one frame and off by millimeters to centimeters at bent shoulders and hips.",
                    optional=True,
                ),
            ],
            outputs=[
                result(
                    "path",
                    "The files, relative to the output folder: one, or one for each person (bvh) or frame (obj, ply).",
                    is_list=True,
                ),
                result("absolute_path", is_list=True),
                result(
                    "file_3d", "The glb, obj and ply files for ComfyUI's 3D nodes; nothing for others.", is_list=True
                ),
                result("report", "What was saved: world, bones, skin, repaired hands, frames without people."),
            ],
        )

    @classmethod
    def execute(
        cls, pose_data, filename_prefix, body_format, bone_names, rest_pose, body_world, axes, fps, scene, include_camera,
        leg_length_m, pointmap=None, sam3d_body_model=None,
    ) -> io.NodeOutput:  # fmt: skip
        names = {"file_format": body_format, "bone_names": bone_names, "rest_pose": rest_pose, "axes": axes, "fps": fps}
        there = {"world": body_world, "scene": scene, "include_camera": include_camera, "leg_length_m": leg_length_m}
        export, bodies = BodyExport(**names, **there), bodies_from_payload(pose_data)
        rig = rig_from_model(sam3d_body_model)
        base = host_folders.next_outputs(filename_prefix)[0]
        with host.progress_bar(bodies.persons) as on_progress:
            saved = export_bodies(bodies, base, export, pointmap=pointmap, rig=rig, on_progress=on_progress)
        paths = write_files(saved.writers)
        relative = [host_folders.in_output_folder(path) for path in paths]
        shown = {"3d": [host_folders.as_shown(path) for path in paths if body_format == "glb"], "text": (saved.report,)}
        return io.NodeOutput(relative, [str(p) for p in paths], _files_3d(paths, body_format), saved.report, ui=shown)
