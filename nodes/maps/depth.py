from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.depth import CURVES, INVALID_FILL, RANGE_MODES, depth_picture, depth_range, true_depth
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, image_from_scalar, mask_from_bool, schema


class DepthFromPointmap(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DepthFromPointmap",
            display_name="Depth From Pointmap",
            category=CATEGORY,
            description="A depth picture for a ControlNet or to look at, and the true depth to compute with.",
            search_aliases=["depth", "depth map", "controlnet depth", "disparity", "z depth", "zdepth", "moge"],
            inputs=[
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Combo.Input(
                    "curve",
                    options=list(CURVES),
                    default="disparity",
                    tooltip="What is linear in the picture. disparity (1 / distance): what ControlNets are trained on; "
                    "linear: distance itself; log: even steps of ratio, for deep scenes.",
                ),
                io.Combo.Input(
                    "range",
                    options=list(RANGE_MODES),
                    default=RANGE_MODES[0],
                    tooltip="Which distances become white and black. whole batch: one range for all frames, no flicker; per "
                    "frame: each frame its own; fixed: near and far below; per shot: one from cut to cut; adaptive: follows the "
                    "frames slowly, starts anew at a cut.",
                ),
                io.Float.Input(
                    "near",
                    default=0.5,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="Distance that becomes white when range is fixed: metres for metric models, otherwise the model's "
                    "unit. Wire another node's near here to share its range.",
                ),
                io.Float.Input(
                    "far",
                    default=20.0,
                    min=0.0,
                    max=1e6,
                    step=0.01,
                    tooltip="Distance that becomes black when range is fixed; must be greater than near.",
                ),
                io.Boolean.Input(
                    "invert",
                    default=False,
                    tooltip="Off: near is white, as ControlNets want. On: near is black.",
                ),
                advanced(
                    io.Float.Input(
                        "clip_percent",
                        default=0.5,
                        min=0.0,
                        max=20.0,
                        step=0.1,
                        tooltip="Share of pixels, in percent, cut off at each end of the range (0 to 20), so that a few stray "
                        "points do not flatten the picture. 0 uses the very nearest and farthest pixel.",
                    )
                ),
                advanced(
                    io.Combo.Input(
                        "invalid",
                        options=list(INVALID_FILL),
                        default="black",
                        tooltip="What pixels without geometry (sky, outside the mask) become in the picture. ControlNets want "
                        "black.",
                    )
                ),
            ],
            outputs=[
                io.Image.Output(display_name="depth", tooltip="The picture, 0 to 1, near white unless inverted."),
                io.Image.Output(
                    display_name="true_depth",
                    tooltip="Distance along the view axis, untouched: metres for metric models; 0 where there is no geometry. "
                    "Not for looking at; save it as float (EXR).",
                ),
                io.Float.Output(display_name="near", tooltip="Near end of the range in use (over all frames)."),
                io.Float.Output(display_name="far", tooltip="Far end of the range in use (over all frames)."),
                io.Mask.Output(
                    display_name="mask", tooltip="1 where there is geometry, 0 for sky and outside the mask."
                ),
            ],
        )

    @classmethod
    def execute(cls, pointmap, curve, range, near, far, invert, clip_percent, invalid) -> io.NodeOutput:
        shown = depth_range(pointmap, range, near, far, clip_percent)

        def pictures(frames, part):
            picture, _ = depth_picture(frames, shown[part], curve, invert, invalid)
            return picture, *true_depth(frames)

        picture, distance, mask = host.by_chunk(pointmap, pictures)
        return io.NodeOutput(
            image_from_scalar(picture), image_from_scalar(distance), *shown.limits, mask_from_bool(mask)
        )
