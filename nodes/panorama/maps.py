from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.geometry.axes import encode_normals
from ...sam3d_geometry.maps.panorama_maps import panorama_depth_picture, panorama_range, resize_panorama
from ..fields import field, result
from ..sockets import CATEGORY, image_from_scalar, mask_from_bool, schema


class PanoramaMaps(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PanoramaMaps",
            display_name="Panorama Maps",
            category=f"{CATEGORY}/panorama",
            description="Depth picture, true distance and normal map of a panorama, at its photo's size and without a seam.",
            search_aliases=["panorama depth", "360 depth", "equirectangular depth", "panorama normals"],
            inputs=[
                field("panorama", "From Panorama Inference."),
                field(
                    "curve",
                    "What is linear in the picture. disparity (1 / distance): what ControlNets are trained on; linear: distance itself; "
                    "log: even steps of ratio.",
                ),
                field("invert", "Off: near is white, as ControlNets want. On: near is black."),
                field(
                    "clip_percent",
                    "Share of pixels, in percent, cut off at each end of the range (0 to 20), so that a few stray points do not flatten "
                    "the picture.",
                    is_advanced=True,
                ),
                field(
                    "invalid",
                    "What pixels without geometry (sky) become in the picture. far: as if farthest, black or, when inverted, white.",
                    is_advanced=True,
                ),
                field(
                    "convention",
                    "What the colors of the normal map mean, in the axes of the camera that looks at the panorama's middle: opengl (green "
                    "up), directx (green down), controlnet (red left).",
                ),
            ],
            outputs=[
                result("depth", "The picture, 0 to 1, near white unless inverted, at the photo's size."),
                result(
                    "distance",
                    "Distance from the camera along each pixel's own ray, untouched: meters for metric models; 0 where there is none.",
                ),
                result("normals", "Normal map, one camera's axes for all directions."),
                result("mask", "1 where there is geometry, 0 where there is none."),
            ],
        )

    @classmethod
    def execute(cls, panorama, curve, invert, clip_percent, invalid, convention) -> io.NodeOutput:
        shown = panorama_range(panorama, clip_percent)
        whole = resize_panorama(panorama, panorama.source_size)
        picture = panorama_depth_picture(whole, shown, curve, invert, invalid)
        return io.NodeOutput(
            image_from_scalar(picture),
            image_from_scalar(whole.distance[None]),
            encode_normals(whole.normals[None], convention, whole.mask[None]),
            mask_from_bool(whole.mask[None]),
        )
