from __future__ import annotations

from functools import partial

from comfy_api.latest import io

from ...sam3d_geometry.files.completion_recording import completion_facts, write_completion
from ...sam3d_geometry.files.rerun_recording import recording_facts, write_recording
from .. import host, host_folders
from ..fields import field, result
from ..sockets import CATEGORY, schema


class SaveRerunRecording(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SaveRerunRecording",
            display_name="Save Rerun Recording",
            category=f"{CATEGORY}/files",
            description="An .rrd file to step through in the rerun viewer: photo, depth, mask, colored points, mesh and camera of "
            "every frame on a timeline.",
            search_aliases=["rerun", "rrd", "viewer", "point cloud viewer", "timeline", "inspect"],
            is_output_node=True,
            inputs=[
                field("pointmap", "The frames to record, at the size that they are held at."),
                field(
                    "filename_prefix",
                    "Folder and beginning of the file's name in ComfyUI's output folder; the next free number is added.",
                    default="rerun/sam3d_geometry",
                ),
                field("fps", "Frames per second (0.1 to 1000) of the timeline."),
                field(
                    "include_mesh", "On: also a surface between the points, cut at depth edges. Off halves the file."
                ),
                field(
                    "max_points",
                    "Points per frame (100 to 10000000): rows and columns are left out evenly until there are no more. About 7 "
                    "MB a frame at 150000 points with mesh; lower it for long clips.",
                    is_advanced=True,
                ),
                field(
                    "completion",
                    "From Complete Object of this pointmap: records its passes as steps, photo, box, mask, depth and points "
                    "first, in place of the whole scene; fps, include_mesh and max_points are not used then.",
                    optional=True,
                ),
            ],
            outputs=[
                result("path", "The file, relative to the output folder."),
                result("absolute_path", "The same file as a whole path; open it with: rerun <path>."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, filename_prefix, fps, include_mesh, max_points, completion=None) -> io.NodeOutput:
        base = host_folders.next_outputs(filename_prefix)[0]
        with host.progress_bar(len(pointmap)) as on_progress:
            if completion is None:
                settings = {
                    "frame_rate": fps,
                    "max_points": max_points,
                    "mesh": include_mesh,
                    "on_progress": on_progress,
                }
                write, facts = partial(write_recording, pointmap, **settings), recording_facts(pointmap, fps)
            else:
                write, facts = partial(write_completion, completion, pointmap), completion_facts(completion)
            host_folders.output_folder().write(base, facts, {".rrd": write})
        return io.NodeOutput(*host_folders.both_paths(base.with_name(base.name + ".rrd")))
