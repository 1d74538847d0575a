from __future__ import annotations

from dataclasses import replace

import torch
from comfy_api.latest import io

from ...sam3d_geometry.geometry.axes import encode_normals
from ...sam3d_geometry.geometry.normals import surface_normals
from ...sam3d_geometry.geometry.pointmap import Pointmap
from ...sam3d_geometry.maps.normal_detail import exaggerate_detail, normals_at_photo
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, mask_from_bool, schema


class AdjustNormalDetail(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_AdjustNormalDetail",
            display_name="Adjust Normal Detail",
            category=f"{CATEGORY}/pointmap",
            description="Makes fine relief stronger or weaker: as a pointmap whose surface has these bumps, and as a normal map.",
            search_aliases=["normal detail", "boost", "bump", "relief", "exaggerate", "sharpen", "integrate normals"],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field(
                    "amount",
                    "How strong relief becomes (0 to 8): 1 leaves it as it is, 2 doubles it, 0 smooths it away.",
                ),
                field(
                    "radius_pixels",
                    "What counts as relief: anything finer than this many pixels of the pointmap (0 to 64; 0 changes nothing). "
                    "Depth edges and sharp creases stay as they are.",
                ),
                field(
                    "convention",
                    "What the colors of the normal map mean: opengl (Blender, Unity), directx (Unreal) or controlnet (normalbae).",
                ),
            ],
            outputs=[
                result(
                    "pointmap",
                    "The same points moved along their rays so that the surface has the new normals, which it carries too; for "
                    "meshes, relighting and occlusion.",
                ),
                result("normals", "The normal map; flat blue where there is no geometry."),
                result("mask", "1 where there is geometry, 0 for sky and what is masked out."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, amount, radius_pixels, convention) -> io.NodeOutput:
        def relief(frames: Pointmap, _part: slice) -> tuple[torch.Tensor, ...]:
            # of a radius of 0 there is nothing finer, so nothing changes
            raised = exaggerate_detail(frames, amount if radius_pixels else 1.0, max(radius_pixels, 1))
            normals, mask = normals_at_photo(raised)
            return encode_normals(normals, convention, mask), mask, raised.points, surface_normals(raised)

        colours, mask, points, normals = host_chunks.by_chunk(pointmap, relief)
        raised = replace(pointmap, points=points.to(pointmap.device), normals=normals.to(pointmap.device))
        return io.NodeOutput(raised, colours, mask_from_bool(mask))
