from __future__ import annotations

import uuid

from comfy_api.latest import io

from ...sam3d_geometry.files.inspection import encode_inspection
from ...sam3d_geometry.maps.colormap import COLORMAPS
from .. import host, host_folders
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, schema


class PointmapInspector(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapInspector",
            display_name="Pointmap Inspector",
            category=CATEGORY,
            description="Shows photo, depth or normals and reads them off: depth, point and normal below the pointer, and the "
            "distance between two points.",
            search_aliases=["measure", "distance", "depth viewer", "probe", "ruler", "inspect", "preview", "point"],
            is_output_node=True,
            inputs=[
                PointmapType.Input(
                    "pointmap",
                    tooltip="From Pointmap Inference. One frame or a clip, through which a slider in the node goes.",
                ),
                advanced(
                    io.Combo.Input(
                        "colormap",
                        options=list(COLORMAPS),
                        default="turbo",
                        tooltip="Colours of the depth. turbo and spectral show small differences; the others are even to the "
                        "eye. Takes effect with the next run.",
                    )
                ),
            ],
            outputs=[PointmapType.Output(display_name="pointmap", tooltip="The pointmap as it came.")],
        )

    @classmethod
    def execute(cls, pointmap, colormap) -> io.NodeOutput:
        with host.progress_bar(len(pointmap)) as on_progress:
            content = encode_inspection(pointmap, colormap, on_progress=on_progress)
        path = host_folders.temporary_path(f"sam3d_geometry_inspection_{uuid.uuid4().hex}.bin")
        path.write_bytes(content)
        shown = {"filename": path.name, "subfolder": "", "type": "temp"}
        return io.NodeOutput(pointmap, ui={"sam3d_inspection": [shown]})
