from __future__ import annotations

from dataclasses import replace

from comfy_api.latest import io

from ...sam3d_geometry.geometry.axes import NORMAL_MAP_SIGNS, encode_normals
from ...sam3d_geometry.maps.normal_detail import exaggerate_detail, normals_at_photo
from .. import host
from ..sockets import CATEGORY, PointmapType, mask_from_bool, schema


class NormalDetail(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_NormalDetail",
            display_name="Normal Detail",
            category=f"{CATEGORY}/Effects",
            description="Makes fine relief stronger or weaker: as a normal map, and as a pointmap whose surface has these bumps.",
            search_aliases=[
                "normal",
                "detail",
                "boost",
                "bump",
                "relief",
                "exaggerate",
                "sharpen",
                "integrate normals",
            ],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Float.Input(
                    "amount",
                    default=2.0,
                    min=0.0,
                    max=8.0,
                    step=0.1,
                    tooltip="How strong relief becomes (0 to 8): 1 leaves it as it is, 2 doubles it, 0 smooths it away.",
                ),
                io.Int.Input(
                    "radius",
                    default=8,
                    min=1,
                    max=64,
                    tooltip="What counts as relief: anything finer than this many pixels of the pointmap (1 to 64). Depth edges and "
                    "sharp creases stay as they are.",
                ),
                io.Combo.Input(
                    "convention",
                    options=list(NORMAL_MAP_SIGNS),
                    default="opengl",
                    tooltip="What the colours of the normal map mean: opengl (Blender, Unity), directx (Unreal) or controlnet "
                    "(normalbae).",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="normals", tooltip="The normal map; flat blue where there is no geometry."
                ),
                PointmapType.Output(
                    display_name="pointmap",
                    tooltip="The same points moved along their rays so that the surface has the new normals, which it carries too; "
                    "for meshes, relighting and occlusion.",
                ),
                io.Mask.Output(
                    display_name="mask", tooltip="1 where there is geometry, 0 for sky and outside the mask."
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, amount, radius, convention) -> io.NodeOutput:
        def relief(frames, part):
            raised = exaggerate_detail(frames, amount, radius)
            normals, mask = normals_at_photo(raised)
            return encode_normals(normals, convention, mask), mask, raised.points, raised.normals

        colours, mask, points, normals = host.by_chunk(pointmap, relief)
        device = pointmap.device
        raised = replace(pointmap, points=points.to(device), normals=normals.to(device))
        return io.NodeOutput(colours, raised, mask_from_bool(mask))
