from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.estimate.inference import REFINEMENTS
from ...sam3d_geometry.estimate.panorama_inference import VIEW_DIRECTIONS, infer_panorama
from .. import host
from ..core.interop import handle_of
from ..fields import field, result
from ..sockets import CATEGORY, schema


class PanoramaInference(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PanoramaInference",
            display_name="Panorama Inference",
            category=f"{CATEGORY}/panorama",
            description="A distance for every direction of an equirectangular photo, from views of all directions joined without seams.",
            search_aliases=["panorama", "360", "equirectangular", "hdri", "vr", "depth", "moge panorama"],
            inputs=[
                field(
                    "model",
                    "The model from Load SAM3D Geometry, or from ComfyUI's own Load MoGe Model where it has one.",
                ),
                field("image", "One equirectangular photo of all directions, twice as wide as high."),
                field(
                    "resolution",
                    "Edge in pixels of each of the twelve views that go through the network (64 to 1024). The panorama becomes three "
                    "times as wide, never more than the photo.",
                ),
                field(
                    "batch_size",
                    "Views that go through the network at once (1 to 64). Lower it for less GPU memory; the result is the same.",
                ),
                field(
                    "validity",
                    "Which pixels have geometry. mask: what the network does not take for sky. all finite: all that it gave a point.",
                    is_advanced=True,
                ),
                field(
                    "refine_edges",
                    "Brings depth edges of the views onto the photo's edges. auto: for the built-in network, whose edges are soft; on: "
                    "for every model; off: as the network gives them.",
                    options=REFINEMENTS,
                    is_advanced=True,
                ),
            ],
            outputs=[
                result(
                    "panorama",
                    "Distances, normals and the photo, for Panorama Maps, Panorama View and Panorama To Mesh.",
                )
            ],
        )

    @classmethod
    def execute(cls, model, image, resolution, batch_size, **choices) -> io.NodeOutput:
        model = handle_of(model)
        network = model.load().ready((resolution, resolution), resolution, batch_size)
        with host.progress_bar(len(VIEW_DIRECTIONS)) as on_progress:
            panorama = infer_panorama(
                network,
                image,
                resolution=resolution,
                **choices,
                frames_per_batch=batch_size,
                on_progress=on_progress,
            )
        model.release()
        return io.NodeOutput(panorama)
