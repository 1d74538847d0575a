from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.depth import depth_maps, depth_range
from .. import host_chunks
from ..fields import field, result
from ..sockets import CATEGORY, image_from_scalar, mask_from_bool, schema


class DepthFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DepthFromPointmap",
            display_name="Depth From Pointmap",
            category=f"{CATEGORY}/maps",
            description="A depth picture for a ControlNet or to look at, and the true distance to compute with.",
            search_aliases=[
                "depth",
                "depth map",
                "controlnet",
                "controlnet depth",
                "controlnet preprocessor",
                "disparity",
                "z depth",
                "zdepth",
                "true depth",
                "moge",
            ],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field(
                    "curve",
                    "What is linear in the picture. disparity (1 / distance): what ControlNets are trained on; linear: "
                    "distance itself; log: even steps of ratio, for deep scenes.",
                ),
                field(
                    "range",
                    "Which distances become white and black. whole clip: one range for all frames, no flicker; per frame: "
                    "each frame its own; per shot: one from cut to cut; adaptive: follows the frames slowly and starts again "
                    "at a cut, for long takes; fixed: near and far below.",
                ),
                field(
                    "near",
                    "Distance that becomes white when range is fixed, in the pointmap's unit (0 or more). Wire another node's "
                    "near here to share its range.",
                ),
                field(
                    "far",
                    "Distance that becomes black when range is fixed, in the pointmap's unit; must be greater than near.",
                ),
                field("invert", "Off: near is white, as ControlNets want. On: near is black."),
                field(
                    "clip_percent",
                    "Share of pixels, in percent, cut off at each end of the range (0 to 20), so that a few stray points do "
                    "not flatten the picture. 0 uses the very nearest and farthest pixel.",
                    is_advanced=True,
                ),
                field(
                    "invalid",
                    "What pixels without geometry (sky, masked out) become in the picture. far: as if farthest, black or, when "
                    "inverted, white. ControlNets want black.",
                    is_advanced=True,
                ),
            ],
            outputs=[
                result("depth", "The picture, 0 to 1, near white unless inverted, at the photo's size."),
                result(
                    "distance",
                    "Distance along the view axis, untouched: meters for metric models; 0 where there is no geometry. Not for "
                    "looking at; save it as float (EXR).",
                ),
                result("near", "Near end of the range in use (over all frames)."),
                result("far", "Far end of the range in use (over all frames)."),
                result("mask", "1 where there is geometry, 0 where the picture has the color of invalid."),
            ],
        )

    @classmethod
    def execute(cls, pointmap, curve, range, near, far, invert, clip_percent, invalid) -> io.NodeOutput:
        shown = depth_range(pointmap, range, near, far, clip_percent)

        def maps(frames, part):
            return depth_maps(frames, shown[part], curve, invert, invalid)

        picture, distance, mask = host_chunks.by_chunk(pointmap, maps)
        return io.NodeOutput(
            image_from_scalar(picture), image_from_scalar(distance), *shown.limits, mask_from_bool(mask)
        )
