from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.camera.camera_move import camera_move
from ...sam3d_geometry.effects.camera.camera_path import EASES, PRESETS, chosen_path
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, schema


class CameraMove(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_CameraMove",
            display_name="Camera Move",
            category=f"{CATEGORY}/Effects",
            description="The photo or clip seen by a moving camera (parallax, 3D photo), with what it uncovers as a mask.",
            search_aliases=[
                "parallax",
                "3d photo",
                "depthflow",
                "ken burns",
                "dolly zoom",
                "novel view",
                "camera path",
            ],
            inputs=[
                PointmapType.Input(
                    "pointmap",
                    tooltip="From Pointmap Inference: of one photo, or of a clip, which gives a frame for each frame.",
                ),
                io.Combo.Input(
                    "preset",
                    options=list(PRESETS),
                    default="orbit",
                    tooltip="How the camera goes. slide, rise: from side to side, from below; dolly: forward; orbit: swings round the "
                    "middle; circle: a closed ring; dolly zoom: forward while the middle keeps its size; zoom: focal length only; "
                    "pan: turns; ken burns: forward and a little aside.",
                ),
                io.Int.Input(
                    "frames",
                    default=48,
                    min=1,
                    max=4096,
                    tooltip="Pictures to make of one photo (1 to 4096). Of a clip each frame gives one, whatever stands here.",
                ),
                io.Float.Input(
                    "amplitude",
                    default=0.1,
                    min=-4.0,
                    max=4.0,
                    step=0.01,
                    tooltip="How far the camera goes, as a share of the scene's median depth (-4 to 4); negative goes the other way. "
                    "0.05 is slight, 0.3 uncovers much.",
                ),
                io.Combo.Input(
                    "ease",
                    options=list(EASES),
                    default="smooth",
                    tooltip="How it sets off and stops. there and back: ends where it began, for loops; circle goes evenly always.",
                ),
                io.Boolean.Input(
                    "fill_holes",
                    default=True,
                    tooltip="On: what comes into sight is painted with the surface behind. Off: it stays black, for an inpainting "
                    "model that takes the mask.",
                ),
                advanced(
                    io.Int.Input(
                        "edge_margin",
                        default=4,
                        min=0,
                        max=64,
                        tooltip="Pixels behind depth edges that are painted over beside a hole (0 to 64), because their colours are "
                        "mixed. Raise it where an outline of the foreground stays behind.",
                    )
                ),
                advanced(
                    io.Boolean.Input(
                        "sharpen_edges",
                        default=True,
                        tooltip="Makes steps of blurred depth edges, so that nothing is stretched. Off for exact depth.",
                    )
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo or clip at full size; without it the pointmap's own, smaller picture is used.",
                ),
                io.String.Input(
                    "camera_path",
                    optional=True,
                    multiline=True,
                    default="",
                    tooltip="A path of your own in place of the preset: a JSON list of 4 x 4 world_from_camera matrices, or of objects "
                    'such as {"position": [0.1, 0, 0], "yaw_degrees": 5, "zoom": 1.2}; the unit is the pointmap\'s. Empty: the preset.',
                ),
            ],
            outputs=[
                io.Image.Output(display_name="images", tooltip="One picture for each pose, at the size of the image."),
                io.Mask.Output(
                    display_name="holes", tooltip="1 where the photo shows nothing: the mask for an inpainting graph."
                ),
                io.String.Output(
                    display_name="path", tooltip="The poses and zooms as JSON, which camera_path takes again."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        preset,
        frames,
        amplitude,
        ease,
        fill_holes,
        edge_margin,
        sharpen_edges,
        image=None,
        camera_path=None,
    ) -> io.NodeOutput:
        path = chosen_path(pointmap, preset, frames, amplitude, ease, camera_path)
        views = camera_move(pointmap, path, image, fill_holes, edge_margin, sharpen_edges, host.compute_device())
        images, holes = host.collected(views, len(path))
        return io.NodeOutput(images, holes, path.to_json())
