from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.camera.camera_move import ViewSettings, camera_move
from ...sam3d_geometry.effects.camera.camera_path import chosen_path
from ...sam3d_geometry.effects.quality import at_quality, pixels_at
from .. import host, host_chunks
from ..fields import field, result
from ..inspections import live_scene
from ..shared_inputs import edge_margin_input, fill_holes_input, photo_input, render_quality_input, sharpen_edges_input
from ..sockets import CATEGORY, schema


class CameraMove(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_CameraMove",
            display_name="Camera Move",
            category=f"{CATEGORY}/effects",
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
            has_intermediate_output=True,  # the page gets what the live control shows also when nothing runs anew
            inputs=[
                field(
                    "pointmap",
                    "From Pointmap Inference: of one photo, or of a clip, which gives one picture per frame.",
                ),
                field(
                    "preset",
                    "How the camera goes. slide, rise: from side to side, from below; dolly: forward; orbit: swings round the "
                    "middle; circle: a closed ring; dolly zoom: forward while the middle keeps its size; zoom: focal length only; "
                    "pan: turns; ken burns: forward and a little aside.",
                ),
                field(
                    "frames",
                    "Pictures to make of one photo (1 to 4096). A clip gives one picture per frame, whatever this says.",
                ),
                field(
                    "amplitude",
                    "How far the camera goes, as a share of the scene's median depth (-4 to 4); negative goes the other way. "
                    "0.05 is slight, 0.3 uncovers much.",
                ),
                field(
                    "ease",
                    "How the camera starts and stops. there and back: ends where it began, for loops. circle always moves evenly.",
                ),
                fill_holes_input(),
                edge_margin_input(),
                sharpen_edges_input(),
                photo_input(),
                field(
                    "camera_path",
                    "A path of your own in place of preset and amplitude, spread over the frames: a JSON list of 4 x 4 "
                    'world_from_camera matrices, or of objects such as {"position": [0.1, 0, 0], "yaw_degrees": 5, "zoom": 1.2}; '
                    "lengths are in the pointmap's unit. Empty: the preset.",
                    optional=True,
                    multiline=True,
                ),
                render_quality_input(),
            ],
            outputs=[
                result("image", "One picture for each pose, at the size of the image."),
                result("holes", "1 where the photo shows nothing: the mask for an inpainting graph."),
                result("camera_path", "The poses and zooms as JSON, which the input camera_path takes."),
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
        render_quality="final",
    ) -> io.NodeOutput:
        path = chosen_path(pointmap, preset, frames, amplitude, ease, camera_path)
        scene, photo = at_quality(render_quality, pointmap, image)
        views = camera_move(
            scene,
            path,
            photo,
            ViewSettings(fill=fill_holes, margin=pixels_at(render_quality, edge_margin), sharpen=sharpen_edges),
            device=host.compute_device(),
        )
        pictures, holes = host_chunks.collected(views, len(path))
        return io.NodeOutput(pictures, holes, path.to_json(), ui=live_scene(pointmap))
