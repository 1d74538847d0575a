from __future__ import annotations

from functools import partial

from comfy_api.latest import io

from ...sam3d_geometry.files.rerun_recording import recording_facts, write_recording
from .. import host, host_folders
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, schema


class SaveRerunRecording(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_SaveRerunRecording",
            display_name="Save Rerun Recording",
            category=f"{CATEGORY}/Files",
            description="An .rrd file to step through in the rerun viewer: photo, depth, mask, coloured points, mesh and camera of "
            "every frame on a timeline.",
            search_aliases=["rerun", "rrd", "viewer", "point cloud viewer", "timeline", "inspect"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="The frames to record, at the size that they are held at."),
                io.Float.Input(
                    "frame_rate",
                    default=24.0,
                    min=0.1,
                    max=1000.0,
                    step=0.1,
                    tooltip="Frames per second (0.1 to 1000) of the timeline.",
                ),
                io.Boolean.Input(
                    "mesh",
                    default=True,
                    tooltip="Also a surface between the points, cut at depth edges. Off halves the file.",
                ),
                io.String.Input(
                    "filename_prefix",
                    default="rerun/sam3d_geometry",
                    tooltip="Folder and beginning of the file's name in ComfyUI's output folder; the next free number is added.",
                ),
                advanced(
                    io.Int.Input(
                        "max_points",
                        default=200000,
                        min=100,
                        max=10000000,
                        step=100,
                        tooltip="Points per frame (100 to 10000000): rows and columns are left out evenly until there are no more. "
                        "About 7 MB a frame at 150000 points with mesh; lower it for long clips.",
                    )
                ),
            ],
            outputs=[
                io.String.Output(display_name="path", tooltip="The file; open it with: rerun <path>."),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, pointmap, frame_rate, mesh, filename_prefix, max_points) -> io.NodeOutput:
        base = host_folders.next_outputs(filename_prefix)[0]
        with host.progress_bar(len(pointmap)) as on_progress:
            write = partial(
                write_recording,
                pointmap,
                frame_rate=frame_rate,
                max_points=max_points,
                mesh=mesh,
                on_progress=on_progress,
            )
            host_folders.output_folder().write(base, recording_facts(pointmap, frame_rate), {".rrd": write})
        return io.NodeOutput(str(base) + ".rrd")
